//! What two requests may differ in and still be the same: the whole list.

use serde_json::{Map, Value};

use super::engine::Asked;

/// Fields whose presence says something even where their value is Go's zero.
const KEPT: [&str; 9] = [
    "Entrypoint",
    "MaskedPaths",
    "ReadonlyPaths",
    "Init",
    "StopTimeout",
    "Healthcheck",
    "MemorySwappiness",
    "OomKillDisable",
    "PidsLimit",
];

/// Maps whose keys are data: an empty value there is one.
const MAPS: [&str; 11] = [
    "Labels",
    "Tmpfs",
    "Volumes",
    "ExposedPorts",
    "EndpointsConfig",
    "Annotations",
    "Sysctls",
    "StorageOpt",
    "DriverOpts",
    "Options",
    "Config",
];

/// The variables that credrun is for, and those that it takes away from the image.
const CREDENTIALS: [&str; 16] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_ROLE_SESSION_NAME",
];

/// Headers that name the program (`User-Agent`) or only say how the message is sent.
const HEADERS: [&str; 5] = ["accept-encoding", "connection", "content-length", "host", "user-agent"];

/// A request without what may differ.
pub fn request(asked: Asked) -> Asked {
    let headers = asked.headers.into_iter().filter(|(name, _)| !HEADERS.contains(&name.as_str())).collect();
    Asked { headers, body: body(asked.body), ..asked }
}

/// A value without what is null or zero to Go, which reads nothing as that, and with the lists that docker makes of
/// a Go map, which has no order, in one order.
pub fn body(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().filter_map(field).collect::<Map<_, _>>()),
        Value::Array(items) => Value::Array(items.into_iter().map(body).collect()),
        other => other,
    }
}

fn field((name, value): (String, Value)) -> Option<(String, Value)> {
    if MAPS.contains(&name.as_str()) && value.is_object() {
        let entries = value.as_object().filter(|entries| !entries.is_empty() || name == "EndpointsConfig")?;
        let entries = entries.iter().map(|(key, value)| (key.clone(), body(value.clone())));
        return Some((name, Value::Object(entries.collect())));
    }
    let mut value = body(value);
    if let ("Env" | "Binds", Value::Array(items)) = (name.as_str(), &mut value) {
        items.retain(|item| !is_credentials(item));
        items.sort_by_key(ToString::to_string);
    }
    (!is_zero(&value) || (KEPT.contains(&name.as_str()) && !value.is_null())).then_some((name, value))
}

fn is_credentials(variable: &Value) -> bool {
    let name = variable.as_str().and_then(|text| text.split('=').next()).unwrap_or_default();
    CREDENTIALS.contains(&name)
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
