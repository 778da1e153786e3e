//! Both programs, given the same command line in the same surroundings.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use credrun::cli::flags::Table;
use credrun::cli::{self, Invocation};
use credrun::docker_config::DockerConfig;
use credrun::environment::Environment;
use credrun::error::{Error, Result};
use credrun::exit_code;
use credrun::request::{self, Host};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::engine::{Asked, FakeEngine};
use super::normal;
use crate::differences::{self, Difference, Seen};
use crate::harness::host::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN};

/// What a command line led to.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    /// What was asked of the engine, normalised.
    pub asked: Vec<Asked>,
    /// How the program ended.
    pub code: i32,
    /// What it wrote to stderr.
    pub said: String,
}

impl Outcome {
    /// The create request, where there was one.
    pub fn create(&self) -> Option<&Asked> {
        self.asked.iter().find(|asked| asked.path.ends_with("/containers/create"))
    }

    /// The requests as one value, by their order and paths.
    pub fn requests(&self) -> Value {
        let request = |(at, asked): (usize, &Asked)| {
            let parts = json!({"query": asked.query, "headers": asked.headers, "body": asked.body});
            (format!("{at} {} {}", asked.method, asked.path), parts)
        };
        self.asked.iter().enumerate().map(request).collect::<serde_json::Map<_, _>>().into()
    }

    /// Whether this program did the same as docker, or differs by a rule. What it says is its own, but a refusal
    /// that says nothing is not the same.
    pub fn agrees_with(&self, docker: &Self) -> bool {
        let same = self.asked == docker.asked && self.code == docker.code;
        (same && (self.code == 0 || !self.said.is_empty())) || self.explanation(docker).is_some()
    }

    /// The rule by which it differs.
    pub fn explanation(&self, docker: &Self) -> Option<&'static Difference> {
        differences::explanation(Seen {
            docker_code: docker.code,
            credrun_code: self.code,
            docker_said: &docker.said,
            credrun_said: &self.said,
        })
    }
}

/// An engine of one API version and a place to run in.
pub struct Bench {
    directory: TempDir,
    engine: FakeEngine,
    variables: Vec<(String, String)>,
}

impl Bench {
    /// A bench of its own for each worker: the programs write files.
    pub fn new(api: (u16, u16)) -> Self {
        Self::of_os(api, "linux")
    }

    /// With an engine for containers of `os`.
    pub fn of_os(api: (u16, u16), os: &'static str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let engine = FakeEngine::start(&directory.path().join("engine.sock"), api, os);
        let bench = Self { directory, engine, variables: Vec::new() };
        fs::create_dir_all(bench.work()).expect("a working directory");
        write_files(&bench.work());
        bench
    }

    /// With this `config.json`.
    pub fn with_config(self, json: &str) -> Self {
        fs::create_dir_all(self.work().join(".docker")).expect("a directory");
        fs::write(self.work().join(".docker/config.json"), json).expect("a file");
        self
    }

    /// With a variable in both programs' environment.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Its API version.
    pub fn api(&self) -> (u16, u16) {
        self.engine.api()
    }

    /// The working directory, and home.
    pub fn work(&self) -> PathBuf {
        self.directory.path().canonicalize().expect("its real path").join("work")
    }

    /// What `docker run --rm` makes of the words.
    pub fn docker<S: AsRef<str>>(&self, line: &[S]) -> Outcome {
        let mut command = Command::new("docker");
        command.args(["run", "--rm"]);
        self.outcome(command, line)
    }

    /// What `credrun run --rm` makes of them.
    pub fn credrun<S: AsRef<str>>(&self, line: &[S]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_credrun"));
        command.args(["run", "--rm"]);
        command.envs([
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_SESSION_TOKEN", SESSION_TOKEN),
            ("AWS_REGION", "eu-west-1"),
        ]);
        self.outcome(command, line)
    }

    fn outcome<S: AsRef<str>>(&self, mut command: Command, line: &[S]) -> Outcome {
        // Only what the caller set, not what the test itself has.
        let own: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.map(Into::into))).collect();
        command.env_clear();
        for (name, value) in own {
            let value: OsString = value.unwrap_or_default();
            command.env(name, value);
        }
        let output = command
            .args(line.iter().map(AsRef::as_ref))
            .current_dir(self.work())
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([("HOME", self.work().as_os_str()), ("HOSTV", "hv".as_ref())])
            .env("DOCKER_HOST", format!("unix://{}", self.engine.socket().display()))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .expect("the docker CLI must be on PATH: it is what credrun is compared with");
        let asked = self.engine.take().into_iter();
        let asked = asked.map(|asked| Asked { body: self.without_work(&asked.body), ..asked });
        Outcome {
            asked: asked.map(normal::request).collect(),
            code: output.status.code().unwrap_or(-1),
            said: self.without_places(&String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// With `$WORK` for the working directory, so that benches can be compared.
    fn without_work(&self, body: &Value) -> Value {
        serde_json::from_str(&self.without_places(&body.to_string())).expect("still JSON")
    }

    fn without_places(&self, text: &str) -> String {
        let work = self.work();
        let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        text.replace(&path(&work), "$WORK").replace(&path(work.parent().expect("a parent")), "$PARENT")
    }

    /// What both programs are given beside the line.
    pub fn surroundings(&self) -> String {
        let config = fs::read_to_string(self.work().join(".docker/config.json"));
        format!("{:?} {config:?}", self.variables)
    }

    /// Whether a table of flags makes of a line, without a process, what docker made of it.
    pub fn agrees<S: AsRef<str>>(&self, table: Table, line: &[S], docker: &Outcome) -> bool {
        // Where docker crashed there is nothing to agree with, and a file that cannot be written is found only by
        // the program.
        if matches!(docker.code, 2 | 126 | 127) {
            return true;
        }
        match (resolved(table, line, &self.work(), self.api()), docker.create()) {
            (Ok(request), Some(create)) => {
                let spec = request.spec;
                let query = [("name", &spec.name), ("platform", &spec.platform)];
                let query =
                    query.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
                let body = normal::body(self.without_work(&Value::Object(spec.body().clone())));
                query.collect::<Vec<_>>() == create.query && body == create.body
            }
            (Err(error), None) if error.to_string() == HELP => docker.code == 0,
            (Err(error), None) => i32::from(exit_code::of_error(&error)) == docker.code,
            _ => false,
        }
    }
}

/// Stands for the help, which asks for nothing and ends with 0.
const HELP: &str = "help";

fn resolved<S: AsRef<str>>(
    table: Table,
    line: &[S],
    work: &Path,
    api: (u16, u16),
) -> Result<request::RunRequest> {
    let words = ["run", "--rm"].into_iter().chain(line.iter().map(AsRef::as_ref));
    let argv: Vec<OsString> = words.map(Into::into).collect();
    let parsed = cli::parse_with(table, argv.clone());
    if parsed.is_err() {
        request::check_needs(&request::gates(&cli::before_mistake(table, argv)), api, "linux")?;
    }
    let Invocation::Run(cli) = parsed? else {
        return Err(Error::usage(HELP));
    };
    let environment = Environment::from_iter([("HOSTV", "hv")]);
    let gates = request::gates(&cli);
    let host = Host {
        environment: &environment,
        working_directory: work,
        stdin_is_terminal: false,
        console_size: None,
        docker_config: &DockerConfig::default(),
        daemon_host: "unix:///var/run/docker.sock",
    };
    let resolved = request::resolve(cli, &host);
    request::check_needs(&gates, api, "linux")?;
    let mut request = resolved?;
    request::fit_to_engine(&mut request, api, "linux")?;
    Ok(request)
}

/// The files that the command lines name.
fn write_files(work: &Path) {
    let line = |length: usize| format!("A={}\nB=1\n", "x".repeat(length - 2));
    fs::create_dir_all(work.join("testdata")).expect("a directory");
    for (name, content) in [
        ("there", b"".to_vec()),
        ("env.txt", b"# comment\n  LEFT=trimmed \nFROM_FILE=file\nFROM_FILE=again\nHOSTV\nNOWHERE\nE=\nQ=\"q\" # no\n".to_vec()),
        ("bom.txt", b"\xef\xbb\xbfA=1\n".to_vec()),
        ("space.txt", b"A B=1\n".to_vec()),
        ("noname.txt", b"A=1\n=x\n".to_vec()),
        ("binary.txt", b"A=\xff\n".to_vec()),
        ("crlf.txt", b"A=1\r\nB=2\r\n\r\n".to_vec()),
        ("longest.txt", line(65_535).into_bytes()),
        ("long.txt", line(65_536).into_bytes()),
        ("labels.txt", b"a=1\nb\nc=x=y\n# no\n a=2\n".to_vec()),
        ("seccomp.json", b"{ \"defaultAction\" : \"SCMP_ACT_ALLOW\",\n \"x\": [1.50, \"a b\"] }\n".to_vec()),
        ("bad.json", b"{ no".to_vec()),
        ("testdata/valid.env", b"ENV1=value1\n".to_vec()),
        ("testdata/valid.label", b"LABEL1=value1\n".to_vec()),
        ("testdata/utf8.env", b"\xef\xbb\xbfFOO=BAR\nHELLO=\xe6\x82\xa8\xe5\xa5\xbd\nBAR=FOO\n".to_vec()),
        ("testdata/utf16.env", b"\xff\xfeF\0O\0".to_vec()),
        ("testdata/utf16be.env", b"\xfe\xff\0F\0O".to_vec()),
    ] {
        fs::write(work.join(name), content).expect("a file in the temporary directory");
    }
}
