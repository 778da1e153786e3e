//! What common mistakes are told as: at least as much as docker says, and what to do.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

use credrun::cli::{self, Invocation};
use credrun::docker_config::DockerConfig;
use credrun::environment::Environment;
use credrun::error::{Error, ErrorKind};
use credrun::request::{self, Host};

fn mistake(line: &[&str]) -> Error {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("spaces.env"), "A=1\nMY KEY=hush\n").expect("a file");
    fs::write(directory.path().join("old.cid"), "").expect("a file");
    let environment = Environment::default();
    let host = Host {
        environment: &environment,
        working_directory: directory.path(),
        stdin_is_terminal: false,
        console_size: None,
        docker_config: &DockerConfig::default(),
        daemon_host: "unix:///var/run/docker.sock",
    };
    let result =
        cli::parse(line.iter().map(OsString::from).collect()).and_then(|invocation| match invocation {
            Invocation::Run(cli) => request::resolve(cli, &host).map(drop),
            _ => Ok(()),
        });
    result.expect_err(&format!("{line:?} is a mistake"))
}

#[test]
fn mistakes_are_explained() {
    for (line, message, hint) in [
        (&["--nmae", "x", "bb"][..], "unknown flag: `--nmae`", "did you mean `--name`?"),
        (&["--frobnicate", "bb"], "unknown flag: `--frobnicate`", "`credrun --help` lists the options"),
        (&["--version", "bb"], "unknown flag: `--version`", "`credrun version` tells versions"),
        (&["-z", "bb"], "unknown shorthand flag: `z` in `-z`", "`credrun --help` lists the options"),
        (
            &["--gpus", "some", "bb"],
            "invalid argument `some` for `--gpus`: invalid count (some): value must be either `all` or an integer",
            "it takes `--gpus all|COUNT|FIELD=VALUE[,...]`, for example `--gpus all`",
        ),
        (&["--name"], "flag needs an argument: `--name`", "it takes a value: `--name NAME`"),
        (
            &["-it"],
            "`credrun` requires at least 1 argument: no IMAGE was given",
            "usage: credrun [OPTIONS] IMAGE",
        ),
        (&["-it", "bb"], "the input device is not a TTY", "stdin is not a terminal here: leave `-t` out"),
        (
            &["-d", "-a", "stdout", "bb"],
            "conflicting options: cannot specify both --attach and --detach",
            "leave one of the two out",
        ),
        (
            &["--rm", "--restart", "always", "bb"],
            "conflicting options: cannot specify both --restart and --rm",
            "leave `--rm` out",
        ),
        (
            &["-p", "80800:80", "bb"],
            "invalid argument `80800:80` for `-p, --publish`: invalid host port: `80800`",
            "it takes `--publish [[IP:]PORT:]PORT[/PROTOCOL]`",
        ),
        (
            &["--mount", "type=bind,source=/a,traget=/b", "bb"],
            "invalid argument `type=bind,source=/a,traget=/b` for `--mount`: unexpected key `traget` in `traget=/b`",
            "it takes `--mount type=TYPE,src=SOURCE,dst=TARGET[,...]`",
        ),
        (
            &["-v", "/a:", "bb"],
            "invalid argument `/a:` for `-v, --volume`: invalid spec: `/a:`: empty section between colons",
            "it takes `--volume [SOURCE:]TARGET[:OPTIONS]`",
        ),
        (
            &["-m", "1x", "bb"],
            "invalid argument `1x` for `-m, --memory`: invalid suffix: `x`",
            "it takes `--memory SIZE`",
        ),
        (
            &["--env-file", "spaces.env", "bb"],
            "invalid argument `spaces.env` for `--env-file`: line 2: variable `MY KEY` contains white space",
            "the file has `NAME=VALUE` lines",
        ),
        (
            &["--env-file", "nowhere", "bb"],
            "invalid argument `nowhere` for `--env-file`: cannot read it: No such file or directory (os error 2)",
            "the file has `NAME=VALUE` lines",
        ),
        (
            &["--cidfile", "old.cid", "bb"],
            "`--cidfile`: container ID file found: `old.cid` exists",
            "make sure the other container isn't running, or delete `old.cid`",
        ),
        (
            &["--external-id", "x", "bb"],
            "`--external-id` belongs to `--role-arn`, which was not given",
            "add `--role-arn`, or leave `--external-id` out",
        ),
        (
            &["--rm=maybe", "bb"],
            "invalid argument `maybe` for `--rm`: it is neither `true` nor `false`",
            "write `--rm` or `--rm=false`",
        ),
        (
            &["My/Image"],
            "IMAGE `My/Image`: invalid reference format: repository name (`Image`) must be lowercase",
            "an image is `name`, `name:tag` or `registry/name:tag`",
        ),
        (
            &["version", "x"],
            "`credrun version` takes no arguments, and got `x`",
            "write `credrun run version`",
        ),
    ] {
        let error = mistake(line);
        assert_eq!(error.to_string(), message, "{line:?}");
        assert!(error.hints().iter().any(|known| known.contains(hint)), "{line:?}: {:?}", error.hints());
    }
}

#[test]
fn a_word_that_is_not_utf8_is_named_by_its_place() {
    let argv = vec!["bb".into(), OsString::from_vec(vec![b'a', 0xff])];
    let error = cli::parse(argv).expect_err("it is no text");
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Usage, "argument 2 is not valid UTF-8")
    );
}
