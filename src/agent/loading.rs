//! The agent's image in an engine: brought there, checked, and removed when nobody needs it any more.

use time::{Duration, OffsetDateTime};

use super::image::{AgentImage, LABEL};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};

/// An image that is younger may have been loaded by another credrun that is about to use it. Twice the step in which
/// images are dated, so that it is ten minutes at least.
const YOUNG: Duration = Duration::minutes(20);

/// The agent's image in an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What containers are created from. Not the name: that can come to mean another image.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Whether it was there already.
    pub was_there: bool,
}

/// Makes sure that the engine has the agent's image for its architecture, and that it is ours: loads it when there is
/// none of its name, or when the one of its name is another. `now` is the date of an image that is loaded.
///
/// Another credrun may remove the image as an old one before a container is made of it: where the creation says that
/// there is no such image, call this once more.
///
/// # Errors
/// [`ErrorKind::Refused`] when the engine's containers are no Linux ones or this build has no agent for them;
/// [`ErrorKind::Engine`] when the engine refuses the image or makes another one of it.
pub async fn image_in(engine: &Engine, now: OffsetDateTime) -> Result<Loaded> {
    if engine.os_type() != "linux" {
        let os = engine.os_type();
        return Err(Error::new(
            ErrorKind::Refused,
            format!("the agent runs on Linux, and the engine is for `{os}`"),
        ));
    }
    let version = engine.version().await?;
    let architecture = version.platform.rsplit('/').next().unwrap_or_default();
    let image = AgentImage::of(architecture)?;
    if let Some(id) = find(engine, &image).await? {
        return Ok(Loaded { id, name: image.name(), was_there: true });
    }
    tracing::debug!(name = image.name(), "loading the agent's image");
    engine.load_images(image.archive(now)?).await?;
    let id = find(engine, &image).await?.ok_or_else(|| {
        let message = format!("the engine has made another image of `{}` than was loaded", image.name());
        Error::new(ErrorKind::Engine, message)
    })?;
    Ok(Loaded { id, name: image.name(), was_there: false })
}

async fn find(engine: &Engine, image: &AgentImage) -> Result<Option<String>> {
    let found = engine.image(&image.name()).await?;
    Ok(found.filter(|found| image.is(found)).map(|found| found.id))
}

/// Removes agent images that no container uses: those of other builds, and those that have lost their name. `current`
/// stays, and so do images that are younger than 20 minutes at `now`. Says how many are gone.
///
/// # Errors
/// [`ErrorKind::Engine`] when the engine does not list them. One that cannot be removed is left for the next time.
pub async fn remove_unused_images(engine: &Engine, current: &Loaded, now: OffsetDateTime) -> Result<usize> {
    let mut removed = 0;
    for image in engine.images_labelled(LABEL).await? {
        let is_current = same_id(&image.id, &current.id) || image.names.contains(&current.name);
        if is_current || now.unix_timestamp() - image.created_unix < YOUNG.whole_seconds() {
            continue;
        }
        match engine.remove_unused_image(&image.id).await {
            Ok(gone) => removed += usize::from(gone),
            Err(error) => tracing::debug!(%error, id = image.id, "an old agent image stays"),
        }
    }
    Ok(removed)
}

/// Podman leaves the digest's name out of some ids.
fn same_id(one: &str, other: &str) -> bool {
    let digits = |id: &str| id.trim_start_matches("sha256:").to_owned();
    digits(one) == digits(other)
}

#[cfg(all(test, target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests;
