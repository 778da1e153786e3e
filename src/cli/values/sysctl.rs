//! `--sysctl`: `name=value`, of the parameters that belong to a namespace.

use super::Parsed;

const NAMES: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// The parameter's name and value.
///
/// # Errors
/// When there is no value, or Docker does not allow the parameter.
pub fn parse(text: &str) -> Parsed<(&str, &str)> {
    text.split_once('=')
        .filter(|(name, _)| {
            NAMES.contains(name) || name.starts_with("net.") || name.starts_with("fs.mqueue.")
        })
        .ok_or_else(|| {
            format!("sysctl `{text}` is not allowed: it takes net.*, fs.mqueue.* and {}", NAMES.join(", "))
        })
}

#[cfg(test)]
mod tests {
    #[test]
    fn table() {
        for (text, expected) in [
            ("net.a=1", Some(("net.a", "1"))),
            ("fs.mqueue.x=", Some(("fs.mqueue.x", ""))),
            ("kernel.sem=1 2=3", Some(("kernel.sem", "1 2=3"))),
            ("net.a", None),
            ("kernel.hostname=a", None),
            ("=1", None),
            ("", None),
        ] {
            assert_eq!(super::parse(text).ok(), expected, "{text}");
        }
    }
}
