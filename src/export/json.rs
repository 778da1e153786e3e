//! The formats that are JSON objects. They hold every value.

use serde::Serialize;

use super::{Format, room};
use crate::credentials::{Credentials, Secret};
use crate::error::{Error, ErrorKind, Result};

/// `process`, and with the Region `json`. What is not known is left out.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Process<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
}

/// `raw`: CloudShell's `Type` is empty, and `Code` never says anything else in an answer with keys.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Raw<'a> {
    r#type: &'static str,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
    code: &'static str,
}

pub(super) fn render(format: Format, credentials: &Credentials, region: Option<&str>) -> Result<Secret> {
    let capacity = room(credentials, region, "");
    match format {
        Format::Raw => write(&raw(credentials), capacity),
        Format::Json => write(&process(credentials, region), capacity),
        // The contract has no region, and a reader may be strict about names that it does not know.
        _ => write(&process(credentials, None), capacity),
    }
}

fn process<'a>(credentials: &'a Credentials, region: Option<&'a str>) -> Process<'a> {
    Process {
        version: 1,
        access_key_id: credentials.access_key_id(),
        secret_access_key: credentials.secret_access_key().expose(),
        session_token: credentials.session_token().map(Secret::expose),
        expiration: credentials.expiration_iso8601(),
        region,
    }
}

fn raw(credentials: &Credentials) -> Raw<'_> {
    Raw {
        r#type: "",
        access_key_id: credentials.access_key_id(),
        secret_access_key: credentials.secret_access_key().expose(),
        token: credentials.session_token().map_or("", Secret::expose),
        expiration: credentials.expiration_iso8601(),
        code: "Success",
    }
}

fn write(object: &impl Serialize, capacity: usize) -> Result<Secret> {
    let mut bytes = Vec::with_capacity(capacity);
    let cause = |_| Error::new(ErrorKind::Credentials, "the credentials could not be written as JSON");
    serde_json::to_writer_pretty(&mut bytes, object).map_err(cause)?;
    bytes.push(b'\n');
    let text = String::from_utf8(bytes).expect("serde_json writes UTF-8");
    Ok(Secret::new(text))
}
