//! The manual page, from the table of flags.

use clap_mangen::Man;

use crate::cli::help;
use crate::error::{Error, ErrorKind, Result};

const REST: &str = r#".SH "EXIT STATUS"
The container's own; 125 when there is no container to have one, 126 for a command that cannot be executed, 127 for
one that is not there, 1 when the command line cannot be carried out here or the run was abandoned.
.SH ENVIRONMENT
Those of the AWS CLI (AWS_PROFILE, AWS_REGION, AWS_CONTAINER_CREDENTIALS_FULL_URI and others) and of the docker command
(DOCKER_HOST, DOCKER_CONTEXT, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_CONFIG, DOCKER_DEFAULT_PLATFORM,
DOCKER_API_VERSION, DOCKER_CUSTOM_HEADERS); CREDRUN_LOG for a log.
.SH "SEE ALSO"
.BR docker\-run (1),
.BR aws (1)
"#;

/// The page as roff.
///
/// # Errors
/// [`ErrorKind::Abandoned`] when it cannot be written.
pub fn page() -> Result<String> {
    let mut page = Vec::new();
    let failed = |error: std::io::Error| Error::caused(ErrorKind::Abandoned, error);
    Man::new(help::command().version(env!("CARGO_PKG_VERSION"))).render(&mut page).map_err(failed)?;
    page.extend_from_slice(REST.as_bytes());
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_flag_is_in_it() {
        let page = super::page().expect("a page");
        for flag in crate::cli::flags::rows(crate::cli::flags::TABLE) {
            assert!(page.contains(&flag.long.replace('-', "\\-")), "{}", flag.long);
        }
        assert!(page.starts_with(".ie") && page.contains(".SH \"EXIT STATUS\""));
    }
}
