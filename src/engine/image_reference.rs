//! An image's name, taken apart as Docker does it.
//!
//! Source: <https://pkg.go.dev/github.com/distribution/reference>, `ParseNormalizedNamed` and `TagNameOnly`.
//! Only the splitting is done here; whether a name is well formed is the engine's to say.

/// A name with its registry, repository, and tag or digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    /// `docker.io` when the name has none.
    pub registry: String,
    /// `library/…` for Docker's own images.
    pub repository: String,
    /// The tag; `latest` when neither tag nor digest is given.
    pub tag: Option<String>,
    /// `sha256:…`.
    pub digest: Option<String>,
}

impl ImageReference {
    /// Takes a name apart. An image id or anything else that only the engine knows comes out as some name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let (name, digest) = match name.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (name, None),
        };
        let (path, tag) = split_tag(name);
        let (registry, repository) = split_registry(path);
        let tag = tag.or_else(|| digest.is_none().then(|| "latest".to_owned()));
        Self { registry, repository, tag, digest }
    }

    /// The name as the engine's `fromImage` takes it, `docker.io/library/busybox`.
    #[must_use]
    pub fn from_image(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// What goes into the pull's `tag`: the digest, where there is one.
    #[must_use]
    pub fn tag_or_digest(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or("latest")
    }

    /// The short form for messages, `busybox:latest`.
    #[must_use]
    pub fn familiar(&self) -> String {
        let official = self.registry == "docker.io";
        let path = match self.repository.strip_prefix("library/") {
            Some(short) if official && !short.contains('/') => short.to_owned(),
            _ if official => self.repository.clone(),
            _ => self.from_image(),
        };
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{path}{tag}{digest}")
    }
}

/// The tag is what follows a colon in the last component.
fn split_tag(name: &str) -> (&str, Option<String>) {
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[last..].split_once(':') {
        Some((end, tag)) => (&name[..last + end.len()], Some(tag.to_owned())),
        None => (name, None),
    }
}

/// The first component is a registry when it looks like a host.
fn split_registry(path: &str) -> (String, String) {
    let is_host =
        |part: &str| part.contains(['.', ':']) || part == "localhost" || part.chars().any(char::is_uppercase);
    let (registry, repository) = match path.split_once('/') {
        Some((first, rest)) if is_host(first) => (first, rest),
        _ => ("docker.io", path),
    };
    let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
    if registry == "docker.io" && !repository.contains('/') {
        (registry.to_owned(), format!("library/{repository}"))
    } else {
        (registry.to_owned(), repository.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_docker_does() {
        for (name, from_image, tag, familiar) in [
            ("busybox", "docker.io/library/busybox", "latest", "busybox:latest"),
            ("busybox:1", "docker.io/library/busybox", "1", "busybox:1"),
            ("amazon/aws-cli", "docker.io/amazon/aws-cli", "latest", "amazon/aws-cli:latest"),
            ("localhost/x", "localhost/x", "latest", "localhost/x:latest"),
            ("127.0.0.1:5000/a/b:t", "127.0.0.1:5000/a/b", "t", "127.0.0.1:5000/a/b:t"),
            ("docker.io/a/b", "docker.io/a/b", "latest", "a/b:latest"),
            ("index.docker.io/b", "docker.io/library/b", "latest", "b:latest"),
            ("a/b@sha256:00", "docker.io/a/b", "sha256:00", "a/b@sha256:00"),
        ] {
            let reference = ImageReference::parse(name);
            assert_eq!(reference.from_image(), from_image);
            assert_eq!(reference.tag_or_digest(), tag);
            assert_eq!(reference.familiar(), familiar);
        }
    }
}
