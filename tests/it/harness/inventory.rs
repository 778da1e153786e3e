//! What there is on an engine, asked over its socket: many questions in the time of one `docker`.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// An engine's API.
pub struct Api {
    socket: PathBuf,
}

/// A container that there is.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `running`, `created`, …
    pub state: String,
    /// The process that looks after it, by the label of `--refresh`.
    pub owner: Option<u32>,
    /// Whether it is an agent.
    pub is_agent: bool,
}

/// All that an engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Names and states.
    pub containers: BTreeSet<String>,
    /// Names.
    pub networks: BTreeSet<String>,
    /// Names.
    pub volumes: BTreeSet<String>,
    /// Names, or ids of those without.
    pub images: BTreeSet<String>,
}

impl Api {
    /// That of the engine with this socket.
    pub fn at(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
    }

    /// What it answers; `None` when it does not, or refuses.
    pub fn get(&self, path: &str) -> Option<Value> {
        let mut engine = UnixStream::connect(&self.socket).ok()?;
        write!(engine, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        engine.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let is_ok = answer[..end].split(|byte| *byte == b' ').nth(1) == Some(b"200");
        is_ok.then(|| serde_json::from_slice(&answer[end + 4..]).ok()).flatten()
    }

    /// Its containers; `None` when it does not answer.
    pub fn containers(&self) -> Option<Vec<Found>> {
        Some(self.get("/containers/json?all=1")?.as_array()?.iter().map(Found::of).collect())
    }

    /// All that it has; `None` when it does not answer.
    pub fn inventory(&self) -> Option<Inventory> {
        let containers =
            self.containers()?.into_iter().map(|found| format!("{} {}", found.name, found.state));
        let images = self.get("/images/json?all=1")?;
        let image = |image: &Value| {
            let name = image["RepoTags"][0].as_str().filter(|name| *name != "<none>:<none>");
            text(name.map_or(&image["Id"], |_| &image["RepoTags"][0]))
        };
        let names =
            |all: &Value| all.as_array().into_iter().flatten().map(|one| text(&one["Name"])).collect();
        Some(Inventory {
            containers: containers.collect(),
            networks: names(&self.get("/networks")?),
            volumes: names(&self.get("/volumes")?["Volumes"]),
            images: images.as_array()?.iter().map(image).collect(),
        })
    }
}

impl Found {
    fn of(container: &Value) -> Self {
        let label = |name: &str| container["Labels"][name].as_str().filter(|text| !text.is_empty());
        Self {
            id: text(&container["Id"]),
            name: text(&container["Names"][0]).trim_start_matches('/').to_owned(),
            state: text(&container["State"]),
            owner: label("credrun.owner").and_then(|owner| owner.split(' ').nth(2)?.parse().ok()),
            is_agent: label("credrun.agent").is_some(),
        }
    }
}

impl Inventory {
    /// How many containers, networks, volumes and images there are.
    pub fn counts(&self) -> [usize; 4] {
        [self.containers.len(), self.networks.len(), self.volumes.len(), self.images.len()]
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
