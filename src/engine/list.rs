//! What the engine has, by name: for completions, and for telling whether an image is there.

use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptions, ListNetworksOptions, ListVolumesOptions,
};

use super::Engine;
use crate::error::Result;

impl Engine {
    /// The tags of all images, `busybox:latest`.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`].
    pub async fn images(&self) -> Result<Vec<String>> {
        let images = self.docker.list_images(None::<ListImagesOptions>).await.map_err(|e| self.error(e))?;
        let tags = images.into_iter().flat_map(|image| image.repo_tags);
        Ok(tags.filter(|tag| !tag.contains("<none>")).collect())
    }

    /// The names of all containers, also of those that do not run.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`].
    pub async fn containers(&self) -> Result<Vec<String>> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let containers = self.docker.list_containers(Some(options)).await.map_err(|e| self.error(e))?;
        let names = containers.into_iter().filter_map(|container| container.names?.into_iter().next());
        Ok(names.map(|name| name.trim_start_matches('/').to_owned()).collect())
    }

    /// The names of all networks.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`].
    pub async fn networks(&self) -> Result<Vec<String>> {
        let networks =
            self.docker.list_networks(None::<ListNetworksOptions>).await.map_err(|e| self.error(e))?;
        Ok(networks.into_iter().filter_map(|network| network.name).collect())
    }

    /// The names of all volumes.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`].
    pub async fn volumes(&self) -> Result<Vec<String>> {
        let volumes =
            self.docker.list_volumes(None::<ListVolumesOptions>).await.map_err(|e| self.error(e))?;
        Ok(volumes.volumes.unwrap_or_default().into_iter().map(|volume| volume.name).collect())
    }

    /// Whether the engine has this image.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`] when it cannot tell.
    pub async fn has_image(&self, name: &str) -> Result<bool> {
        match self.docker.inspect_image(name).await {
            Ok(_) => Ok(true),
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
            Err(error) => Err(self.error(error)),
        }
    }
}
