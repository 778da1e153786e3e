//! The one table of flags. A flag is a row here and a test of its value's syntax; the grammar, `--help` and
//! what a run asks of the engine all come from it.
//!
//! Rows take effect in the table's order, which matters for `--env-file` before `--env` and for `--role-arn`
//! before the options that belong to it.

use super::values::{
    Parsed, attach, boolean, cpus, environment_variable, extra_host, integer, label, mount, network, pull,
    restart, size, ulimit,
};
use crate::error::{Error, Result};
use crate::request::{ApiVersion, Host, RunRequest, effects};

/// How many values a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// None: it is on, or `=false`.
    Switch,
    /// One; the last one given counts.
    Scalar,
    /// Any number.
    List,
}

/// Under which heading `--help` lists a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// credrun's own.
    Aws,
    /// The container as a whole.
    Container,
    /// Streams and signals.
    Streams,
    /// What it sees: variables, files.
    Content,
    /// Networks and ports.
    Network,
    /// Limits and rights.
    Limits,
}

/// What a flag does to the request.
#[derive(Clone, Copy)]
pub enum Effect {
    /// Sets the body's field at this path to true or false.
    Switch(&'static str),
    /// Sets it to the text.
    Text(&'static str),
    /// Sets it to the integer.
    Integer(&'static str),
    /// Sets it to the number of bytes.
    Size(&'static str),
    /// Anything else; called for each value, in their order (for the last one of a scalar).
    Each(fn(&mut RunRequest, &str, &Host<'_>) -> Parsed<()>),
    /// Anything else; gets all values at once.
    All(fn(&mut RunRequest, &[String], &Host<'_>) -> Parsed<()>),
    /// Nothing by itself: [`crate::request::resolve`] weighs it against other flags at the end.
    Weighed,
}

/// One row of the table.
pub struct Flag {
    /// The long name, without dashes.
    pub long: &'static str,
    /// The letter.
    pub short: Option<char>,
    /// Other long names, not listed in `--help`.
    pub aliases: &'static [&'static str],
    /// How many values.
    pub kind: Kind,
    /// The first version of the Engine API that has it.
    pub api: ApiVersion,
    /// The heading.
    pub topic: Topic,
    /// What the value is called.
    pub value: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    /// Checks a value's syntax.
    pub check: fn(&str) -> Parsed<()>,
    /// What it does to the request.
    pub effect: Effect,
}

impl Flag {
    /// `-m, --memory`, as messages name it.
    #[must_use]
    pub fn shown(&self) -> String {
        self.short.map_or_else(|| format!("--{}", self.long), |short| format!("-{short}, --{}", self.long))
    }

    /// Checks one value's syntax.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`], naming the flag, the value (unless it may be secret) and the cause.
    pub fn check_value(&self, value: &str) -> Result<()> {
        let check =
            if self.kind == Kind::Switch { |text: &str| boolean::parse(text).map(drop) } else { self.check };
        check(value).map_err(|cause| self.refuse(value, &cause))
    }

    /// The error for a value of this flag.
    #[must_use]
    pub fn refuse(&self, value: &str, cause: &str) -> Error {
        // The only list of values that are likely to be secrets.
        let value = if self.long == "env" { String::new() } else { format!("`{value}` ") };
        let error = Error::usage(format!("invalid argument {value}for `{}`: {cause}", self.shown()));
        if self.kind == Kind::Switch {
            return error.hint(format!("write `--{0}` or `--{0}=false`", self.long));
        }
        if self.long == "env-file" {
            return error
                .hint("it takes a file of `NAME=VALUE` lines; its path starts in the working directory");
        }
        error.hint(format!("it takes `--{} {}`; `credrun --help` lists the options", self.long, self.value))
    }
}

/// What a row has when it does not say otherwise.
const ROW: Flag = Flag {
    long: "",
    short: None,
    aliases: &[],
    kind: Kind::Scalar,
    api: (1, 41),
    topic: Topic::Container,
    value: "TEXT",
    help: "",
    check: |_| Ok(()),
    effect: Effect::Weighed,
};
const SWITCH: Flag = Flag { kind: Kind::Switch, value: "", ..ROW };
const LIST: Flag = Flag { kind: Kind::List, ..ROW };
const AWS: Flag = Flag { topic: Topic::Aws, ..ROW };

/// All flags.
pub static TABLE: &[Flag] = &[
    Flag {
        long: "profile",
        value: "NAME",
        help: "Take the credentials of this AWS profile",
        effect: Effect::Each(effects::profile),
        ..AWS
    },
    Flag {
        long: "region",
        value: "REGION",
        help: "Set the AWS region, for STS and in the container",
        effect: Effect::Each(effects::region),
        ..AWS
    },
    Flag {
        long: "role-arn",
        value: "ARN",
        help: "Assume this role first; the container gets the role's credentials",
        effect: Effect::Each(effects::role_arn),
        ..AWS
    },
    Flag {
        long: "role-session-name",
        value: "NAME",
        help: "Name the role's session (default: credrun- and a time stamp)",
        effect: Effect::Each(effects::role_session_name),
        ..AWS
    },
    Flag {
        long: "duration-seconds",
        value: "SECONDS",
        help: "Ask for a session of this length",
        effect: Effect::Each(effects::duration_seconds),
        ..AWS
    },
    Flag {
        long: "external-id",
        value: "ID",
        help: "Pass the external id that the role's trust policy asks for",
        effect: Effect::Each(effects::external_id),
        ..AWS
    },
    Flag {
        long: "verbose",
        help: "Say on stderr which credentials are used, terminal or not",
        effect: Effect::Each(effects::verbose),
        topic: Topic::Aws,
        ..SWITCH
    },
    Flag {
        long: "allow-insecure-engine",
        help: "Send credentials to an engine over unencrypted tcp",
        effect: Effect::Each(effects::allow_insecure_engine),
        topic: Topic::Aws,
        ..SWITCH
    },
    Flag {
        long: "cidfile",
        value: "FILE",
        help: "Write the container's id to a file",
        effect: Effect::Each(effects::cidfile),
        ..ROW
    },
    Flag {
        long: "entrypoint",
        value: "COMMAND",
        help: "Replace the image's entry point",
        effect: Effect::Each(effects::entrypoint),
        ..ROW
    },
    Flag { long: "help", help: "Print this help", ..SWITCH },
    Flag {
        long: "hostname",
        short: Some('h'),
        value: "NAME",
        help: "Set the container's host name",
        effect: Effect::Text("Hostname"),
        topic: Topic::Network,
        ..ROW
    },
    Flag {
        long: "init",
        help: "Run an init that forwards signals and reaps processes",
        effect: Effect::Switch("HostConfig.Init"),
        ..SWITCH
    },
    Flag {
        long: "label",
        short: Some('l'),
        value: "NAME[=VALUE]",
        help: "Label the container",
        check: |v| label::parse(v).map(drop),
        effect: Effect::Each(effects::label),
        ..LIST
    },
    Flag {
        long: "name",
        value: "NAME",
        help: "Name the container",
        effect: Effect::Each(effects::name),
        ..ROW
    },
    Flag {
        long: "platform",
        value: "OS[/ARCH[/VARIANT]]",
        help: "Set the platform (default: $DOCKER_DEFAULT_PLATFORM)",
        ..ROW
    },
    Flag {
        long: "pull",
        value: "always|missing|never",
        help: "Pull the image before the run (default: missing)",
        check: |v| pull::parse(v).map(drop),
        effect: Effect::Each(effects::pull),
        ..ROW
    },
    Flag {
        long: "quiet",
        short: Some('q'),
        help: "Show neither the pull nor the credentials' source",
        effect: Effect::Each(effects::quiet),
        ..SWITCH
    },
    Flag {
        long: "restart",
        value: "POLICY[:COUNT]",
        help: "Restart the container when it ends (no, on-failure, always, unless-stopped)",
        check: |v| restart::parse(v).map(drop),
        ..ROW
    },
    Flag {
        long: "rm",
        help: "Remove the container when it ends (implied, unless --rm=false or --restart)",
        ..SWITCH
    },
    Flag {
        long: "stop-timeout",
        value: "SECONDS",
        help: "Wait so long for it to stop before it is killed",
        check: |v| integer::parse(v).map(drop),
        effect: Effect::Integer("StopTimeout"),
        ..ROW
    },
    Flag {
        long: "attach",
        short: Some('a'),
        value: "stdin|stdout|stderr",
        help: "Attach to a stream",
        check: |v| attach::parse(v).map(drop),
        topic: Topic::Streams,
        ..LIST
    },
    Flag {
        long: "detach",
        short: Some('d'),
        help: "Run in the background and print the container's id",
        topic: Topic::Streams,
        ..SWITCH
    },
    Flag {
        long: "detach-keys",
        value: "KEYS",
        help: "Leave the container running on these keys (default: ctrl-p,ctrl-q)",
        topic: Topic::Streams,
        ..ROW
    },
    Flag {
        long: "interactive",
        short: Some('i'),
        help: "Keep stdin open",
        effect: Effect::Switch("OpenStdin"),
        topic: Topic::Streams,
        ..SWITCH
    },
    Flag {
        long: "sig-proxy",
        help: "Forward signals to the container (default: true)",
        effect: Effect::Each(effects::sig_proxy),
        topic: Topic::Streams,
        ..SWITCH
    },
    Flag {
        long: "tty",
        short: Some('t'),
        help: "Allocate a terminal",
        effect: Effect::Switch("Tty"),
        topic: Topic::Streams,
        ..SWITCH
    },
    Flag {
        long: "env-file",
        value: "FILE",
        help: "Read environment variables from a file",
        effect: Effect::Each(effects::env_file),
        topic: Topic::Content,
        ..LIST
    },
    Flag {
        long: "env",
        short: Some('e'),
        value: "NAME[=VALUE]",
        help: "Set an environment variable",
        check: |v| environment_variable::parse(v).map(drop),
        effect: Effect::All(effects::env),
        topic: Topic::Content,
        ..LIST
    },
    Flag {
        long: "mount",
        value: "type=TYPE,src=SOURCE,dst=TARGET[,...]",
        help: "Mount a file system",
        check: |v| mount::parse(v).map(drop),
        effect: Effect::Each(effects::mount),
        topic: Topic::Content,
        ..LIST
    },
    Flag {
        long: "tmpfs",
        value: "PATH[:OPTIONS]",
        help: "Mount a tmpfs",
        effect: Effect::Each(effects::tmpfs),
        topic: Topic::Content,
        ..LIST
    },
    Flag {
        long: "user",
        short: Some('u'),
        value: "NAME|UID[:GROUP|GID]",
        help: "Set the user",
        effect: Effect::Text("User"),
        topic: Topic::Content,
        ..ROW
    },
    Flag {
        long: "volume",
        short: Some('v'),
        value: "[SOURCE:]TARGET[:OPTIONS]",
        help: "Mount a directory or a volume",
        effect: Effect::All(effects::volume),
        topic: Topic::Content,
        ..LIST
    },
    Flag {
        long: "workdir",
        short: Some('w'),
        value: "PATH",
        help: "Set the working directory",
        effect: Effect::Text("WorkingDir"),
        topic: Topic::Content,
        ..ROW
    },
    Flag {
        long: "add-host",
        value: "NAME:ADDRESS",
        help: "Add a line to the container's /etc/hosts",
        check: |v| extra_host::parse(v).map(drop),
        effect: Effect::Each(effects::add_host),
        topic: Topic::Network,
        ..LIST
    },
    Flag {
        long: "network",
        aliases: &["net"],
        value: "NETWORK",
        help: "Connect to a network",
        check: |v| network::parse(v).map(drop),
        effect: Effect::All(effects::network),
        topic: Topic::Network,
        ..LIST
    },
    Flag {
        long: "publish",
        short: Some('p'),
        value: "[[IP:]PORT:]PORT[/PROTOCOL]",
        help: "Publish a port of the container on the host",
        effect: Effect::Each(effects::publish),
        topic: Topic::Network,
        ..LIST
    },
    Flag {
        long: "cpus",
        value: "NUMBER",
        help: "Limit CPUs",
        check: |v| cpus::parse(v).map(drop),
        effect: Effect::Each(effects::cpus),
        topic: Topic::Limits,
        ..ROW
    },
    Flag {
        long: "memory",
        short: Some('m'),
        value: "SIZE",
        help: "Limit memory",
        check: |v| size::parse(v).map(drop),
        effect: Effect::Size("HostConfig.Memory"),
        topic: Topic::Limits,
        ..ROW
    },
    Flag {
        long: "privileged",
        help: "Give the container all rights on the host",
        effect: Effect::Switch("HostConfig.Privileged"),
        topic: Topic::Limits,
        ..SWITCH
    },
    Flag {
        long: "read-only",
        help: "Mount the root file system read-only",
        effect: Effect::Switch("HostConfig.ReadonlyRootfs"),
        topic: Topic::Limits,
        ..SWITCH
    },
    Flag {
        long: "shm-size",
        value: "SIZE",
        help: "Set the size of /dev/shm",
        check: |v| size::parse(v).map(drop),
        effect: Effect::Size("HostConfig.ShmSize"),
        topic: Topic::Limits,
        ..ROW
    },
    Flag {
        long: "ulimit",
        value: "TYPE=SOFT[:HARD]",
        help: "Set a resource limit",
        check: |v| ulimit::parse(v).map(drop),
        effect: Effect::Each(effects::ulimit),
        topic: Topic::Limits,
        ..LIST
    },
];

/// The flag with this long name or alias.
#[must_use]
pub fn by_long(name: &str) -> Option<&'static Flag> {
    TABLE.iter().find(|flag| flag.long == name || flag.aliases.contains(&name))
}

/// The flag with this letter.
#[must_use]
pub fn by_short(letter: char) -> Option<&'static Flag> {
    TABLE.iter().find(|flag| flag.short == Some(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_rows_complete() {
        let mut names = BTreeSet::new();
        for flag in TABLE {
            for name in flag.aliases.iter().chain([&flag.long]) {
                assert!(names.insert((*name).to_owned()), "{name}");
            }
            assert!(flag.short.is_none_or(|short| names.insert(short.to_string())), "{}", flag.long);
            assert!(!flag.help.is_empty() && !flag.help.ends_with('.'), "{}", flag.long);
            assert_eq!(flag.kind == Kind::Switch, flag.value.is_empty(), "{}", flag.long);
        }
    }

    #[test]
    fn a_bad_variable_is_not_repeated() {
        let env = by_long("env").unwrap();
        let error = env.check_value("=hush").unwrap_err();
        assert!(!format!("{error} {error:?} {:?}", error.hints()).contains("hush"));
    }
}
