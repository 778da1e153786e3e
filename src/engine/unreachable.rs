//! What to say when no engine answers: which address was tried, which setting named it, and what to do, in the words
//! of the user's system.

use std::io;

use super::address::{Address, Endpoint};
use super::transport::NoAnswer;
use crate::error::{Error, ErrorKind};

/// The error for a request that did not get through. `system` is [`std::env::consts::OS`].
pub(super) fn unreachable(address: &Address, error: &io::Error, system: &str) -> Error {
    let origin = &address.origin;
    let message = match NoAnswer::of(error) {
        None => format!("cannot connect to the docker engine at `{address}` ({origin}): {error}"),
        Some(NoAnswer { is_nonsense: true, .. }) => {
            format!("`{address}` ({origin}) answers as no docker engine does: {error}")
        }
        Some(_) => format!("the docker engine at `{address}` ({origin}) gives no answer: {error}"),
    };
    // docker takes the exit code of this, too, from its text.
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => ErrorKind::CommandNotExecutable,
        _ => ErrorKind::Engine,
    };
    let error = hints(address, error, system).into_iter().fold(Error::new(kind, message), Error::hint);
    if address.origin.starts_with("context") {
        return error
            .hint("is it the right context? `docker context ls` lists them, `--context` chooses one");
    }
    error
}

fn hints(address: &Address, error: &io::Error, system: &str) -> Vec<&'static str> {
    let text = error.to_string().to_lowercase();
    match &address.endpoint {
        Endpoint::Ssh(_) => vec![ssh(&text)],
        Endpoint::Tcp { .. } => vec![tcp(address, error, &text)],
        Endpoint::Unix(_) | Endpoint::NamedPipe(_) => match error.kind() {
            io::ErrorKind::PermissionDenied => vec![permission(system)],
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                vec![
                    start(system),
                    "is it elsewhere? DOCKER_HOST or `--host` names the address, `--context` a context",
                ]
            }
            _ => NoAnswer::of(error).map(no_answer).into_iter().collect(),
        },
    }
}

fn no_answer(error: &NoAnswer) -> &'static str {
    if error.is_nonsense {
        "is it the engine's address, and no other server's?"
    } else {
        "the engine may have stopped or restarted: `docker version` shows whether it answers"
    }
}

fn start(system: &str) -> &'static str {
    match system {
        "macos" => "is the engine running? start Docker Desktop (`open -a Docker`), or `colima start`",
        "windows" => "is the engine running? start Docker Desktop",
        _ => "is the engine running? start it: `sudo systemctl start docker`",
    }
}

fn permission(system: &str) -> &'static str {
    match system {
        "macos" => "this user may not use the socket: it belongs to another user's Docker Desktop",
        "windows" => "this user may not use the pipe: join the `docker-users` group and sign in again",
        _ => "this user may not use the socket: join the `docker` group and log in again, or use sudo",
    }
}

fn tcp(address: &Address, error: &io::Error, text: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["unknownissuer", "unknown issuer", "badsignature"]) {
        "the engine's certificate is not signed by the CA in ca.pem: is DOCKER_CERT_PATH the folder for this engine?"
    } else if has(&["notvalidforname", "not valid for name"]) {
        "the engine's certificate is for another name: connect to the name that it bears"
    } else if has(&["expired", "notvalidyet"]) {
        "a certificate is not valid now: renew it, or set the clock right"
    } else if has(&["certificaterequired", "certificate required", "badcertificate", "unknownca"]) {
        "the engine does not take our certificate: cert.pem and key.pem must be signed by the engine's CA"
    } else if has(&["corrupt message", "invalidcontenttype", "invalidmessage"]) && address.tls.is_some() {
        "the engine does not speak TLS there: unset DOCKER_TLS_VERIFY and DOCKER_TLS, or use its TLS port, mostly 2376"
    } else if address.tls.is_none() && has(&["invalid http", "connection closed", "tls"]) {
        "does the engine speak TLS there? then set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH"
    } else if error.kind() == io::ErrorKind::ConnectionRefused {
        "nothing listens there: is the port right, and does the engine listen on tcp (`dockerd -H tcp://…`)?"
    } else {
        NoAnswer::of(error).map_or("is the name right, and is the machine reachable from here?", no_answer)
    }
}

fn ssh(text: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["host key verification failed"]) {
        "connect once with `ssh` itself, and look whether the host's key is the right one"
    } else if has(&["permission denied"]) {
        "ssh gets no password from docker or credrun: log in with a key or an agent (`ssh-add`), or as another user"
    } else if has(&["docker: command not found", "docker: not found", "dial-stdio"]) {
        "the other side needs the `docker` command, 18.09 or newer, in the PATH of a shell without login"
    } else if has(&["could not resolve", "name or service not known"]) {
        "is the host's name right? names of your ~/.ssh/config can be used"
    } else if has(&["cannot be started"]) {
        "install the OpenSSH client"
    } else {
        "try `ssh` with the same host and `docker system dial-stdio`: that is what has to work"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker_config::DockerConfig;
    use crate::engine::options::EngineOptions;
    use crate::engine::tls::Tls;

    fn address(text: &str) -> Address {
        let environment = [("DOCKER_HOST", text)].into_iter().collect();
        Address::resolve(&EngineOptions::default(), &DockerConfig::default(), &environment).expect(text)
    }

    #[test]
    fn each_cause_has_a_way_on() {
        let tls = |text| Address { tls: Some(Tls::for_tests(true)), ..address(text) };
        let other = |text: &str| io::Error::other(text.to_owned());
        for (address, error, system, hint) in [
            (address("unix:///x"), io::ErrorKind::NotFound.into(), "linux", "systemctl start docker"),
            (address("unix:///x"), io::ErrorKind::ConnectionRefused.into(), "macos", "open -a Docker"),
            (address("unix:///x"), io::ErrorKind::NotFound.into(), "windows", "start Docker Desktop"),
            (address("unix:///x"), io::ErrorKind::PermissionDenied.into(), "linux", "`docker` group"),
            (address("unix:///x"), io::ErrorKind::PermissionDenied.into(), "windows", "docker-users"),
            (address("tcp://h:1"), io::ErrorKind::ConnectionRefused.into(), "linux", "nothing listens there"),
            (tls("tcp://h:1"), other("invalid peer certificate: UnknownIssuer"), "linux", "DOCKER_CERT_PATH"),
            (tls("tcp://h:1"), other("invalid peer certificate: NotValidForName"), "linux", "another name"),
            (
                tls("tcp://h:1"),
                other("received corrupt message of type InvalidContentType"),
                "linux",
                "does not speak TLS",
            ),
            (
                tls("tcp://h:1"),
                other("received fatal alert: CertificateRequired"),
                "linux",
                "cert.pem and key.pem",
            ),
            (address("ssh://h"), other("ssh: Permission denied (publickey)."), "linux", "ssh-add"),
            (address("ssh://h"), other("Host key verification failed."), "linux", "`ssh` itself"),
            (address("ssh://h"), other("bash: docker: command not found"), "linux", "18.09"),
        ] {
            let error = unreachable(&address, &error, system);
            assert!(error.hints().iter().any(|known| known.contains(hint)), "{error}: {:?}", error.hints());
            assert!(error.to_string().contains(&format!("`{address}` (DOCKER_HOST)")), "{error}");
        }
    }

    #[test]
    fn a_context_is_named() {
        let address = Address { origin: "context `prod`, DOCKER_CONTEXT".into(), ..address("tcp://h:1") };
        let error = unreachable(&address, &io::ErrorKind::ConnectionRefused.into(), "linux");
        assert!(error.to_string().contains("(context `prod`, DOCKER_CONTEXT)"), "{error}");
        assert!(error.hints().iter().any(|hint| hint.contains("docker context ls")));
    }
}
