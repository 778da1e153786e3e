//! Flags that are none: which one was meant, and which ones docker has and credrun does not have yet.

use super::flags::TABLE;
use crate::error::Error;

/// The long names of `docker run` (28.2) that the table lacks.
const NOT_YET: [&str; 71] = [
    "annotation",
    "blkio-weight",
    "blkio-weight-device",
    "cap-add",
    "cap-drop",
    "cgroup-parent",
    "cgroupns",
    "cpu-count",
    "cpu-percent",
    "cpu-period",
    "cpu-quota",
    "cpu-rt-period",
    "cpu-rt-runtime",
    "cpu-shares",
    "cpuset-cpus",
    "cpuset-mems",
    "device",
    "device-cgroup-rule",
    "device-read-bps",
    "device-read-iops",
    "device-write-bps",
    "device-write-iops",
    "disable-content-trust",
    "dns",
    "dns-opt",
    "dns-option",
    "dns-search",
    "domainname",
    "expose",
    "gpus",
    "group-add",
    "health-cmd",
    "health-interval",
    "health-retries",
    "health-start-interval",
    "health-start-period",
    "health-timeout",
    "io-maxbandwidth",
    "io-maxiops",
    "ip",
    "ip6",
    "ipc",
    "isolation",
    "kernel-memory",
    "label-file",
    "link",
    "link-local-ip",
    "log-driver",
    "log-opt",
    "mac-address",
    "memory-reservation",
    "memory-swap",
    "memory-swappiness",
    "net-alias",
    "network-alias",
    "no-healthcheck",
    "oom-kill-disable",
    "oom-score-adj",
    "pid",
    "pids-limit",
    "publish-all",
    "runtime",
    "security-opt",
    "stop-signal",
    "storage-opt",
    "sysctl",
    "use-api-socket",
    "userns",
    "uts",
    "volume-driver",
    "volumes-from",
];

/// The error for `--name`.
pub fn long(name: &str) -> Error {
    if NOT_YET.contains(&name) {
        return not_yet(&format!("--{name}"));
    }
    let error = Error::usage(format!("unknown flag: `--{name}`"));
    match (name, nearest(name)) {
        ("version", _) => error.hint("`credrun version` tells versions"),
        (_, Some(known)) => error.hint(format!("did you mean `--{known}`?")),
        (_, None) => error.hint("`credrun --help` lists the options"),
    }
}

/// The error for the letter `short`, found at the start of `cluster`.
pub fn short(short: char, cluster: &str) -> Error {
    match short {
        'c' => not_yet("-c, --cpu-shares"),
        'P' => not_yet("-P, --publish-all"),
        _ => Error::usage(format!("unknown shorthand flag: `{short}` in `-{cluster}`"))
            .hint("`credrun --help` lists the options"),
    }
}

fn not_yet(flag: &str) -> Error {
    Error::usage(format!("`{flag}` is a flag of docker run that credrun does not support yet"))
        .hint("`credrun --help` lists the flags that it supports")
}

/// The known name that is most like `name`, if one is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let names = TABLE.iter().flat_map(|flag| std::iter::once(flag.long).chain(flag.aliases.iter().copied()));
    names
        .map(|known| (known, strsim::damerau_levenshtein(known, name)))
        .filter(|(known, distance)| *distance * 3 <= known.len().max(name.len()))
        .min_by_key(|(_, distance)| *distance)
        .map(|(known, _)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags;

    #[test]
    fn the_nearest_is_named() {
        for (name, known) in [
            ("nmae", "name"),
            ("volumes", "volume"),
            ("netwrok", "network"),
            ("role_arn", "role-arn"),
            ("environment", ""),
        ] {
            assert_eq!(nearest(name).unwrap_or_default(), known, "{name}");
        }
    }

    #[test]
    fn no_flag_is_both_known_and_not_yet() {
        for name in NOT_YET {
            assert!(flags::by_long(name).is_none(), "{name}");
            assert!(long(name).to_string().contains("does not support yet"), "{name}");
        }
    }
}
