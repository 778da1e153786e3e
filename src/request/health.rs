//! `--health-*` and `--no-healthcheck`: one field of the body.

use serde_json::{Map, Value, json};

use super::RunRequest;
use crate::cli::Cli;
use crate::cli::values::{Parsed, duration, integer};

/// Flags of a time or a number, and their fields.
const NUMBERS: [(&str, &str); 5] = [
    ("health-interval", "Interval"),
    ("health-timeout", "Timeout"),
    ("health-start-period", "StartPeriod"),
    ("health-start-interval", "StartInterval"),
    ("health-retries", "Retries"),
];

/// Sets the health check, where one of the flags says anything.
pub(super) fn apply(cli: &Cli, request: &mut RunRequest) -> Parsed<()> {
    let check = settings(cli)?;
    if cli.switch("no-healthcheck") == Some(true) {
        if !check.is_empty() {
            return Err("--no-healthcheck conflicts with --health-* options".into());
        }
        request.spec.set("Healthcheck", json!({"Test": ["NONE"]}));
    } else if !check.is_empty() {
        request.spec.set("Healthcheck", negative(&check).map_or(Ok(Value::Object(check)), Err)?);
    }
    Ok(())
}

/// What is given and not zero.
fn settings(cli: &Cli) -> Parsed<Map<String, Value>> {
    let mut check = Map::new();
    if let Some(command) = cli.last("health-cmd").filter(|command| !command.is_empty()) {
        check.insert("Test".into(), json!(["CMD-SHELL", command]));
    }
    for (flag, field) in NUMBERS {
        let Some(text) = cli.last(flag) else { continue };
        let number = if flag == "health-retries" { integer::parse(text)? } else { duration::parse(text)? };
        if number != 0 {
            check.insert(field.into(), number.into());
        }
    }
    Ok(check)
}

fn negative(check: &Map<String, Value>) -> Option<String> {
    let is_negative = |field: &str| check.get(field).and_then(Value::as_i64).is_some_and(|number| number < 0);
    let (flag, _) = NUMBERS.into_iter().find(|(_, field)| is_negative(field))?;
    Some(format!("--{flag} cannot be negative"))
}
