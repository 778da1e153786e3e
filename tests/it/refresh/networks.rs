//! The networks that a run can have, on both engines: what the container sees of its network, whom it reaches, who reaches
//! it and by which names, and its health check are those of `docker run`.

use std::io::Read;

use credrun::agent::image::AgentImage;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::stage::Stage;
use crate::bodies::engine::{Asked, FakeEngine};
use crate::halves;
use crate::halves::engine::{Engine, Way};
use crate::harness::host::image;
use crate::harness::run::Outcome;

macro_rules! on_both_engines {
    ($($check:ident),*) => {
        mod on_docker {
            $(#[test] fn $check() { super::halves::$check(&super::Engine::docker()); })*
        }
        mod on_podman {
            $(#[test] fn $check() { super::halves::$check(&super::Engine::podman()); })*
        }
    };
}
on_both_engines!(
    on_the_default_network,
    on_a_network_of_the_user_s,
    without_a_network,
    on_the_host_s_network,
    on_another_container_s_network,
    what_is_refused
);

/// On a network of the user's a link is a name, and no variables.
#[test]
fn a_link_on_a_network_of_the_user_s_is_a_name() {
    let engine = Engine::docker();
    let (network, _) = engine.network();
    let (other, name) = (engine.name("other"), engine.name("target"));
    engine.start(Way::Plain, &["--name", &other, "--network", &network, image(), "sleep", "600"]);
    let address = engine.address_of(&other, &network);
    let to_other = format!("{other}:db");
    let ask = "import os, socket; print(socket.gethostbyname('db'), [name for name in os.environ if name.startswith('DB_')])";
    let line = ["--name", &name, "--network", &network, "--link", &to_other, image(), "sleep", "600"];
    for way in [Way::Plain, Way::Refresh] {
        engine.start(way, &line);
        assert_eq!(engine.cli_ok(&["exec", &name, "python3", "-c", ask]), format!("{address} []"), "{way:?}");
        engine.remove(&name);
    }
}

/// What `GET /images/{name}/json` says of the agent's image, when it is there.
fn agents_image() -> String {
    let image = AgentImage::of(std::env::consts::ARCH).expect("this build has an agent");
    let archive = image.archive(OffsetDateTime::UNIX_EPOCH).expect("an archive");
    let mut files = tar::Archive::new(&archive[..]);
    let mut files = files.entries().expect("files").map(|file| file.expect("a file"));
    // It comes before what it describes.
    let mut config = files.next().expect("a config");
    let mut text = String::new();
    config.read_to_string(&mut text).expect("text");
    let config: Value = serde_json::from_str(&text).expect("JSON");
    json!({
        "Id": "sha256:agent", "Architecture": config["architecture"], "Os": "linux",
        "RootFS": { "Type": "layers", "Layers": config["rootfs"]["diff_ids"] }, "Config": config["config"],
    })
    .to_string()
}

/// A run on an engine of this version that creates all and starts none: how it ended, and what was asked for.
fn on_a_fake(api: (u16, u16), os: &'static str, options: &[&str]) -> (Outcome, Vec<Asked>) {
    let mut stage = Stage::new();
    let version = json!({"Version": "25.0.0", "Os": os, "Arch": std::env::consts::ARCH}).to_string();
    let answers = vec![
        ("/version", version),
        ("/info", "{}".to_owned()),
        ("/images/busybox/json", "{}".to_owned()),
        ("credrun-agent", agents_image()),
        ("/containers/create", json!({"Id": "5efcf86532ef0123", "Warnings": []}).to_string()),
    ];
    let engine = FakeEngine::answering(&stage.host.root().join("fake.sock"), api, os, answers);
    let address = format!("unix://{}", engine.socket().display());
    stage.host = stage.host.without("DOCKER_HOST").with("DOCKER_HOST", address);
    let outcome = stage.run(&[options, &["busybox"]].concat());
    (outcome, engine.take())
}

#[test]
fn several_networks_are_the_agent_s() {
    let options =
        ["--name=web", "--network=back", "--network=name=front,alias=shop,mac-address=02:42:c6:13:00:07"];
    let (outcome, asked) = on_a_fake((1, 44), "linux", &options);
    let creates = asked.iter().filter(|asked| asked.path.ends_with("/containers/create"));
    let bodies: Vec<_> = creates.map(|asked| &asked.body).collect();
    let [agent, target] = bodies[..] else { panic!("two containers: {outcome:?} {asked:#?}") };
    let endpoints = json!({
        "back": {"Aliases": ["web"]},
        "front": {"Aliases": ["shop", "web"], "MacAddress": "02:42:c6:13:00:07"},
    });
    assert_eq!(agent["NetworkingConfig"]["EndpointsConfig"], endpoints, "{agent}");
    assert_eq!(agent["HostConfig"]["NetworkMode"], "back");
    assert_eq!(target["NetworkingConfig"]["EndpointsConfig"], json!({}), "{target}");
    assert_eq!(target["HostConfig"]["NetworkMode"], "container:5efcf86532ef0123");
    // It starts none of them.
    assert_eq!(outcome.code, 125, "{outcome:?}");
}

#[test]
fn an_engine_that_cannot_is_refused_before_anything_is_created() {
    for (api, os, options, code, stderr) in [
        (
            (1, 43),
            "linux",
            &["--network=back", "--network=front"][..],
            125,
            "credrun: several networks need an engine with API 1.44: this one creates a container on one network only\n  \
             hint: leave all but one `--network` out\n",
        ),
        (
            (1, 50),
            "windows",
            &[],
            1,
            "credrun: `--refresh` needs an engine that runs Linux containers, and this one runs Windows containers\n  \
             hint: leave `--refresh` out\n",
        ),
        (
            (1, 44),
            "linux",
            &["--runtime=runsc"],
            125,
            "credrun: `--refresh` does not work with the runtime `runsc`: each of its containers has a loopback of its own, \
             so that none reaches the endpoint of the credentials\n  hint: leave `--refresh` out, or choose another \
             `--runtime`, for example `--runtime runc`\n",
        ),
        (
            (1, 44),
            "linux",
            &["--link=db"],
            125,
            "credrun: `--refresh` and `--link` do not go together: the variables of a link on the default network come to \
             the one container that asks for it; on a network of your own it works\n  hint: leave either out\n",
        ),
    ] {
        // Before it would be pulled, too.
        let (outcome, asked) = on_a_fake(api, os, &[options, &["--pull=always"]].concat());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (code, stderr), "{options:?}");
        let changes: Vec<_> = asked.iter().filter(|asked| asked.method == "POST").collect();
        assert!(changes.is_empty(), "{options:?}: {changes:#?}");
    }
}
