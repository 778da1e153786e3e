//! Every flag of the table at its example value: what it changes in which half.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::cli::flags::{Flag, Place, rows};
use crate::cli::{self, Invocation};
use crate::docker_config::DockerConfig;
use crate::environment::Environment;
use crate::exit_code;
use crate::request::{Host, resolve};

const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const AGENT: &str = "5efcf86532ef0123456789abcdef0123456789abcdef0123456789abcdef0123";

fn resolved(folder: &Path, line: &str) -> RunRequest {
    let words = shlex::split(line).expect("words");
    let argv = words.into_iter().map(Into::into).collect();
    let Invocation::Run(cli) = cli::parse(argv).unwrap_or_else(|error| panic!("{line}: {error}")) else {
        panic!("{line} is a run")
    };
    let host = Host {
        environment: &Environment::default(),
        working_directory: folder,
        stdin_is_terminal: true,
        console_size: None,
        docker_config: &DockerConfig::default(),
        daemon_host: "unix:///var/run/docker.sock",
    };
    resolve(cli, &host).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn request(line: &str) -> RunRequest {
    resolved(Path::new("/"), line)
}

fn facts(is_podman: bool) -> EngineFacts {
    let info = json!({"MemoryLimit": true, "SwapLimit": true, "PidsLimit": true, "DefaultRuntime": "runc",
                      "Runtimes": {"runc": {"path": "runc"}, "safe": {"path": "/usr/bin/runsc"}}});
    EngineFacts::of_info(&info, is_podman, (1, 44), "linux")
}

fn halves(line: &str, is_podman: bool) -> Halves {
    split(&request(line), &facts(is_podman), &ImageFacts::default()).expect("it can be split")
}

fn refusal(line: &str, facts: &EngineFacts) -> (String, u8) {
    let error = split(&request(line), facts, &ImageFacts::default()).expect_err(line);
    assert!(!error.hints().is_empty(), "{line}: {error}");
    (error.to_string(), exit_code::of_error(&error))
}

/// A folder with the files that examples name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in [("settings.env", "A=1\n"), ("labels.txt", "a=1\n"), ("policy.json", POLICY)] {
        std::fs::write(folder.path().join(file), text).expect("a file");
    }
    folder
}

/// Whether options change the agent, and whether they change the target.
fn changed(folder: &Path, options: &str, is_podman: bool) -> (bool, bool) {
    let split = |line: &str| {
        let halves = split(&resolved(folder, line), &facts(is_podman), &ImageFacts::default());
        halves.unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    let (with, without) = (split(&format!("{options} image")), split("image"));
    (with.agent("a") != without.agent("a"), with.target(AGENT) != without.target(AGENT))
}

fn expected(place: Place, options: &str, is_podman: bool) -> (bool, bool) {
    match place {
        Place::Client | Place::Refused(_) => (false, false),
        Place::Agent => (true, false),
        Place::Both => (true, true),
        Place::Inherited => (true, is_podman),
        Place::Parameter if options.contains("net.") => (true, false),
        Place::Target | Place::Parameter => (false, true),
    }
}

/// The flag's example, but for one that is refused for its value.
fn example(flag: &Flag) -> &'static str {
    if flag.long == "runtime" { "--runtime crun" } else { flag.example }
}

#[test]
fn every_flag_changes_the_halves_that_the_table_says() {
    let folder = folder();
    for flag in rows(TABLE).filter(|flag| flag.long != "help" && flag.place.refusal().is_none()) {
        for is_podman in [false, true] {
            let seen = changed(folder.path(), example(flag), is_podman);
            assert_eq!(
                seen,
                expected(flag.place, flag.example, is_podman),
                "--{} (Podman: {is_podman})",
                flag.long
            );
        }
    }
    let other = "--sysctl kernel.msgmax=65000";
    assert_eq!(changed(folder.path(), other, false), expected(Place::Parameter, other, false));
}

/// The target is what `docker run --network container:X` with the same flags, but for those of the network, asks for: what
/// an engine takes there, it takes of a target.
#[test]
fn the_target_is_a_container_that_joins_another() {
    let folder = folder();
    for flag in rows(TABLE).filter(|flag| flag.long != "help" && flag.place.refusal().is_none()) {
        let kept = match flag.place {
            Place::Agent | Place::Inherited | Place::Parameter => "",
            _ => example(flag),
        };
        let joined = resolved(folder.path(), &format!("--network container:{AGENT} {kept} image")).spec;
        let line = format!("{} image", example(flag));
        let halves = split(&resolved(folder.path(), &line), &facts(false), &ImageFacts::default());
        assert_eq!(halves.expect("it can be split").target(AGENT), joined, "--{}", flag.long);
    }
}

/// `CREDRUN_TEST_WRITE=1` writes the file anew; then it is for a person to read whether each flag goes where it should.
#[test]
fn where_every_flag_goes_is_written_down() {
    let mut text = String::new();
    for flag in rows(TABLE) {
        writeln!(text, "--{}: {}", flag.long, flag.place).expect("a line");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/refresh/halves/places.txt");
    if std::env::var_os("CREDRUN_TEST_WRITE").is_some() {
        std::fs::write(&file, &text).expect("the file can be written");
    }
    let known = std::fs::read_to_string(&file).expect("the file");
    let (seen, known): (BTreeSet<_>, BTreeSet<_>) = (text.lines().collect(), known.lines().collect());
    let different: Vec<_> = seen.symmetric_difference(&known).collect();
    assert!(
        different.is_empty(),
        "say in the flag table which container each is for, and write {} anew: {different:#?}",
        file.display()
    );
}

#[test]
fn the_agent_has_no_rights_and_leaves_no_trace() {
    let spec = halves("image", false).agent("sha256:1234");
    let networks = json!({"EndpointsConfig": {"default": {}}});
    assert_eq!(
        Value::Object(spec.body().clone()),
        json!({
            "Image": "sha256:1234", "User": "65534:65534", "Tty": false, "OpenStdin": true, "StdinOnce": true,
            "AttachStdin": true, "AttachStdout": true, "AttachStderr": false, "StopSignal": "SIGKILL",
            "NetworkingConfig": networks,
            "HostConfig": {
                "AutoRemove": true, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "ReadonlyRootfs": true,
                "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"], "LogConfig": {"Type": "none", "Config": {}},
                "Memory": 67_108_864, "MemorySwap": 67_108_864, "PidsLimit": 96,
                "NetworkMode": "default", "Dns": [], "DnsOptions": [], "DnsSearch": [],
            },
        })
    );
    assert_eq!((spec.image.as_str(), spec.name, spec.platform), ("sha256:1234", None, None));
}

#[test]
fn limits_are_set_where_the_engine_has_them() {
    for (memory, swap, pids, expected) in [
        (true, true, true, [true, true, true]),
        (true, false, true, [true, false, true]),
        (false, true, false, [false, false, false]),
    ] {
        let facts = EngineFacts { memory_limit: memory, swap_limit: swap, pids_limit: pids, ..facts(false) };
        let halves = split(&request("image"), &facts, &ImageFacts::default()).expect("halves");
        let limits = ["Memory", "MemorySwap", "PidsLimit"].map(|field| format!("HostConfig.{field}"));
        assert_eq!(limits.map(|path| halves.agent("a").get(&path).is_some()), expected);
    }
}

#[test]
fn networks_of_the_users_know_the_target_s_name() {
    for (line, endpoints) in [
        ("--name web image", json!({"default": {}})),
        ("--name web --network bridge image", json!({})),
        ("--name web --network none image", json!({})),
        ("--network back.end image", json!({})),
        ("--name web --network back.end image", json!({"back.end": {"Aliases": ["web"]}})),
        (
            "--name web --network backend --network-alias tool --ip 192.0.2.30 image",
            json!({"backend": {"Aliases": ["tool", "web"], "IPAMConfig": {"IPv4Address": "192.0.2.30"}}}),
        ),
        (
            "--name web --network a --network name=b,alias=c image",
            json!({"a": {"Aliases": ["web"]}, "b": {"Aliases": ["c", "web"]}}),
        ),
    ] {
        let halves = halves(line, false);
        let target = halves.target(AGENT);
        assert_eq!(halves.agent("a").get(ENDPOINTS), Some(&endpoints), "{line}");
        assert_eq!(target.get(ENDPOINTS), Some(&json!({})), "{line}");
        assert_eq!(target.get(NETWORK_MODE), Some(&json!(format!("container:{AGENT}"))), "{line}");
        assert_eq!(target.name, request(line).spec.name, "{line}");
    }
    for mode in ["podman", "private", "slirp4netns"] {
        let named = split(
            &request(&format!("--name web --network {mode} image")),
            &facts(true),
            &ImageFacts::default(),
        );
        assert_eq!(named.expect("halves").agent("a").get(ENDPOINTS), Some(&json!({})), "{mode}");
    }
}

#[test]
fn a_shared_namespace_is_joined_by_both() {
    for (mode, is_podman) in
        [("host", false), ("container:db", false), ("container:db", true), ("ns:/run/x", true)]
    {
        let line = format!("--name web -h tool -p 80 --network {mode} --sysctl net.core.somaxconn=77 image");
        let halves = halves(&line, is_podman);
        assert_eq!(
            halves.target(AGENT),
            request(&line).spec,
            "the engine judges it as it would without an agent"
        );
        let agent = halves.agent("a");
        assert_eq!(agent.get(NETWORK_MODE), Some(&json!(mode)));
        for field in ["Hostname", "ExposedPorts", "HostConfig.PortBindings", SYSCTLS, ENDPOINTS] {
            assert_eq!(agent.get(field), None, "{field}");
        }
        assert_eq!(halves.port, EndpointPort::Free);
        assert!(halves.warnings.concat().contains(&format!("`--network {mode}`")), "{:?}", halves.warnings);
    }
    assert!(halves("image", false).warnings.is_empty());
}

#[test]
fn podman_s_target_has_a_name_of_its_own() {
    for (line, is_podman, agents, targets) in [
        ("image", false, None, None),
        ("image", true, None, Some(&AGENT[..12])),
        ("-h tool image", false, Some("tool"), None),
        ("-h tool image", true, Some("tool"), Some("tool")),
        ("--uts host image", true, None, None),
        // The engine refuses the agent.
        ("--uts host -h tool image", false, Some("tool"), None),
    ] {
        let halves = halves(line, is_podman);
        assert_eq!(halves.agent("a").get("Hostname"), agents.map(Value::from).as_ref(), "{line} {is_podman}");
        assert_eq!(
            halves.target(AGENT).get("Hostname"),
            targets.map(Value::from).as_ref(),
            "{line} {is_podman}"
        );
    }
    assert_eq!(halves("--uts host image", false).agent("a").get("HostConfig.UTSMode"), Some(&json!("host")));
}

#[test]
fn the_endpoint_keeps_out_of_the_way() {
    let with = |ports: &[&str]| ImageFacts {
        exposed_ports: ports.iter().map(ToString::to_string).collect(),
        ..ImageFacts::default()
    };
    for (line, image, port) in [
        ("image", with(&[]), 31001),
        ("-p 80 image", with(&["31000/tcp", "31002/tcp"]), 31001),
        ("-p 31001:31001 image", with(&[]), 31002),
        ("-p 31001:80 image", with(&[]), 31001),
        ("--expose 31001-31003/udp image", with(&["31004/tcp"]), 31005),
        ("image", with(&["31001"]), 31002),
        ("image", with(&["31001-40000/tcp", "what"]), 40001),
        ("--network none image", with(&[]), 31001),
    ] {
        let halves = split(&request(line), &facts(false), &image).expect("halves");
        assert_eq!(halves.port, EndpointPort::Fixed(port), "{line} {image:?}");
    }
    let full = split(&request("image"), &facts(false), &with(&["1-65535/tcp"])).expect("halves");
    assert_eq!(full.port, EndpointPort::Free);
}

#[test]
fn all_ports_are_those_of_the_image_too() {
    let image = ImageFacts { exposed_ports: vec!["80/tcp".into()], ..ImageFacts::default() };
    for (line, ports) in [
        ("-P --expose 90 image", Some(json!({"80/tcp": {}, "90/tcp": {}}))),
        ("-P image", Some(json!({"80/tcp": {}}))),
        ("-P=false image", None),
        ("image", None),
    ] {
        let halves = split(&request(line), &facts(false), &image).expect("halves");
        assert_eq!(halves.agent("a").get("ExposedPorts"), ports.as_ref(), "{line}");
        assert_eq!(halves.target(AGENT).get("ExposedPorts"), None, "{line}");
    }
}

#[test]
fn what_cannot_be_two_containers_is_refused_with_the_reason() {
    let (docker, podman) = (facts(false), facts(true));
    let windows = EngineFacts { os: "windows".into(), ..facts(false) };
    let sandboxed = EngineFacts { default_runtime: "safe".into(), ..facts(false) };
    let old = EngineFacts { api: (1, 43), ..facts(false) };
    for (line, facts, code, text) in [
        (
            "--restart always image",
            &docker,
            125,
            "`--restart` do not go together: the credentials and the network",
        ),
        ("--rm=false image", &docker, 125, "`--rm=false` do not go together: a stopped container"),
        ("--link db image", &docker, 125, "`--link` do not go together: the variables"),
        ("--link db --network bridge image", &podman, 125, "`--link`"),
        ("--runtime runsc image", &docker, 125, "the runtime `runsc`"),
        ("--runtime safe image", &docker, 125, "the runtime `safe`"),
        ("--runtime kata image", &podman, 125, "the runtime `kata`"),
        ("image", &sandboxed, 125, "the engine's default runtime `safe`"),
        ("--network a --network b image", &old, 125, "API 1.44"),
        ("image", &windows, 1, "runs Windows containers"),
    ] {
        let (message, seen) = refusal(line, facts);
        assert!(message.contains(text) && seen == code, "{line}: {seen}: {message}");
    }
    for (line, facts) in [
        ("--restart no image", &docker),
        ("--rm image", &docker),
        ("--link db --network backend image", &docker),
        ("--runtime runc image", &sandboxed),
        ("--network a --network b image", &docker),
        ("--network a --network b image", &EngineFacts { is_podman: true, ..old.clone() }),
    ] {
        assert!(split(&request(line), facts, &ImageFacts::default()).is_ok(), "{line}");
    }
}
