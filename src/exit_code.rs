//! The one table of exit codes: those of `docker run`
//! (<https://docs.docker.com/reference/cli/docker/container/run/#exit-status>).

use crate::error::{Error, ErrorKind};
use crate::session::ContainerExit;

/// The exit code that `docker run` would leave with for the same failure.
#[must_use]
pub fn of_error(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Usage | ErrorKind::Credentials | ErrorKind::Engine => 125,
        ErrorKind::CommandNotExecutable => 126,
        ErrorKind::CommandNotFound => 127,
        ErrorKind::Refused | ErrorKind::Abandoned => 1,
        ErrorKind::Interrupted(signal) => 128 + signal,
    }
}

/// The exit code of a run: the container's status, or 0 for one that goes on without us.
#[must_use]
pub fn of_run(exit: ContainerExit) -> u8 {
    match exit {
        ContainerExit::Status(status) => of_container(status),
        ContainerExit::Detached => 0,
    }
}

/// The exit code for a container's status: its low eight bits, as a shell sees it.
#[must_use]
pub fn of_container(status: i64) -> u8 {
    status.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_docker_run() {
        for (kind, code) in [
            (ErrorKind::Usage, 125),
            (ErrorKind::Credentials, 125),
            (ErrorKind::Engine, 125),
            (ErrorKind::CommandNotExecutable, 126),
            (ErrorKind::CommandNotFound, 127),
            (ErrorKind::Refused, 1),
            (ErrorKind::Abandoned, 1),
            (ErrorKind::Interrupted(2), 130),
        ] {
            assert_eq!(of_error(&Error::new(kind, "x")), code, "{kind:?}");
        }
    }

    #[test]
    fn a_status_is_taken_as_it_is() {
        for status in [0, 1, 42, 125, 137, 143, 255] {
            assert_eq!(i64::from(of_container(status)), status);
        }
    }
}
