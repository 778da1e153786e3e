//! From the command line to the request.

use serde_json::json;

use super::{
    AwsOptions, ClientOptions, Host, PullPolicy, RunRequest, api, cidfile, content_trust, health, networks,
    variables,
};
use crate::cli::flags::{self, Effect, Flag, Kind};
use crate::cli::values::{self, Parsed, boolean, integer, size};
use crate::cli::{self, Cli};
use crate::docker_config::DockerConfig;
use crate::engine::{Address, DetachKeys};
use crate::error::{Error, ErrorKind, Result};
use crate::spec::ContainerSpec;

/// Resolves a command line against the host, in `docker run`'s order: the value of every flag, then the
/// conflicts between them, then the terminal, then the image's name.
///
/// # Errors
/// [`ErrorKind::Usage`] when a flag cannot mean what it says, [`ErrorKind::Refused`] when flags or the terminal
/// do not go together.
pub fn resolve(cli: Cli, host: &Host<'_>) -> Result<RunRequest> {
    let mut request = always_sent(&cli, host);
    request.aws = AwsOptions::of(&cli, host.working_directory)?;
    for flag in flags::rows(cli.table()) {
        apply(flag, &cli, &mut request, host)?;
    }
    weigh(&cli, &mut request, host)?;
    restart(&cli, &mut request)?;
    attach(&cli, &mut request);
    if !request.client.detach && request.client.attach_stdin && request.client.tty && !host.stdin_is_terminal
    {
        return Err(Error::new(ErrorKind::Refused, "the input device is not a TTY")
            .hint("stdin is not a terminal here: leave `-t` out, or run it from one"));
    }
    detach(&cli, &mut request, host)?;
    cidfile::check(&request)?;
    values::image::parse(&cli.image).map_err(|cause| bad_image(&cli.image, &cause))?;
    content_trust::check(&cli, host)?;
    api_socket(&cli, &mut request, host)?;
    platform(&cli, &mut request, host)?;
    pull(&cli, &request)?;
    if !cli.command.is_empty() {
        request.spec.set("Cmd", cli.command);
    }
    Ok(request)
}

/// What every run sends, whatever the flags are.
fn always_sent(cli: &Cli, host: &Host<'_>) -> RunRequest {
    let (rows, columns) = host.console_size.unwrap_or_default();
    let mut spec = ContainerSpec::new(cli.image.as_str());
    for (path, value) in [
        ("Image", json!(cli.image)),
        ("Tty", json!(false)),
        ("OpenStdin", json!(false)),
        ("HostConfig.NetworkMode", json!("default")),
        ("HostConfig.ConsoleSize", json!([rows, columns])),
        ("HostConfig.LogConfig", json!({"Type": "", "Config": {}})),
        // Never null: engines told apart an empty list and none for containers made long ago.
        ("HostConfig.Dns", json!([])),
        ("HostConfig.DnsOptions", json!([])),
        ("HostConfig.DnsSearch", json!([])),
        ("HostConfig.MemorySwappiness", json!(-1)),
        ("HostConfig.OomKillDisable", json!(false)),
        ("HostConfig.PidsLimit", json!(0)),
        ("NetworkingConfig.EndpointsConfig", json!({"default": {}})),
    ] {
        spec.set(path, value);
    }
    let client = ClientOptions { sig_proxy: true, ..ClientOptions::default() };
    RunRequest {
        spec,
        client,
        aws: AwsOptions::default(),
        needs: api::gates(cli),
        engine: Address::default(),
        docker_config: DockerConfig::default(),
    }
}

fn apply(flag: &Flag, cli: &Cli, request: &mut RunRequest, host: &Host<'_>) -> Result<()> {
    let all = cli.values(flag.long);
    let Some(last) = all.last() else { return Ok(()) };
    let each = if flag.kind == Kind::List { all } else { std::slice::from_ref(last) };
    match flag.effect {
        Effect::All(effect) => {
            effect(request, all, host).map_err(|cause| flag.refuse(&all.join(" "), &cause))
        }
        effect => each.iter().try_for_each(|value| {
            apply_value(effect, value, request, host).map_err(|cause| flag.refuse(value, &cause))
        }),
    }
}

fn apply_value(effect: Effect, value: &str, request: &mut RunRequest, host: &Host<'_>) -> Parsed<()> {
    match effect {
        Effect::Switch(path) => request.spec.set(path, boolean::parse(value)?),
        Effect::Text(path) => request.spec.set(path, value),
        Effect::Texts(path) => request.spec.push(path, value),
        Effect::Integer(path) => request.spec.set(path, integer::parse(value)?),
        Effect::Size(path) => request.spec.set(path, size::parse(value)?),
        Effect::Each(effect) => effect(request, value, host)?,
        Effect::All(_) | Effect::Aws(_) | Effect::Weighed => {}
    }
    Ok(())
}

/// What several flags make together.
fn weigh(cli: &Cli, request: &mut RunRequest, host: &Host<'_>) -> Result<()> {
    let refuse = |long: &'static str, value: &str| {
        let flag = flags::by_long(cli.table(), long);
        let value = value.to_owned();
        move |cause: String| {
            flag.map_or_else(|| Error::usage(cause.clone()), |flag| flag.refuse(&value, &cause))
        }
    };
    variables::apply(request, cli.values("env"), host).map_err(refuse("env", ""))?;
    networks::apply(cli, request).map_err(Error::usage)?;
    health::apply(cli, request).map_err(Error::usage)?;
    log_options(cli, request)
}

/// `--log-opt`. The driver `none` takes none.
fn log_options(cli: &Cli, request: &mut RunRequest) -> Result<()> {
    let options = cli.values("log-opt");
    if cli.last("log-driver") == Some("none") && !options.is_empty() {
        return Err(Error::usage("invalid logging opts for driver none")
            .hint("leave `--log-opt` out, or choose another `--log-driver`"));
    }
    for option in options {
        let (name, value) = values::key_value::split(option);
        request.spec.object("HostConfig.LogConfig.Config").insert(name.to_owned(), value.into());
    }
    Ok(())
}

/// `--use-api-socket`: the engine's own socket, as the last mount. The logins are added when the run begins.
fn api_socket(cli: &Cli, request: &mut RunRequest, host: &Host<'_>) -> Result<()> {
    if cli.switch("use-api-socket") != Some(true) {
        return Ok(());
    }
    let socket = host.daemon_host.strip_prefix("unix://").ok_or_else(|| {
        let address = host.daemon_host;
        Error::usage(format!(
            "`--use-api-socket` can only be used with unix sockets: the engine is at `{address}`"
        ))
        .hint("leave it out, or use an engine of this machine")
    })?;
    let mount =
        json!({"Type": "bind", "Source": socket, "Target": "/var/run/docker.sock", "BindOptions": {}});
    request.spec.push("HostConfig.Mounts", mount);
    request.client.use_api_socket = true;
    Ok(())
}

/// `--restart` and `--rm`, which do not go together; without `--rm` it is implied where it can be.
fn restart(cli: &Cli, request: &mut RunRequest) -> Result<()> {
    let given = cli.last("restart").unwrap_or("no");
    let policy = values::restart::parse(given).map_err(|cause| {
        Error::usage(format!("invalid argument `{given}` for `--restart`: {cause}"))
            .hint("it takes `no`, `on-failure[:COUNT]`, `always` or `unless-stopped`")
    })?;
    if cli.switch("rm") == Some(true) && !policy.is_none() {
        return Err(Error::usage("conflicting options: cannot specify both --restart and --rm")
            .hint("leave `--rm` out: with `--restart` the container stays"));
    }
    if !policy.is_none() {
        request.client.warnings.push(
            "`--restart`: a restart after the credentials' expiry starts the container with dead credentials"
                .into(),
        );
    }
    request.client.auto_remove = cli.switch("rm").unwrap_or(true) && policy.is_none();
    request.spec.set("HostConfig.AutoRemove", request.client.auto_remove);
    let (name, count) = (policy.name, policy.maximum_retry_count);
    request.spec.set("HostConfig.RestartPolicy", json!({"Name": name, "MaximumRetryCount": count}));
    Ok(())
}

/// Which streams are attached: those named by `-a`, by default stdout and stderr; `-i` adds stdin.
fn attach(cli: &Cli, request: &mut RunRequest) {
    let named = cli.values("attach");
    let is_named = |stream: &str| named.iter().any(|value| value.eq_ignore_ascii_case(stream));
    let client = &mut request.client;
    client.detach = cli.switch("detach").unwrap_or(false);
    client.interactive = cli.switch("interactive").unwrap_or(false);
    client.tty = cli.switch("tty").unwrap_or(false);
    client.attach_stdin = client.interactive || is_named("stdin");
    client.attach_stdout = named.is_empty() || is_named("stdout");
    client.attach_stderr = named.is_empty() || is_named("stderr");
}

/// `--detach` lets go of all streams; then what is attached goes into the body.
fn detach(cli: &Cli, request: &mut RunRequest, host: &Host<'_>) -> Result<()> {
    let client = &mut request.client;
    if client.detach {
        if !cli.values("attach").is_empty() {
            return Err(Error::new(
                ErrorKind::Refused,
                "conflicting options: cannot specify both --attach and --detach",
            )
            .hint("leave one of the two out"));
        }
        (client.attach_stdin, client.attach_stdout, client.attach_stderr) = (false, false, false);
    }
    for (path, on) in [
        ("AttachStdin", client.attach_stdin),
        ("AttachStdout", client.attach_stdout),
        ("AttachStderr", client.attach_stderr),
        ("StdinOnce", client.interactive && client.attach_stdin),
    ] {
        request.spec.set(path, on);
    }
    detach_keys(cli, request, host)
}

/// `--detach-keys`, which only an attached run minds. The engine refuses bad ones at the attach: docker then
/// leaves with 1 and the created container behind. We refuse before.
fn detach_keys(cli: &Cli, request: &mut RunRequest, host: &Host<'_>) -> Result<()> {
    let client = &mut request.client;
    let attached = client.attach_stdin || client.attach_stdout || client.attach_stderr;
    let given = cli.last("detach-keys").filter(|text| !text.is_empty());
    // Those of the configuration do nothing where credrun has to stay; those of the line are refused.
    let config = host.docker_config.detach_keys.as_deref().filter(|_| !request.aws.refresh);
    let given = given.or(config);
    let Some(text) = given.filter(|_| attached) else {
        return Ok(());
    };
    let keys = values::detach_keys::parse(text)
        .map_err(|cause| {
            Error::new(ErrorKind::Refused, format!("invalid argument `{text}` for `--detach-keys`: {cause}"))
        })
        .map_err(|error| error.hint("for example `--detach-keys ctrl-x,x`"))?;
    client.detach_keys = Some(keys);
    client.detach_keys_text = DetachKeys::Written(text.to_owned());
    Ok(())
}

fn platform(cli: &Cli, request: &mut RunRequest, host: &Host<'_>) -> Result<()> {
    let given = cli.last("platform").or_else(|| host.environment.get("DOCKER_DEFAULT_PLATFORM"));
    let Some(text) = given.filter(|text| !text.is_empty()) else { return Ok(()) };
    let source = if cli.last("platform").is_some() { "--platform" } else { "DOCKER_DEFAULT_PLATFORM" };
    let platform = values::platform::parse(text).map_err(|cause| {
        Error::usage(format!("`{source}`: error parsing specified platform: {cause}"))
            .hint("it takes os[/arch[/variant]], for example `linux/arm64`")
    })?;
    request.spec.platform = Some(platform);
    request.client.pull_platform = Some(text.to_lowercase());
    Ok(())
}

/// An id is for the engine's own images: no registry has it.
fn pull(cli: &Cli, request: &RunRequest) -> Result<()> {
    if request.client.pull != PullPolicy::Always || !values::image::is_bare_id(&cli.image) {
        return Ok(());
    }
    let message = format!(
        "`--pull always`: invalid repository name (`{}`), cannot specify 64-byte hexadecimal strings",
        cli.image
    );
    Err(Error::usage(message).hint("leave `--pull always` out, or give the image's name"))
}

fn bad_image(image: &str, cause: &str) -> Error {
    if image.contains('=') {
        let shown = cli::without_value(image);
        return Error::usage(format!("IMAGE `{shown}`: invalid reference format"))
            .hint("it looks like a variable: to give the container one, write `--env NAME=value`");
    }
    let error = Error::usage(format!("IMAGE `{image}`: {cause}"));
    if image.starts_with('-') {
        return error.hint("it looks like a flag: was one before it meant to take a value?");
    }
    if image.is_empty() {
        return error.hint("it is empty: is a variable of the shell not set?");
    }
    if image.contains("://") {
        return error.hint("an image's name has no `://`: leave what stands before the registry's name out");
    }
    error.hint("an image is `name`, `name:tag` or `registry/name:tag`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Invocation;
    use crate::environment::Environment;
    use std::path::Path;

    fn resolved(line: &str) -> Result<RunRequest> {
        let argv = line.split_whitespace().map(Into::into).collect();
        let Invocation::Run(cli) = cli::parse(argv)? else { panic!("{line} is a run") };
        let environment = Environment::from_iter([("DOCKER_DEFAULT_PLATFORM", "linux/arm64")]);
        let host = Host {
            environment: &environment,
            working_directory: Path::new("/"),
            stdin_is_terminal: true,
            console_size: Some((24, 80)),
            docker_config: &DockerConfig::default(),
            daemon_host: "unix:///var/run/docker.sock",
        };
        resolve(cli, &host)
    }

    #[test]
    fn removal_is_implied_where_it_can_be() {
        for (line, removed, warned) in [
            ("bb", true, false),
            ("--rm bb", true, false),
            ("--rm=false bb", false, false),
            ("--restart no bb", true, false),
            ("--restart always bb", false, true),
            ("--rm=false --restart always bb", false, true),
        ] {
            let request = resolved(line).unwrap();
            assert_eq!(request.client.auto_remove, removed, "{line}");
            assert_eq!(request.spec.get("HostConfig.AutoRemove"), Some(&json!(removed)), "{line}");
            assert_eq!(!request.client.warnings.is_empty(), warned, "{line}");
        }
        assert!(resolved("--rm --restart always bb").is_err());
    }

    #[test]
    fn the_client_keeps_what_the_body_does_not_hold() {
        let client = resolved(
            "-it --sig-proxy=false --detach-keys ctrl-x,x --pull always -q --cidfile id --verbose bb",
        )
        .unwrap()
        .client;
        assert!(
            client.attach_stdin
                && client.attach_stdout
                && client.attach_stderr
                && client.interactive
                && client.tty
        );
        assert!(
            !client.sig_proxy
                && client.quiet
                && client.verbose
                && !client.detach
                && !client.allow_insecure_engine
        );
        assert_eq!(
            (client.detach_keys, client.detach_keys_text),
            (Some(vec![24, b'x']), DetachKeys::Written("ctrl-x,x".into()))
        );
        assert_eq!((client.pull, client.cidfile), (PullPolicy::Always, Some("/id".into())));
        let client = resolved("-d -i bb").unwrap().client;
        assert!(
            client.detach
                && !client.attach_stdin
                && !client.attach_stdout
                && !client.attach_stderr
                && client.sig_proxy
        );
    }

    #[test]
    fn terminal_and_platform_come_from_the_host() {
        let mut request = resolved("-it bb").unwrap();
        assert_eq!(request.spec.get("HostConfig.ConsoleSize"), Some(&json!([24, 80])));
        assert_eq!(request.spec.platform.as_deref(), Some("linux/arm64"));
        let short = resolved("--platform ARM bb").unwrap();
        assert_eq!(short.spec.platform.as_deref(), Some("linux/arm"));
        assert_eq!(short.client.pull_platform.as_deref(), Some("arm"));
        crate::request::fit_to_engine(&mut request, (1, 42), "linux").unwrap();
        assert_eq!(request.spec.get("HostConfig.ConsoleSize"), Some(&json!([24, 80])));
        crate::request::fit_to_engine(&mut request, (1, 41), "linux").unwrap();
        assert_eq!(request.spec.get("HostConfig.ConsoleSize"), Some(&json!([0, 0])));
    }

    #[test]
    fn the_role_has_its_options() {
        let aws = resolved("--profile p --region r --external-id e --role-arn a --role-arn b --duration-seconds 900 --role-session-name s bb").unwrap().aws;
        assert_eq!((aws.profile.as_deref(), aws.region.as_deref()), (Some("p"), Some("r")));
        assert_eq!(aws.roles, ["a", "b"]);
        assert_eq!(
            [aws.role_session_name, aws.duration_seconds, aws.external_id],
            ["s", "900", "e"].map(|text| Some(text.to_owned()))
        );
        assert!(resolved("--external-id e bb").is_err());
    }
}
