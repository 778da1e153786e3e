//! The names of calls: which container or image they are about, in place of its id, and the how manyeth of its name.

use std::collections::HashMap;

/// What the ids mean that came up so far, and how often each call was made.
#[derive(Default)]
pub struct Names {
    /// Ids of containers that the engine has made, and what they are.
    containers: Vec<(String, &'static str)>,
    counts: HashMap<String, usize>,
}

impl Names {
    /// The name of the next call: `POST /containers/agent/start`, or `GET /images/agent/json again` for the second one.
    pub fn name(&mut self, method: &str, target: &str) -> String {
        let path = target.split('?').next().unwrap_or_default();
        let path = self.containers.iter().fold(path.to_owned(), |path, (id, role)| path.replace(id, role));
        let path = match (role(target), path.split('/').collect::<Vec<_>>().as_slice()) {
            (role, ["", "containers", "create"]) => format!("{path} {role}"),
            (role, ["", "images", .., "json"]) if path != "/images/json" => format!("/images/{role}/json"),
            _ => path,
        };
        let name = format!("{method} {path}");
        let count = self.counts.entry(name.clone()).or_default();
        *count += 1;
        match *count {
            1 => name,
            2 => format!("{name} again"),
            count => format!("{name} {count}"),
        }
    }

    /// The engine has answered that request for a container with this body.
    pub fn made(&mut self, target: &str, body: &[u8]) {
        let body: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        if let Some(id) = body.as_ref().and_then(|body| body["Id"].as_str()) {
            self.containers.push((id.to_owned(), role(target)));
        }
    }

    /// Every container that was made.
    pub fn containers(&self) -> &[(String, &'static str)] {
        &self.containers
    }
}

/// Whether a call is about what other runs have: a sweep looks at their containers, and at these containers' images.
pub fn is_others(call: &str) -> bool {
    let is_id = |part: &str| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    call.contains("/others/") || call.split('/').any(is_id)
}

fn role(target: &str) -> &'static str {
    if target.starts_with("/images/sha256:") || target.starts_with("/images/sha256%3A") {
        return "others";
    }
    if target.contains("credrun-agent") { "agent" } else { "target" }
}
