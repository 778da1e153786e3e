//! The manual page, from the table of flags.

use std::fmt::Write;

use clap_mangen::Man;

use crate::cli::{help, subcommand};
use crate::error::{Error, ErrorKind, Result};

const REST: &str = r#".SH "EXIT STATUS"
The container's own; 125 when there is no container to have one, 126 for a command that cannot be executed, 127 for
one that is not there, 1 when the command line cannot be carried out here or the run was abandoned.
.SH ENVIRONMENT
Those of the AWS CLI (AWS_PROFILE, AWS_REGION, AWS_CONTAINER_CREDENTIALS_FULL_URI and others) and of the docker command
(DOCKER_HOST, DOCKER_CONTEXT, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_CONFIG, DOCKER_DEFAULT_PLATFORM,
DOCKER_API_VERSION, DOCKER_CUSTOM_HEADERS); CREDRUN_LOG for a log. For each of credrun's own options that is not given, a
variable stands in, such as CREDRUN_ROLE_ARN for \-\-role\-arn. Several values are split as a shell splits words. A variable of
blanks alone, one that is not UTF-8, and, where the container would get more without it, one that is empty or mistyped are
errors.
.SH "SEE ALSO"
.BR docker\-run (1),
.BR aws (1)
"#;

/// What credrun does beside running an image, with the flags that only these have.
fn subcommands() -> String {
    let mut text = String::from(".SH SUBCOMMANDS\n");
    for other in &subcommand::ALL {
        let _ = write!(text, ".SS {}\n{}.\n{}.\n", roff(other.usage), roff(other.about), roff(other.note));
        let own = other.table.first().map_or(&[][..], |section| section.rows);
        for flag in own.iter().filter(|flag| flag.long != "help") {
            let _ = write!(
                text,
                ".TP\n\\fB\\-\\-{}\\fR {}\n{}\n",
                roff(flag.long),
                roff(flag.value),
                roff(flag.help)
            );
        }
    }
    text
}

/// Text that roff takes for text.
fn roff(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}

/// The page as roff.
///
/// # Errors
/// [`ErrorKind::Abandoned`] when it cannot be written.
pub fn page() -> Result<String> {
    let mut page = Vec::new();
    let failed = |error: std::io::Error| Error::caused(ErrorKind::Abandoned, error);
    Man::new(help::command().version(env!("CARGO_PKG_VERSION"))).render(&mut page).map_err(failed)?;
    page.extend_from_slice(subcommands().as_bytes());
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
        for part in [r"credrun export", r"\-\-prefix", "CREDRUN_ROLE_ARN"] {
            assert!(page.contains(part), "{part}");
        }
        assert!(page.starts_with(".ie") && page.contains(".SH \"EXIT STATUS\""));
    }
}
