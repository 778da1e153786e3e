//! `--env`, and the proxies that the Docker config has for containers.

use super::{Host, RunRequest};
use crate::cli::values::{Parsed, environment_variable};
use crate::docker_config::ProxyConfig;

/// Adds the variables. Of two with the same name the later one counts; a lone name takes the host's value; a
/// proxy's variable is added unless that name was given.
pub(super) fn apply(request: &mut RunRequest, values: &[String], host: &Host<'_>) -> Parsed<()> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for text in values {
        let (name, value) = environment_variable::parse(text)?;
        let value = value.or_else(|| host.environment.get(name));
        let entry = value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}"));
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some(slot) => slot.1 = entry,
            None => variables.push((name.to_owned(), entry)),
        }
    }
    let proxies = host.docker_config.proxies_for(host.daemon_host);
    for (name, value) in proxies.into_iter().flat_map(ProxyConfig::variables) {
        if !variables.iter().any(|(known, _)| *known == name) {
            let entry = format!("{name}={value}");
            variables.push((name, entry));
        }
    }
    variables.into_iter().for_each(|(_, entry)| request.spec.push("Env", entry));
    Ok(())
}
