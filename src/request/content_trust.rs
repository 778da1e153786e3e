//! `--disable-content-trust` and `DOCKER_CONTENT_TRUST`: signatures, which credrun does not verify.
//!
//! Source: <https://docs.docker.com/engine/security/trust/>.

use super::Host;
use crate::cli::Cli;
use crate::cli::values::{self, boolean};
use crate::error::{Error, Result};

/// Docker would have a notary vouch for a tag. Running it without would be less than was asked for.
pub(super) fn check(cli: &Cli, host: &Host<'_>) -> Result<()> {
    let enabled = host.environment.non_empty("DOCKER_CONTENT_TRUST");
    let enabled = enabled.is_some_and(|text| boolean::parse(text).unwrap_or(true));
    let untrusted = cli.switch("disable-content-trust").unwrap_or(!enabled);
    if untrusted || cli.image.contains('@') || values::image::is_id(&cli.image) {
        return Ok(());
    }
    let setting = if cli.switch("disable-content-trust").is_some() {
        "--disable-content-trust=false"
    } else {
        "DOCKER_CONTENT_TRUST"
    };
    Err(Error::usage(format!(
        "`{setting}` asks for the signature of `{}`, and credrun verifies none",
        cli.image
    ))
    .hint("name the image by its digest, `name@sha256:…`, or leave that setting out"))
}
