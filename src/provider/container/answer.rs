//! What the container-credentials endpoint's answer says. Its body never becomes part of a message.

use serde_json::{Map, Value};
use zeroize::Zeroize;

use super::super::expiration;
use crate::credentials::{Credentials, Secret, without};

/// Why an answer holds no credentials.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// It ended too early: worth another try.
    Truncated(String),
    /// Another try would tell the same.
    Final(String),
}

/// An answer; its texts are wiped on drop.
struct Object(Map<String, Value>);

impl Drop for Object {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

/// The credentials in a successful answer.
pub(crate) fn parse(body: &[u8], content_type: &str, source: &str) -> Result<Credentials, Defect> {
    let object = object(body, content_type)?;
    if let Some(code) = text(&object, "Code").filter(|code| *code != "Success") {
        return Err(Defect::Final(refusal(&object, code, text(&object, "Message"))));
    }
    let expiration = expiration::parse(field(&object, "Expiration")?)
        .ok_or_else(|| Defect::Final("the answer's `Expiration` is not an ISO 8601 time".into()))?;
    Ok(Credentials::new(
        field(&object, "AccessKeyId")?,
        Secret::new(field(&object, "SecretAccessKey")?),
        Some(Secret::new(field(&object, "Token")?)),
        Some(expiration),
        source,
    ))
}

/// What an answer with a status other than 200 says in `Code` and `Message`, if it is JSON that does.
pub(crate) fn complaint(body: &[u8]) -> Option<String> {
    let object = object(body, "").ok()?;
    let code = text(&object, "Code").or_else(|| text(&object, "code"))?;
    Some(refusal(&object, code, text(&object, "Message").or_else(|| text(&object, "message"))))
}

fn object(body: &[u8], content_type: &str) -> Result<Object, Defect> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(Object(object)),
        Ok(_) => Err(Defect::Final("the answer is JSON, but not an object".into())),
        Err(_) if body.trim_ascii().is_empty() => Err(Defect::Truncated("the answer is empty".into())),
        Err(_) if is_html(body, content_type) => Err(not_json("HTML", content_type)),
        Err(error) if error.is_eof() => Err(Defect::Truncated(format!(
            "the answer is truncated: its JSON ends early, after {} bytes",
            body.len()
        ))),
        Err(_) => Err(not_json("something else", content_type)),
    }
}

fn is_html(body: &[u8], content_type: &str) -> bool {
    content_type.to_ascii_lowercase().contains("html") || body.trim_ascii_start().starts_with(b"<")
}

fn not_json(what: &str, content_type: &str) -> Defect {
    let content_type = if content_type.is_empty() { "none" } else { content_type };
    Defect::Final(format!("the answer is {what}, not JSON (content type: {})", one_line(content_type)))
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.0.get(name).and_then(Value::as_str)
}

fn field<'a>(object: &'a Object, name: &str) -> Result<&'a str, Defect> {
    match object.0.get(name) {
        Some(Value::String(value)) if !value.is_empty() => Ok(value),
        Some(Value::String(_)) => Err(Defect::Final(format!("the answer's `{name}` is empty"))),
        Some(Value::Null) | None => Err(Defect::Final(format!("the answer has no `{name}`"))),
        Some(_) => Err(Defect::Final(format!("the answer's `{name}` is not a string"))),
    }
}

/// What the answer says, without the keys that it may hold all the same.
fn refusal(object: &Object, code: &str, message: Option<&str>) -> String {
    let keys = ["SecretAccessKey", "Token"].map(|name| Secret::new(text(object, name).unwrap_or_default()));
    let message = message.map(|message| format!(": {}", one_line(message))).unwrap_or_default();
    without(&format!("it answered `{}`{message}", one_line(code)), &keys.each_ref()).into_owned()
}

/// A foreign text made fit for a terminal: one line, no control characters, not endless.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"Code":"Success","AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"MARK-s","Token":"MARK-t","Expiration":"2024-10-10T08:44:18Z"}"#;

    #[test]
    fn a_good_answer_is_taken_with_or_without_code_and_tabs() {
        let spaced = GOOD.replace(',', ",\n\t").replace('{', "{\n\t\"Type\":\"\",");
        for body in [GOOD.to_owned(), GOOD.replace(r#""Code":"Success","#, ""), spaced] {
            let got = parse(body.as_bytes(), "text/plain", "here").expect("good");
            assert_eq!(got.secret_access_key().expose(), "MARK-s");
            assert_eq!(got.session_token().map(Secret::expose), Some("MARK-t"));
            assert_eq!(got.expiration_iso8601().as_deref(), Some("2024-10-10T08:44:18Z"));
        }
    }

    #[test]
    fn each_defect_is_named_and_the_body_is_not() {
        let without = |name: &str| GOOD.replace(&format!("\"{name}\""), "\"Other\"");
        for (body, content_type, expected) in [
            (without("AccessKeyId"), "", "has no `AccessKeyId`"),
            (without("SecretAccessKey"), "", "has no `SecretAccessKey`"),
            (without("Token"), "", "has no `Token`"),
            (without("Expiration"), "", "has no `Expiration`"),
            (GOOD.replace("\"MARK-t\"", "5"), "", "`Token` is not a string"),
            (GOOD.replace("MARK-t", ""), "", "`Token` is empty"),
            (GOOD.replace("2024-10", "MARK"), "", "`Expiration` is not an ISO 8601 time"),
            (r#"{"Code":"Failed","Message":"role\u001b[2J gone"}"#.into(), "", "`Failed`: role [2J gone"),
            ("<html>MARK</html>".into(), "text/html", "HTML, not JSON (content type: text/html)"),
            ("<html>MARK".into(), "", "HTML, not JSON (content type: none)"),
            ("MARK".into(), "text/plain", "something else, not JSON"),
            (GOOD[..80].into(), "", "truncated: its JSON ends early, after 80 bytes"),
            (String::new(), "", "is empty"),
            ("[]".into(), "", "not an object"),
        ] {
            let shown = format!("{:?}", parse(body.as_bytes(), content_type, "here").expect_err("a defect"));
            assert!(shown.contains(expected) && !shown.contains("MARK"), "{shown}");
        }
    }
}
