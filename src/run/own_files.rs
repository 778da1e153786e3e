//! A look at what the container brings along before it starts, under `--refresh`.

use std::time::Duration;

use futures_util::future::join_all;

use crate::credentials::Secret;
use crate::engine::{Engine, ImageFacts};
use crate::injection::{OwnFile, OwnFiles};
use crate::spec::ContainerSpec;

/// So much of a file is read.
const LIMIT: usize = 64 << 10;
/// A mount that hangs is the start's to tell.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the user should know of credentials in files of a container that was created. One that cannot be looked at is no
/// reason to fail.
pub(super) async fn warnings(
    engine: &Engine,
    id: &str,
    spec: &ContainerSpec,
    image: &ImageFacts,
) -> Vec<String> {
    let Some(own) = OwnFiles::of(spec, image) else { return Vec::new() };
    let look = async {
        let users = if own.needs_users() { text(engine, id, "/etc/passwd").await } else { None };
        let mut files = own.files(users.as_ref().map(Secret::expose));
        // Most containers have no such folder, and each question costs the engine a mount of the container's files.
        if let [one, other] = &files[..]
            && one.folder() == other.folder()
            && !has(engine, id, one.folder()).await
        {
            files.clear();
        }
        let warning = async |file: &OwnFile| file.warning(text(engine, id, &file.path).await?.expose());
        join_all(files.iter().map(warning)).await
    };
    let found = tokio::time::timeout(PATIENCE, look).await.unwrap_or_default();
    found.into_iter().flatten().collect()
}

/// One that cannot be asked for may be there.
async fn has(engine: &Engine, id: &str, path: &str) -> bool {
    let found = engine.has_path(id, path).await;
    found
        .inspect_err(|error| tracing::debug!(%error, path, "a folder of the container cannot be looked at"))
        .unwrap_or(true)
}

async fn text(engine: &Engine, id: &str, path: &str) -> Option<Secret> {
    let found = engine.file_text(id, path, LIMIT).await;
    found
        .inspect_err(|error| tracing::debug!(%error, path, "a file of the container cannot be looked at"))
        .ok()?
}
