//! The agent's image: the program and nothing else, as an archive for `POST /images/load`.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/main/config.md>, and `docker save`'s `manifest.json`.

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::AgentProgram;
use crate::engine::ImageFacts;
use crate::error::{Error, ErrorKind, Result};

/// The image's name; its tag says what is in it. `localhost` is no registry that anything is pulled from.
pub const REPOSITORY: &str = "localhost/credrun-agent";

/// The label of all agent images. Not one that marks containers: those inherit their image's labels.
pub const LABEL: &str = "credrun.agent-image";

/// The program's path in its image.
pub const PATH: &str = "/credrun-agent";

/// `nobody`, by number: the image has no list of users.
pub const USER: &str = "65534:65534";

/// An image is dated when it is loaded, so that its age says how long it has been there. To whole ten minutes: those
/// who load it side by side then load the same one.
const DATE_STEP: i64 = 600;

/// The layer within the archive, whatever it is packed with.
const LAYER: &str = "layer.tar";

/// The image of one program.
#[derive(Debug, Clone)]
pub struct AgentImage {
    program: AgentProgram,
    config: Value,
    tag: String,
}

impl AgentImage {
    /// The image for engines of an architecture, by either of its names (`amd64`, `x86_64`).
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when this build has no agent for it.
    pub fn of(architecture: &str) -> Result<Self> {
        let program = AgentProgram::of(architecture).map_err(|why| {
            Error::new(ErrorKind::Refused, why).hint(
                "build credrun with the Rust target for that architecture, musl's for example, \
                 or leave out `--refresh`",
            )
        })?;
        let config = json!({
            "architecture": program.architecture,
            "os": "linux",
            "config": {
                "Entrypoint": [PATH],
                "Labels": { (LABEL): env!("CARGO_PKG_VERSION") },
                "StopSignal": "SIGKILL",
                "User": USER,
            },
            "rootfs": { "type": "layers", "diff_ids": [program.diff_id] },
        });
        let tag = hex(&Sha256::digest(config.to_string()))[..32].to_owned();
        Ok(Self { program, config, tag })
    }

    /// `localhost/credrun-agent:…`, with a tag that follows from the content.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{REPOSITORY}:{}", self.tag)
    }

    /// Whether the engine's image has this layer and this configuration, and nothing else that would change what runs.
    #[must_use]
    pub fn is(&self, found: &ImageFacts) -> bool {
        let config = &self.config["config"];
        found.layers == [self.program.diff_id]
            && found.os == "linux"
            && found.architecture == self.program.architecture
            && found.entrypoint == [PATH]
            && found.command.is_empty()
            && found.environment.is_empty()
            && found.volumes.is_empty()
            && found.exposed_ports.is_empty()
            && !found.has_healthcheck
            && config["User"] == found.user.as_str()
    }

    /// The archive that an engine loads, dated `now`.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for a moment that no calendar has.
    pub fn archive(&self, now: OffsetDateTime) -> Result<Bytes> {
        let config = self.dated(now)?.to_string();
        let name = format!("{}.json", hex(&Sha256::digest(&config)));
        let manifest = json!([{ "Config": name, "RepoTags": [self.name()], "Layers": [LAYER] }]).to_string();
        let mut archive = tar::Builder::new(Vec::with_capacity(self.program.layer.len() + 8192));
        let files: [(&str, &[u8]); 3] =
            [(&name, config.as_bytes()), (LAYER, self.program.layer), ("manifest.json", manifest.as_bytes())];
        for (path, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, path, content).map_err(packing)?;
        }
        Ok(archive.into_inner().map_err(packing)?.into())
    }

    fn dated(&self, now: OffsetDateTime) -> Result<Value> {
        let seconds = now.unix_timestamp();
        let whole =
            now.replace_nanosecond(0).map_err(packing)? - Duration::seconds(seconds.rem_euclid(DATE_STEP));
        let created = whole.to_offset(time::UtcOffset::UTC).format(&Rfc3339).map_err(packing)?;
        let mut config = self.config.clone();
        config["created"] = json!(created);
        config["history"] = json!([{ "created": created, "created_by": "credrun" }]);
        Ok(config)
    }
}

fn packing(error: impl Into<anyhow::Error>) -> Error {
    Error::caused(ErrorKind::Refused, error).context("packing the agent's image")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(all(test, target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use super::*;

    fn image() -> AgentImage {
        AgentImage::of(std::env::consts::ARCH).expect("one is built")
    }

    fn at(unix: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(unix).expect("a moment")
    }

    fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(archive);
        let entries = archive.entries().expect("entries").map(|entry| {
            let mut entry = entry.expect("an entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            (entry.path().expect("a path").display().to_string(), content)
        });
        entries.collect()
    }

    #[test]
    fn the_archive_is_whole_and_its_digests_are_right() {
        let image = image();
        let files = files(&image.archive(at(1_728_549_858)).expect("an archive"));
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("json");
        assert_eq!(manifest[0]["RepoTags"], json!([image.name()]));
        let path = manifest[0]["Config"].as_str().expect("a path");
        let config: Value = serde_json::from_slice(&files[path]).expect("json");
        assert_eq!(path, format!("{}.json", hex(&Sha256::digest(&files[path]))));
        let mut layer = Vec::new();
        flate2::read::GzDecoder::new(&files["layer.tar"][..])
            .read_to_end(&mut layer)
            .expect("a packed layer");
        assert_eq!(config["rootfs"]["diff_ids"], json!([format!("sha256:{}", hex(&Sha256::digest(&layer)))]));
        assert_eq!(config["created"], "2024-10-10T08:40:00Z");
        let inner = self::files(&layer);
        assert_eq!(inner.keys().collect::<Vec<_>>(), ["credrun-agent"]);
        assert_eq!(inner["credrun-agent"], crate::agent::tests::executable(image.program));
    }

    #[test]
    fn the_tag_follows_from_the_content_and_not_from_the_date() {
        let (one, other) = (image(), image());
        assert_eq!(one.name(), other.name());
        let archive = |unix| one.archive(at(unix)).expect("an archive");
        assert_eq!(archive(1_728_549_600), archive(1_728_550_199));
        assert_ne!(archive(1_728_549_600), archive(1_728_550_200));
    }

    #[test]
    fn an_image_that_is_another_is_told() {
        let image = image();
        let same = ImageFacts {
            id: "sha256:1".into(),
            architecture: image.program.architecture.into(),
            os: "linux".into(),
            layers: vec![image.program.diff_id.into()],
            entrypoint: vec![PATH.into()],
            user: USER.into(),
            ..ImageFacts::default()
        };
        assert!(image.is(&same));
        let others: [fn(&mut ImageFacts); 9] = [
            |found| found.layers.push("sha256:2".into()),
            |found| found.layers = vec!["sha256:2".into()],
            |found| found.entrypoint = vec!["/bin/sh".into()],
            |found| found.command = vec!["x".into()],
            |found| found.user = "0".into(),
            |found| found.environment = vec!["MALLOC_CHECK_=1".into()],
            |found| found.architecture = "s390x".into(),
            |found| found.volumes = vec!["/data".into()],
            |found| found.has_healthcheck = true,
        ];
        for (index, change) in others.into_iter().enumerate() {
            let mut found = same.clone();
            change(&mut found);
            assert!(!image.is(&found), "change {index}");
        }
    }

    #[test]
    fn an_architecture_without_an_agent_is_refused() {
        let error = AgentImage::of("riscv64").expect_err("there is none");
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.hints()[0].contains("--refresh"), "{:?}", error.hints());
    }
}
