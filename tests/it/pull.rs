//! Images that are not there are pulled, also from a registry that wants to know who asks.

use base64::Engine as _;

use super::harness::container::{docker, docker_ok, unique};
use super::harness::host::{BOTH, Host, Program, image, required_variable};
use super::harness::proxy::Proxy;
use super::harness::run::{Outcome, run};

/// A small image in the tests' registry, and no longer on the engine.
pub struct Pushed {
    /// Its name.
    pub reference: String,
}

impl Pushed {
    /// Makes one.
    pub fn new() -> Self {
        let pushed = Self { reference: format!("{}/{}:one", registry(), unique("pull")) };
        // `true` and what it is linked with: two megabytes, where the whole image has a hundred.
        let pack = "tar -chf - /usr/bin/true $(ldd /usr/bin/true | grep -o '/[^ ]*')";
        let script = format!(
            "docker run --rm --network=none {} sh -c \"$1\" | docker import --change 'CMD [\"/usr/bin/true\"]' - {}",
            image(),
            pushed.reference
        );
        let made = run(std::process::Command::new("sh").args(["-c", &script, "sh", pack]));
        assert_eq!(made.code, 0, "{made:?}");
        let host = logged_in(&password());
        let push = run(host.tool("docker").args(["push", &pushed.reference]));
        assert_eq!(push.code, 0, "{push:?}");
        pushed.forget();
        pushed
    }

    /// Takes it off the engine.
    fn forget(&self) {
        docker_ok(&["rmi", &self.reference]);
    }

    fn is_there(&self) -> bool {
        docker(&["image", "inspect", &self.reference]).status.success()
    }
}

impl Drop for Pushed {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.reference]);
    }
}

fn registry() -> String {
    required_variable("CREDRUN_TEST_REGISTRY")
}

/// The registry's.
pub fn password() -> String {
    required_variable("CREDRUN_TEST_REGISTRY_PASSWORD")
}

/// A host that has logged in to the registry with this password.
pub fn logged_in(password: &str) -> Host {
    log_in(Host::new(), password)
}

/// The same host, logged in likewise.
pub fn log_in(host: Host, password: &str) -> Host {
    let user = required_variable("CREDRUN_TEST_REGISTRY_USER");
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    host.write("config/config.json", &format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry()));
    let directory = host.home().join("config");
    host.with("DOCKER_CONFIG", directory)
}

fn run_image(host: &Host, program: Program, options: &[&str], image: &str) -> Outcome {
    run(&mut host.command(program, &[&["--network=none"][..], options, &[image]].concat()))
}

#[test]
fn a_missing_image_is_pulled_with_the_password_of_the_docker_config() {
    let pushed = Pushed::new();
    for program in BOTH {
        let outcome = run_image(&logged_in(&password()), program, &[], &pushed.reference);
        assert_eq!(outcome.code, 0, "{program:?}: {outcome:?}");
        assert!(outcome.stdout.is_empty(), "{program:?}: what is told of a pull is not output: {outcome:?}");
        let told = format!("Unable to find image '{}' locally", pushed.reference);
        assert!(outcome.stderr.contains(&told), "{program:?}: {outcome:?}");
        assert!(!outcome.stderr.contains('\x1b'), "{program:?}: stderr is no terminal: {outcome:?}");
        pushed.forget();
        let quiet = run_image(&logged_in(&password()), program, &["--quiet"], &pushed.reference);
        assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""), "{program:?}");
        pushed.forget();
    }
}

#[test]
fn a_wrong_password_is_refused() {
    let pushed = Pushed::new();
    for program in BOTH {
        let outcome = run_image(&logged_in("wrong"), program, &[], &pushed.reference);
        assert_eq!(outcome.code, 125, "{program:?}: {outcome:?}");
        assert!(outcome.stderr.to_lowercase().contains("unauthorized"), "{program:?}: {outcome:?}");
        assert!(!outcome.stderr.contains("wrong"), "{program:?}: the password is shown: {outcome:?}");
        assert!(!pushed.is_there());
    }
    let outcome = run_image(&logged_in("wrong"), Program::Credrun, &[], &pushed.reference);
    assert!(outcome.stderr.contains("was sent: is it still valid"), "{outcome:?}");
}

#[test]
fn a_tag_that_is_nowhere_is_named() {
    let missing = format!("{}/{}:none", registry(), unique("nowhere"));
    for program in BOTH {
        let outcome = run_image(&logged_in(&password()), program, &[], &missing);
        assert_eq!(outcome.code, 125, "{program:?}: {outcome:?}");
        let manifest = outcome.stderr.contains("manifest") || outcome.stderr.contains("not found");
        assert!(manifest && outcome.stderr.contains(&missing), "{program:?}: {outcome:?}");
    }
}

#[test]
fn a_password_that_a_helper_keeps_pulls() {
    use std::os::unix::fs::PermissionsExt;
    let pushed = Pushed::new();
    let (user, registry) = (required_variable("CREDRUN_TEST_REGISTRY_USER"), registry());
    for config in [r#"{"credsStore":"it"}"#.to_owned(), format!(r#"{{"credHelpers":{{"{registry}":"it"}}}}"#)]
    {
        let host = Host::new();
        host.write(".docker/config.json", &config);
        let answer = format!(r#"{{"Username":"{user}","Secret":"{}"}}"#, password());
        host.write("bin/docker-credential-it", &format!("#!/bin/sh\ncat >/dev/null\necho '{answer}'\n"));
        let helper = host.home().join("bin/docker-credential-it");
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755))
            .expect("a file of the test");
        let path = format!("{}:{}", host.home().join("bin").display(), required_variable("PATH"));
        let host = host.with("PATH", path);
        for program in BOTH {
            let outcome = run_image(&host, program, &[], &pushed.reference);
            assert_eq!(outcome.code, 0, "{program:?} {config}: {outcome:?}");
            assert!(!outcome.stderr.contains(&password()), "{program:?}: {outcome:?}");
            pushed.forget();
        }
    }
}

#[test]
fn without_a_login_it_says_how_to_get_one() {
    let pushed = Pushed::new();
    for program in BOTH {
        let outcome = run_image(&Host::new(), program, &[], &pushed.reference);
        assert_eq!(outcome.code, 125, "{program:?}: {outcome:?}");
        assert!(outcome.stderr.contains("no basic auth credentials"), "{program:?}: {outcome:?}");
    }
    let outcome = run_image(&Host::new(), Program::Credrun, &[], &pushed.reference);
    assert!(outcome.stderr.contains(&format!("`docker login {}` first", registry())), "{outcome:?}");
}

#[test]
fn a_registry_that_is_down_is_named() {
    // Nobody listens at this port of the loopback.
    let down = "127.0.0.1:1/a:b";
    for program in BOTH {
        let outcome = run_image(&Host::new(), program, &[], down);
        assert_eq!(outcome.code, 125, "{program:?}: {outcome:?}");
        assert!(outcome.stderr.contains("connection refused"), "{program:?}: {outcome:?}");
    }
    let outcome = run_image(&Host::new(), Program::Credrun, &[], down);
    assert!(outcome.stderr.contains("cannot reach the registry `127.0.0.1:1`"), "{outcome:?}");
}

#[test]
fn with_pull_never_nothing_is_pulled() {
    let missing = unique("never");
    for program in BOTH {
        let proxy = Proxy::start();
        let host = Host::new().with("DOCKER_HOST", proxy.docker_host());
        let outcome = run_image(&host, program, &["--pull", "never"], &missing);
        assert_eq!(outcome.code, 125, "{program:?}: {outcome:?}");
        assert!(outcome.stderr.contains(&missing), "{program:?}: {outcome:?}");
        let pulled = proxy.exchanges().iter().any(|exchange| exchange.target.starts_with("/images/create"));
        assert!(!pulled, "{program:?}");
    }
}

#[test]
fn with_pull_always_it_is_pulled_first() {
    let pushed = Pushed::new();
    let order = BOTH.map(|program| {
        let proxy = Proxy::start();
        let host = logged_in(&password()).with("DOCKER_HOST", proxy.docker_host());
        let outcome = run_image(&host, program, &["--pull=always"], &pushed.reference);
        assert_eq!(outcome.code, 0, "{program:?}: {outcome:?}");
        let targets = proxy.exchanges().into_iter().map(|exchange| exchange.target);
        let creates = targets.filter(|target| target.contains("/create"));
        creates.map(|target| target.split('?').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(order[0], ["/images/create", "/containers/create"]);
    assert_eq!(order[1], order[0]);
}
