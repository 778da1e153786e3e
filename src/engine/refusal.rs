//! What the engine refuses: with which exit code, and what to do about it.

use crate::error::{Error, ErrorKind};

/// The docker CLI takes the exit code of every refusal, not only of a start, from the text.
pub(super) fn response_error(message: &str) -> Error {
    let error =
        Error::new(refusal_kind(message), format!("error response from the engine: {}", message.trim()));
    match hint(message) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// What the engine's words mean for the command line.
fn hint(message: &str) -> Option<&'static str> {
    let has = |text: &str| message.contains(text);
    Some(if has("exec: \"-") {
        "options stand before the image; what follows it is the command that is run in the container"
    } else if has("executable file not found") || has(": no such file or directory: unknown") {
        "the image has no such command: is it spelt right? `--entrypoint sh IMAGE` lets you look around"
    } else if has(": permission denied: unknown") || has(": is a directory: unknown") {
        "it is in the image, and is no program that may be run"
    } else if has("mount path must be absolute") || has("invalid mount path") {
        "the path in the container starts with `/`, for example `--volume ./data:/data`"
    } else if has("invalid characters for a local volume name") {
        "a directory of the host starts with `./` or `/`; other names are those of volumes"
    } else if has("bind source path does not exist") {
        "make it first; with `--volume` in place of `--mount` the engine makes it"
    } else if has("network ") && has(" not found") {
        "`docker network ls` lists the networks"
    } else if has("is already in use by container") {
        "choose another `--name`, or remove that container: `docker rm NAME`"
    } else if has("port is already allocated") || has("address already in use") {
        "something else listens there: choose another port of the host with `--publish`"
    } else {
        return None;
    })
}

/// As the docker CLI reads it from the text (cli/command/container/run.go, `toStatusError`): the API has one
/// status for all of these.
fn refusal_kind(message: &str) -> ErrorKind {
    let has = |text: &str| message.contains(text);
    if has("executable file not found")
        || has("no such file or directory")
        || has("system cannot find the file specified")
    {
        ErrorKind::CommandNotFound
    } else if has("permission denied") || has("is a directory") {
        ErrorKind::CommandNotExecutable
    } else {
        ErrorKind::Engine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_errors_are_sorted_as_docker_sorts_them() {
        for (message, kind) in [
            ("exec: \"x\": executable file not found in $PATH: unknown", ErrorKind::CommandNotFound),
            ("exec: \"/x\": stat /x: no such file or directory: unknown", ErrorKind::CommandNotFound),
            ("exec: \"/etc\": permission denied: unknown", ErrorKind::CommandNotExecutable),
            ("exec: \"/etc\": is a directory: unknown", ErrorKind::CommandNotExecutable),
            ("driver failed programming external connectivity", ErrorKind::Engine),
        ] {
            assert_eq!(refusal_kind(message), kind, "{message}");
        }
    }
}
