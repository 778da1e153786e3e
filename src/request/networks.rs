//! `--network` and the flags that belong to the first network.

use serde_json::{Map, Value, json};

use super::{EngineNeed, RunRequest};
use crate::cli::Cli;
use crate::cli::values::Parsed;
use crate::cli::values::network::{self, Attachment};
use crate::error::ErrorKind;
use crate::spec::ContainerSpec;

/// Sets the network mode and the endpoints. A single network without settings needs no endpoint: the engine
/// makes it.
pub(super) fn apply(cli: &Cli, request: &mut RunRequest) -> Parsed<()> {
    let mut attachments = attachments(cli)?;
    let is_default = attachments.is_empty();
    if is_default {
        attachments.push(Attachment { target: "default".into(), ..Attachment::default() });
    }
    add_settings(&mut attachments[0], cli)?;
    request.spec.set("HostConfig.NetworkMode", attachments[0].target.as_str());
    request.spec.object("NetworkingConfig.EndpointsConfig").clear();
    let only = !is_default && attachments.len() == 1;
    for attachment in &attachments {
        network::check(attachment)?;
        need_mac_address(attachment, request);
        if !(only && is_zero(&Value::Object(attachment.endpoint.clone()))) {
            add_endpoint(&mut request.spec, attachment)?;
        }
    }
    let user_defined = attachments.iter().filter(|attachment| attachment.is_user_defined()).count();
    if user_defined > 0 && user_defined < attachments.len() {
        return Err(
            "conflicting options: cannot attach both user-defined and non-user-defined network-modes".into(),
        );
    }
    Ok(())
}

fn attachments(cli: &Cli) -> Parsed<Vec<Attachment>> {
    cli.values("network").iter().map(|value| network::parse(value)).collect()
}

/// Puts the flags of the first network into its endpoint, where the long form of `--network` has not done so.
fn add_settings(first: &mut Attachment, cli: &Cli) -> Parsed<()> {
    let user_defined = first.is_user_defined();
    let endpoint = &mut first.endpoint;
    add_list(endpoint, "Aliases", cli.values("network-alias"), "--network-alias and per-network alias")?;
    // On the default bridge a link is of another kind, which `HostConfig.Links` alone makes.
    if user_defined && !cli.values("link").is_empty() {
        endpoint.insert("Links".into(), json!(cli.values("link")));
    }
    let mac_address = cli.last("mac-address").filter(|text| !text.is_empty());
    if let Some(text) = mac_address.filter(|text| !network::is_mac_address(text.trim())) {
        return Err(format!("`{text}` is not a valid mac address"));
    }
    add_text(endpoint, "MacAddress", mac_address, "--mac-address and per-network MAC address")?;
    let mut ipam = match endpoint.remove("IPAMConfig") {
        Some(Value::Object(ipam)) => ipam,
        _ => Map::new(),
    };
    add_text(&mut ipam, "IPv4Address", cli.last("ip"), "--ip and per-network IPv4 address")?;
    add_text(&mut ipam, "IPv6Address", cli.last("ip6"), "--ip6 and per-network IPv6 address")?;
    let both = "--link-local-ip and per-network link-local IP addresses";
    add_list(&mut ipam, "LinkLocalIPs", cli.values("link-local-ip"), both)?;
    if !ipam.is_empty() {
        endpoint.insert("IPAMConfig".into(), ipam.into());
    }
    Ok(())
}

fn add_text(to: &mut Map<String, Value>, field: &str, text: Option<&str>, both: &str) -> Parsed<()> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(()) };
    add(to, field, text.into(), both)
}

fn add_list(to: &mut Map<String, Value>, field: &str, items: &[String], both: &str) -> Parsed<()> {
    if items.is_empty() { Ok(()) } else { add(to, field, items.into(), both) }
}

fn add(to: &mut Map<String, Value>, field: &str, value: Value, both: &str) -> Parsed<()> {
    match to.insert(field.to_owned(), value) {
        Some(known) if !is_zero(&known) => Err(format!("conflicting options: cannot specify both {both}")),
        _ => Ok(()),
    }
}

/// Docker's client refuses it for older engines, also where `--mac-address` asks for it.
fn need_mac_address(attachment: &Attachment, request: &mut RunRequest) {
    if attachment.endpoint.get("MacAddress").is_some_and(|mac| mac != "") {
        request.needs.push(EngineNeed {
            what: "the MAC address of a network".into(),
            api: (1, 44),
            windows: false,
            kind: ErrorKind::Usage,
        });
    }
}

fn add_endpoint(spec: &mut ContainerSpec, attachment: &Attachment) -> Parsed<()> {
    let endpoints = spec.object("NetworkingConfig.EndpointsConfig");
    match endpoints.insert(attachment.target.clone(), attachment.endpoint.clone().into()) {
        Some(_) => Err(format!("network `{}` is specified multiple times", attachment.target)),
        None => Ok(()),
    }
}

/// Whether Go would have the value be its type's zero.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_zero),
    }
}
