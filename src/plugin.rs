//! `docker credrun …`: this program as a plugin of the docker CLI, linked as `cli-plugins/docker-credrun`.
//!
//! Source: docker/cli 28.2.2, `cli-plugins/metadata/metadata.go`, `cli-plugins/socket/socket.go`,
//! `cmd/docker/docker.go` (`tryPluginRun`).

use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde_json::{Map, Value};

use crate::cli;

/// The file name that docker looks for.
const FILE_NAME: &str = "docker-credrun";
/// The word that docker has its users say.
const NAME: &str = "credrun";
/// What docker asks every plugin first.
const METADATA: &str = "docker-cli-plugin-metadata";

/// What docker wants done by its plugin.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// Print [`metadata`].
    Metadata,
    /// Carry this out, as if it had been given to credrun itself.
    CommandLine(Vec<OsString>),
}

/// What `argv` (without the program's name) means for a program called `program`. Only the name under which docker
/// starts its plugins makes one of it: else an image might be called `credrun`.
#[must_use]
pub fn asked(program: Option<&OsStr>, argv: Vec<OsString>) -> Asked {
    if !is_plugin(program) {
        return Asked::CommandLine(argv);
    }
    if argv.len() == 1 && argv[0] == METADATA {
        return Asked::Metadata;
    }
    Asked::CommandLine(own_words(argv))
}

/// Whether a program of this name was started as docker's plugin.
#[must_use]
pub fn is_plugin(program: Option<&OsStr>) -> bool {
    let stem = program.map(Path::new).and_then(Path::file_name).and_then(OsStr::to_str);
    stem.is_some_and(|name| name.strip_suffix(".exe").unwrap_or(name) == FILE_NAME)
}

/// Docker hands its own command line on whole: `[OPTIONS] credrun ARG…`, or `help credrun`. Its options stay in
/// front of a subcommand: some of them have the letters of ours (`-c`).
fn own_words(mut argv: Vec<OsString>) -> Vec<OsString> {
    let Some(place) = argv.iter().position(|word| word == NAME) else { return argv };
    let place = cli::first_positional(&argv).filter(|&at| argv[at] == NAME).unwrap_or(place);
    let follows = argv.get(place + 1).and_then(|word| word.to_str());
    if place == 0 || follows.is_some_and(cli::is_subcommand) || !argv[0].as_encoded_bytes().starts_with(b"-")
    {
        argv.remove(place);
    } else {
        argv[place] = "run".into();
    }
    argv
}

/// What docker lists its plugin with.
#[must_use]
pub fn metadata() -> String {
    let fields = [
        ("SchemaVersion", "0.1.0"),
        ("Vendor", "credrun"),
        ("Version", env!("CARGO_PKG_VERSION")),
        ("ShortDescription", "Run an image with temporary AWS credentials inside"),
        ("URL", env!("CARGO_PKG_HOMEPAGE")),
    ];
    let given = fields.into_iter().filter(|(_, text)| !text.is_empty());
    let json: Map<String, Value> = given.map(|(name, text)| (name.to_owned(), text.into())).collect();
    Value::Object(json).to_string()
}

/// Ends the run when docker says so: it closes the socket that it names when it is asked to end and its stdout is
/// no terminal. Needs signals to be taken over already: the end comes as a TERM to ourselves.
#[cfg(unix)]
pub(crate) fn follow_docker(environment: &crate::environment::Environment) {
    use tokio::signal::unix::{SignalKind, signal};

    /// In the foreground of a terminal the signal that docker got comes to us, too: it must not count twice.
    const SAME: std::time::Duration = std::time::Duration::from_millis(500);

    let program = std::env::args_os().next();
    let address = environment.non_empty("DOCKER_CLI_PLUGIN_SOCKET").filter(|_| is_plugin(program.as_deref()));
    let Some(address) = address.map(str::to_owned) else { return };
    let (Ok(mut int), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::spawn(async move {
        // One that cannot be reached is closed already.
        if let Ok(socket) = connect(&address) {
            let ended = async { while !matches!(read_some(&socket).await, Ok(0) | Err(_)) {} };
            tokio::select! {
                () = ended => {}
                _ = int.recv() => return,
                _ = term.recv() => return,
            }
        }
        tokio::select! {
            () = tokio::time::sleep(SAME) => {}
            _ = int.recv() => return,
            _ = term.recv() => return,
        }
        tracing::debug!("docker asks its plugin to end");
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
    });
}

#[cfg(unix)]
async fn read_some(socket: &tokio::net::UnixStream) -> std::io::Result<usize> {
    socket.readable().await?;
    match socket.try_read(&mut [0; 64]) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(1),
        other => other,
    }
}

/// `@name` is one of Linux's abstract addresses; elsewhere docker names a file.
#[cfg(unix)]
fn connect(address: &str) -> std::io::Result<tokio::net::UnixStream> {
    use std::os::unix::net::UnixStream;
    #[cfg(target_os = "linux")]
    if let Some(name) = address.strip_prefix('@') {
        use std::os::linux::net::SocketAddrExt;
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        return non_blocking(UnixStream::connect_addr(&address)?);
    }
    non_blocking(UnixStream::connect(address)?)
}

#[cfg(unix)]
fn non_blocking(stream: std::os::unix::net::UnixStream) -> std::io::Result<tokio::net::UnixStream> {
    stream.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(stream)
}

/// Docker's plugins on Windows get Ctrl-C from the console, as docker does.
#[cfg(not(unix))]
pub(crate) fn follow_docker(_: &crate::environment::Environment) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(program: &str, line: &str) -> String {
        let argv = line.split_whitespace().map(OsString::from).collect();
        match asked(Some(OsStr::new(program)), argv) {
            Asked::Metadata => "(metadata)".into(),
            Asked::CommandLine(words) => {
                words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn docker_s_line_becomes_ours() {
        for (line, expected) in [
            ("docker-cli-plugin-metadata", "(metadata)"),
            ("credrun --rm bb", "--rm bb"),
            ("credrun credrun", "credrun"),
            ("credrun run bb", "run bb"),
            ("credrun --help", "--help"),
            ("help credrun", "help"),
            ("-c prod credrun -c 5 bb", "-c prod run -c 5 bb"),
            ("--context credrun credrun bb credrun", "--context credrun run bb credrun"),
            ("-H unix:///x credrun version", "-H unix:///x version"),
        ] {
            assert_eq!(words("/home/me/.docker/cli-plugins/docker-credrun", line), expected, "{line}");
        }
        for line in ["credrun bb", "docker-cli-plugin-metadata"] {
            assert_eq!(words("/usr/bin/credrun", line), line);
        }
        assert!(is_plugin(Some(OsStr::new("docker-credrun.exe"))) && !is_plugin(None));
    }

    #[test]
    fn docker_finds_in_the_metadata_what_it_requires() {
        let json: Value = serde_json::from_str(&metadata()).expect("JSON");
        assert_eq!(json["SchemaVersion"], "0.1.0");
        assert!(json["Vendor"].as_str().is_some_and(|vendor| !vendor.is_empty()));
    }
}
