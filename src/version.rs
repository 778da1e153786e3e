//! `credrun version`: what this program and the engine are.

use crate::engine::{Engine, EngineOptions};
use crate::environment::Environment;
use crate::error::Result;
use crate::refresh::sweep::Sweep;

/// The text for stdout: client first, then the engine. Nothing is hurried here: the sweep is waited for.
///
/// # Errors
/// [`crate::error::ErrorKind::Engine`] when no engine answers, after the client's part was returned in
/// [`client`].
pub async fn engine(options: &EngineOptions, environment: &Environment) -> Result<String> {
    let engine = Engine::of_options(options, environment).await?;
    let sweep = Sweep::begin(&engine);
    let version = engine.version().await;
    sweep.finish(Sweep::LONGEST).await;
    let version = version?;
    let (major, minor) = engine.api_version();
    Ok(format!(
        "Engine:\n Version:      {}\n API version:  {} (in use: {major}.{minor})\n OS/Arch:      {}\n Address:      {}",
        version.version,
        version.api_version,
        version.platform,
        engine.address(),
    ))
}

/// What this program is.
#[must_use]
pub fn client() -> String {
    format!(
        "Client: credrun\n Version:      {}\n OS/Arch:      {}/{}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}
