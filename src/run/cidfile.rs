//! `--cidfile`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::request;

/// `--cidfile`: taken before the run, written once the container is created, gone again when it is not.
pub(super) struct CidFile {
    path: PathBuf,
    file: fs::File,
    written: bool,
}

impl CidFile {
    pub(super) fn reserve(path: Option<&Path>) -> Result<Option<Self>> {
        let Some(path) = path else { return Ok(None) };
        match fs::File::create_new(path) {
            Ok(file) => Ok(Some(Self { path: path.to_owned(), file, written: false })),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Error::usage(format!(
                "container ID file found, make sure the other container isn't running or delete `{}`",
                path.display()
            ))),
            Err(error) => Err(request::cidfile::not_made(path, error)),
        }
    }

    pub(super) fn write(mut self, id: &str) -> Result<()> {
        self.file.write_all(id.as_bytes()).map_err(|error| {
            let message = format!("failed to write the container ID file `{}`", self.path.display());
            Error::caused(ErrorKind::Usage, error).context(message)
        })?;
        self.written = true;
        Ok(())
    }
}

impl Drop for CidFile {
    fn drop(&mut self) {
        if !self.written {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cidfile_is_taken_written_and_given_back() {
        let folder = tempfile::tempdir().expect("tempdir");
        let path = folder.path().join("cid");
        drop(CidFile::reserve(Some(&path)).expect("free"));
        assert!(!path.exists());
        CidFile::reserve(Some(&path)).expect("free").expect("asked for").write("abc").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "abc");
        let error = CidFile::reserve(Some(&path)).err().expect("taken");
        assert!(error.to_string().contains("container ID file found"), "{error}");
    }
}
