//! One run as two containers: the agent, which gets what belongs to the network, and the target, which joins it and gets
//! all the rest.
//!
//! Which half a flag belongs to is the column [`Place`](crate::cli::flags::Place) of the flag table. What engines make of
//! the halves was seen on Docker 20.10 and Podman 4.3; `tests/it/halves.rs` holds them against one container of
//! `docker run`. Where the two cannot be as one:
//! - ports and networks are the agent's: `docker port` and `docker network connect` have to name it;
//! - a container that is given no host name has the agent's id as its name, where it would have its own;
//! - other containers of a network of the user's find it by its `--name` and by its aliases, but not by its own id, nor by
//!   the name that the engine makes up for one without a `--name`.

mod agent;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::cli::flags::{self, TABLE};
use crate::engine::{DetachKeys, ImageFacts};
use crate::error::{Error, ErrorKind, Result};
use crate::refresh::engine_facts::EngineFacts;
use crate::refresh::labels;
use crate::request::{ApiVersion, RunRequest};
use crate::spec::ContainerSpec;

/// The port of the endpoint where the run has a network namespace of its own. SDKs send their monitoring to 31000.
pub const PORT: u16 = 31001;
/// The first version of the API that creates a container on several networks.
const SEVERAL_NETWORKS: ApiVersion = (1, 44);
/// The endpoints of the networks, by the network's name.
const ENDPOINTS: &str = "NetworkingConfig.EndpointsConfig";
const NETWORK_MODE: &str = "HostConfig.NetworkMode";
const SYSCTLS: &str = "HostConfig.Sysctls";
/// What is the agent's and not the target's (`Place::Agent`), beside the networks.
const AGENTS: [&str; 5] = [
    "ExposedPorts",
    "HostConfig.PortBindings",
    "HostConfig.PublishAllPorts",
    "HostConfig.ExtraHosts",
    "HostConfig.Links",
];
/// The same; the target is left with empty lists, as any container that joins another's network.
const AGENTS_LISTS: [&str; 3] = ["HostConfig.Dns", "HostConfig.DnsOptions", "HostConfig.DnsSearch"];
/// `Place::Inherited`.
const INHERITED: [&str; 2] = ["Hostname", "Domainname"];
/// `Place::Both`. With the host's own host name, `--hostname` has to fail at the agent, which has it.
const BOTH: [&str; 3] = ["HostConfig.UTSMode", "HostConfig.UsernsMode", "HostConfig.Runtime"];

/// Where the agent serves, on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointPort {
    /// On this port: the namespace is the run's own, and neither the image nor the user names it.
    Fixed(u16),
    /// On one that is free, which the agent finds: others live in that namespace. It is known once the agent is up, so
    /// that the agent has to be started before the target is created.
    Free,
}

/// The requests for the two containers.
#[derive(Debug, Clone)]
pub struct Halves {
    agent: ContainerSpec,
    target: ContainerSpec,
    joins: bool,
    is_named_after_agent: bool,
    /// Where the endpoint of the credentials is.
    pub port: EndpointPort,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl Halves {
    /// The request for the agent, of the image with this id. Its name, labels and command are the caller's to add.
    #[must_use]
    pub fn agent(&self, image_id: &str) -> ContainerSpec {
        let mut spec = self.agent.clone();
        image_id.clone_into(&mut spec.image);
        spec.set("Image", image_id);
        spec
    }

    /// Whose network the target has.
    #[must_use]
    pub fn network(&self) -> labels::Network {
        if self.joins { labels::Network::Agents } else { labels::Network::Shared }
    }

    /// The request for the target, which joins the network of the agent with this id. Where both are on the network of
    /// the host or of another container, that is the target's own already, and the id is not used.
    #[must_use]
    pub fn target(&self, agent_id: &str) -> ContainerSpec {
        let mut spec = self.target.clone();
        if self.joins {
            spec.set(NETWORK_MODE, format!("container:{agent_id}"));
        }
        if self.is_named_after_agent {
            spec.set("Hostname", agent_id.get(..12).unwrap_or(agent_id));
        }
        spec
    }
}

/// The request for an agent of its own in this network mode, without a target.
pub(crate) fn agent_in(network_mode: &str, facts: &EngineFacts) -> ContainerSpec {
    let mut spec = agent::spec(facts);
    spec.set(NETWORK_MODE, network_mode);
    spec
}

/// Whose network namespace a run is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    /// One of its own, on one of the engine's networks or on none.
    Engines,
    /// One of its own, on networks that a user made: containers have names there.
    Users,
    /// The host's, or another container's.
    Shared,
}

impl Network {
    /// By the network mode. Podman has modes of its own, which look like a network's name.
    fn of(mode: &str, facts: &EngineFacts) -> Self {
        let kind = mode.split(':').next().unwrap_or_default();
        match kind {
            "host" | "container" => Self::Shared,
            "ns" if facts.is_podman => Self::Shared,
            "podman" | "private" | "slirp4netns" | "pasta" if facts.is_podman => Self::Engines,
            "default" | "bridge" | "none" => Self::Engines,
            _ => Self::Users,
        }
    }
}

/// Splits a run, whose image the engine has.
///
/// # Errors
/// [`ErrorKind::Usage`] for a flag or a runtime that does not go together with `--refresh`, [`ErrorKind::Refused`] for
/// an engine of Windows containers.
pub fn split(request: &RunRequest, facts: &EngineFacts, image: &ImageFacts) -> Result<Halves> {
    let spec = &request.spec;
    let network = Network::of(text(spec, NETWORK_MODE), facts);
    check(request, facts, network)?;
    let mut agent = agent::spec(facts);
    BOTH.into_iter().for_each(|path| copy(spec, &mut agent, path));
    if network == Network::Shared {
        return Ok(shared(spec, agent));
    }
    let mut target = spec.clone();
    hand_over(&mut target, &mut agent, facts);
    if network == Network::Users {
        add_name(&mut agent, spec.name.as_deref());
    }
    publish_all(&mut agent, image);
    // Podman would name it after its own id, and put that into the namespace's /etc/hosts with 127.0.0.1, where a server
    // that listens on its host's name would be out of reach.
    let is_named_after_agent =
        facts.is_podman && text(spec, "Hostname").is_empty() && text(spec, "HostConfig.UTSMode") != "host";
    let port = free_port(spec, image);
    Ok(Halves { agent, target, joins: true, is_named_after_agent, port, warnings: Vec::new() })
}

/// Both join the namespace that is there already: the target stays as it is.
fn shared(spec: &ContainerSpec, mut agent: ContainerSpec) -> Halves {
    let mode = text(spec, NETWORK_MODE);
    agent.set(NETWORK_MODE, mode);
    let warning = format!(
        "`--network {mode}`: whoever is on that network reaches the endpoint of the credentials, and its token alone \
         keeps them out"
    );
    Halves {
        agent,
        target: spec.clone(),
        joins: false,
        is_named_after_agent: false,
        port: EndpointPort::Free,
        warnings: vec![warning],
    }
}

/// What cannot be done for two containers.
fn check(request: &RunRequest, facts: &EngineFacts, network: Network) -> Result<()> {
    let spec = &request.spec;
    if facts.os == "windows" {
        let message =
            "`--refresh` needs an engine that runs Linux containers, and this one runs Windows containers";
        return Err(Error::new(ErrorKind::Refused, message).hint("leave `--refresh` out"));
    }
    check_runtime(text(spec, "HostConfig.Runtime"), facts)?;
    check_flags(request)?;
    if spec.get("HostConfig.Links").is_some() && network == Network::Engines {
        return Err(refuse("link"));
    }
    let endpoints = spec.get(ENDPOINTS).and_then(Value::as_object).map_or(0, Map::len);
    // Podman takes several at any version.
    if endpoints > 1 && facts.api < SEVERAL_NETWORKS && !facts.is_podman {
        let message =
            "several networks need an engine with API 1.44: this one creates a container on one network only";
        return Err(Error::usage(message).hint("leave all but one `--network` out"));
    }
    Ok(())
}

/// What cannot be done on any engine.
///
/// # Errors
/// [`ErrorKind::Usage`], naming the flag and the reason.
pub(crate) fn check_flags(request: &RunRequest) -> Result<()> {
    let restarts = !matches!(text(&request.spec, "HostConfig.RestartPolicy.Name"), "" | "no");
    let has_keys = matches!(request.client.detach_keys_text, DetachKeys::Written(_));
    let given = [(restarts, "restart"), (!request.client.auto_remove, "rm"), (has_keys, "detach-keys")];
    given.into_iter().find(|(given, _)| *given).map_or(Ok(()), |(_, long)| Err(refuse(long)))
}

/// The agent gets the target's runtime, so that it is enough to look at that one.
fn check_runtime(given: &str, facts: &EngineFacts) -> Result<()> {
    let (runtime, whose) = match given {
        "" => (facts.default_runtime.as_str(), "the engine's default runtime"),
        given => (given, "the runtime"),
    };
    if !facts.is_sandbox(runtime) {
        return Ok(());
    }
    let message = format!(
        "`--refresh` does not work with {whose} `{runtime}`: each of its containers has a loopback of its own, so that \
         none reaches the endpoint of the credentials"
    );
    Err(Error::usage(message)
        .hint("leave `--refresh` out, or choose another `--runtime`, for example `--runtime runc`"))
}

/// The error for a flag that the table refuses.
fn refuse(long: &str) -> Error {
    let reason = flags::by_long(TABLE, long).and_then(|flag| flag.place.refusal()).unwrap_or_default();
    let shown = if long == "rm" { "rm=false" } else { long };
    Error::usage(format!("`--refresh` and `--{shown}` do not go together: {reason}")).hint("leave either out")
}

/// Moves the network half, and copies what the target has as well. The target is left as a container is that
/// `docker run --network container:X` asks for.
fn hand_over(target: &mut ContainerSpec, agent: &mut ContainerSpec, facts: &EngineFacts) {
    for path in AGENTS.into_iter().chain(AGENTS_LISTS).chain([NETWORK_MODE, ENDPOINTS]) {
        if let Some(value) = target.take(path) {
            agent.set(path, value);
        }
    }
    AGENTS_LISTS.into_iter().for_each(|path| target.set(path, json!([])));
    target.set(ENDPOINTS, json!({}));
    for path in INHERITED {
        copy(target, agent, path);
        if !facts.is_podman {
            target.take(path);
        }
    }
    hand_over_parameters(target, agent);
}

/// `Place::Parameter`.
fn hand_over_parameters(target: &mut ContainerSpec, agent: &mut ContainerSpec) {
    let Some(Value::Object(all)) = target.take(SYSCTLS) else { return };
    let (networks, others): (Map<_, _>, Map<_, _>) =
        all.into_iter().partition(|(name, _)| name.starts_with("net."));
    for (spec, part) in [(agent, networks), (target, others)] {
        if !part.is_empty() {
            spec.set(SYSCTLS, part);
        }
    }
}

/// Lets the networks know the target's name. The engine's own networks refuse such names.
fn add_name(agent: &mut ContainerSpec, name: Option<&str>) {
    let Some(name) = name else { return };
    let mode = text(agent, NETWORK_MODE).to_owned();
    let endpoints = agent.object(ENDPOINTS);
    if endpoints.is_empty() {
        endpoints.insert(mode, json!({}));
    }
    for endpoint in endpoints.values_mut().filter_map(Value::as_object_mut) {
        if let Value::Array(aliases) = endpoint.entry("Aliases").or_insert_with(|| json!([])) {
            aliases.push(name.into());
        }
    }
}

/// `--publish-all` is about the image's ports too, and the agent's image has none.
fn publish_all(agent: &mut ContainerSpec, image: &ImageFacts) {
    if agent.get("HostConfig.PublishAllPorts") == Some(&json!(true)) {
        let ports = agent.object("ExposedPorts");
        for port in &image.exposed_ports {
            ports.entry(port.as_str()).or_insert_with(|| json!({}));
        }
    }
}

/// A port that the target is not likely to listen on.
fn free_port(spec: &ContainerSpec, image: &ImageFacts) -> EndpointPort {
    let exposed = spec.get("ExposedPorts").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let taken: Vec<_> = exposed.chain(&image.exposed_ports).filter_map(|text| ports(text)).collect();
    let is_free = |port: &u16| !taken.iter().any(|(first, last)| (first..=last).contains(&port));
    (PORT..=u16::MAX).find(is_free).map_or(EndpointPort::Free, EndpointPort::Fixed)
}

/// First and last of `80/tcp`, `80` or `8000-8010/udp`.
fn ports(text: &str) -> Option<(u16, u16)> {
    let range = text.split('/').next()?;
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn copy(from: &ContainerSpec, to: &mut ContainerSpec, path: &str) {
    if let Some(value) = from.get(path) {
        to.set(path, value.clone());
    }
}

fn text<'a>(spec: &'a ContainerSpec, path: &str) -> &'a str {
    spec.get(path).and_then(Value::as_str).unwrap_or_default()
}
