//! Images that this program makes: loading, looking at and removing them.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#tag/Image>.

use std::collections::HashMap;

use bollard::errors::Error::DockerResponseServerError;
use bollard::models::{ImageConfig, ImageInspect};
use bollard::query_parameters::{
    ImportImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptionsBuilder,
};
use bytes::Bytes;
use futures_util::StreamExt;

use super::Engine;
use crate::error::Result;

/// What an image is, and what of it a container inherits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// By which a container can be created, whatever its name comes to mean later.
    pub id: String,
    /// Docker's word for it, `amd64`.
    pub architecture: String,
    /// `linux`.
    pub os: String,
    /// The digests of its layers.
    pub layers: Vec<String>,
    /// `ENTRYPOINT`.
    pub entrypoint: Vec<String>,
    /// `CMD`.
    pub command: Vec<String>,
    /// `ENV`.
    pub environment: Vec<String>,
    /// `USER`.
    pub user: String,
    /// `EXPOSE`, `80/tcp`.
    pub exposed_ports: Vec<String>,
    /// `VOLUME`.
    pub volumes: Vec<String>,
    /// Whether it has a `HEALTHCHECK`.
    pub has_healthcheck: bool,
}

/// An image of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedImage {
    /// Its id.
    pub id: String,
    /// The names that it has.
    pub names: Vec<String>,
    /// When it was made, as it says itself, in seconds of Unix time.
    pub created_unix: i64,
}

impl Engine {
    /// `GET /images/{name}/json`; `None` when the engine has no such image.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`].
    pub async fn image(&self, name: &str) -> Result<Option<ImageFacts>> {
        match self.docker.inspect_image(name).await {
            Ok(found) => Ok(Some(facts(found))),
            Err(DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    /// `POST /images/load`: the images of an archive as `docker save` makes one.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`], also for a failure that comes after the first progress.
    pub async fn load_images(&self, archive: Bytes) -> Result<()> {
        let options = ImportImageOptionsBuilder::new().quiet(true).build();
        let mut progress =
            std::pin::pin!(self.docker.import_image(options, bollard::body_full(archive), None));
        while let Some(message) = progress.next().await {
            message.map_err(|error| self.error(error).context("loading an image"))?;
        }
        Ok(())
    }

    /// `GET /images/json`: those with a label, whatever its value. Also those that have lost their name.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`].
    pub async fn images_labelled(&self, label: &str) -> Result<Vec<ListedImage>> {
        let filters = HashMap::from([("label", vec![label])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let images = self.docker.list_images(Some(options)).await.map_err(|error| self.error(error))?;
        let listed = images.into_iter().map(|image| {
            let names = image.repo_tags.into_iter().filter(|tag| !tag.contains("<none>")).collect();
            ListedImage { id: image.id, names, created_unix: image.created }
        });
        Ok(listed.collect())
    }

    /// `DELETE /images/{name}`, unless a container, running or not, uses it; false then, and when it is gone already.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`].
    pub async fn remove_unused_image(&self, name: &str) -> Result<bool> {
        let options = RemoveImageOptionsBuilder::new().force(false).build();
        match self.docker.remove_image(name, Some(options), None).await {
            Ok(_) => Ok(true),
            Err(DockerResponseServerError { status_code: 404 | 409, .. }) => Ok(false),
            Err(error) => Err(self.error(error)),
        }
    }
}

fn facts(found: ImageInspect) -> ImageFacts {
    let config = found.config.unwrap_or_default();
    ImageFacts {
        id: found.id.unwrap_or_default(),
        architecture: found.architecture.unwrap_or_default(),
        os: found.os.unwrap_or_default(),
        layers: found.root_fs.and_then(|root| root.layers).unwrap_or_default(),
        ..inherited(config)
    }
}

fn inherited(config: ImageConfig) -> ImageFacts {
    ImageFacts {
        entrypoint: config.entrypoint.unwrap_or_default(),
        command: config.cmd.unwrap_or_default(),
        environment: config.env.unwrap_or_default(),
        user: config.user.unwrap_or_default(),
        exposed_ports: config.exposed_ports.unwrap_or_default(),
        volumes: config.volumes.unwrap_or_default(),
        has_healthcheck: config.healthcheck.is_some(),
        ..ImageFacts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Docker leaves out, or says null, where an image exposes nothing.
    #[test]
    fn exposed_ports_are_the_names_of_an_object() {
        let read = |config| facts(serde_json::from_value(json!({ "Config": config })).expect("an image"));
        let mut ports = read(json!({"ExposedPorts": {"80/tcp": {}, "53/udp": {}}})).exposed_ports;
        ports.sort_unstable();
        assert_eq!(ports, ["53/udp", "80/tcp"]);
        for none in [json!({}), json!({"ExposedPorts": null}), json!(null)] {
            assert_eq!(read(none), ImageFacts::default());
        }
    }
}
