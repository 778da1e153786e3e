//! `--cidfile`: docker makes the file before it looks at the image, so that what keeps it from being made comes first.

use std::io;
use std::path::Path;

use super::RunRequest;
use crate::error::{Error, ErrorKind, Result};

/// Checks what can be told without making the file: it is not there, and the directory for it is.
pub(super) fn check(request: &RunRequest) -> Result<()> {
    let Some(path) = &request.client.cidfile else { return Ok(()) };
    if path.exists() {
        let given = request.spec.get("HostConfig.ContainerIDFile").and_then(|text| text.as_str());
        let given = given.unwrap_or_default();
        return Err(Error::usage(format!("`--cidfile`: container ID file found: `{given}` exists"))
            .hint(format!("make sure the other container isn't running, or delete `{given}`")));
    }
    can_hold(path).map_err(|cause| not_made(path, cause))
}

/// Whether a file can have this path, as open(2) tells it: the directory first, then a slash at the end.
fn can_hold(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(path);
    if !directory.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let ends_as_directory = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if ends_as_directory { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(()) }
}

/// Why the file is not made. docker takes the exit code of this, as of a failed start, from the text of the cause.
pub(crate) fn not_made(path: &Path, cause: io::Error) -> Error {
    let kind = match cause.kind() {
        io::ErrorKind::NotFound => ErrorKind::CommandNotFound,
        io::ErrorKind::IsADirectory | io::ErrorKind::PermissionDenied => ErrorKind::CommandNotExecutable,
        _ => ErrorKind::Usage,
    };
    Error::caused(kind, cause)
        .context(format!("failed to create the container ID file `{}`", path.display()))
        .hint("`--cidfile` takes a file in a directory that is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_open_would_say_is_told_before() {
        let folder = tempfile::tempdir().expect("tempdir");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "").expect("a file");
        for (name, expected) in [
            ("new", None),
            ("new/", Some(ErrorKind::CommandNotExecutable)),
            ("nowhere/new", Some(ErrorKind::CommandNotFound)),
            ("nowhere/new/", Some(ErrorKind::CommandNotFound)),
            ("file/new", Some(ErrorKind::Usage)),
        ] {
            let path = at(name);
            let told = can_hold(&path).map_err(|cause| not_made(&path, cause).kind());
            let opened = std::fs::File::create_new(&path).map_err(|cause| not_made(&path, cause).kind());
            assert_eq!(told.err(), expected, "{name}");
            assert_eq!(opened.err(), expected, "{name}");
        }
    }
}
