//! `--gpus`: `all`, a count, or comma-separated fields, as docker/cli's `opts/gpus.go` reads it.

use serde_json::{Map, Value, json};

use super::{Parsed, csv, key_value};

/// The device request as the engine takes it.
///
/// # Errors
/// When a field is unknown, comes twice, or a count is no integer.
pub fn parse(text: &str) -> Parsed<Value> {
    let mut request =
        Map::from_iter([("Capabilities".into(), json!([["gpu"]])), ("Options".into(), json!({}))]);
    let mut seen: Vec<String> = Vec::new();
    for field in csv::fields(text)? {
        let (key, value) =
            field.split_once('=').map_or((field.as_str(), None), |(key, value)| (key, Some(value)));
        if seen.iter().any(|known| known == key) {
            return Err(format!("gpu request key `{key}` can be specified only once"));
        }
        seen.push(key.to_owned());
        if let Some(value) = value {
            set(&mut request, key, value, &field)?;
        } else {
            seen.push("count".into());
            request.insert("Count".into(), count(key)?.into());
        }
    }
    if !request.contains_key("DeviceIDs") && !seen.iter().any(|key| key == "count") {
        request.insert("Count".into(), 1.into());
    }
    Ok(request.into())
}

fn set(request: &mut Map<String, Value>, key: &str, value: &str, field: &str) -> Parsed<()> {
    let items = || value.split(',');
    let (name, value) = match key {
        "driver" => ("Driver", value.into()),
        "count" => ("Count", count(value)?.into()),
        "device" => ("DeviceIDs", items().collect()),
        "capabilities" => ("Capabilities", json!([items().chain(["gpu"]).collect::<Vec<_>>()])),
        "options" => ("Options", options(value)?),
        _ => return Err(format!("unexpected key `{key}` in `{field}`")),
    };
    request.insert(name.to_owned(), value);
    Ok(())
}

fn count(text: &str) -> Parsed<i64> {
    if text == "all" {
        return Ok(-1);
    }
    text.parse().map_err(|_| format!("invalid count ({text}): value must be either `all` or an integer"))
}

fn options(text: &str) -> Parsed<Value> {
    let fields = csv::fields(text).map_err(|cause| format!("failed to read gpu options: {cause}"))?;
    let pairs = fields.iter().map(|field| key_value::split(field));
    Ok(pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<Map<_, _>>().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: Value) -> Value {
        let mut request = json!({"Capabilities": [["gpu"]], "Options": {}});
        if let (Some(request), Value::Object(fields)) = (request.as_object_mut(), fields) {
            request.extend(fields);
        }
        request
    }

    #[test]
    fn table() {
        for (text, expected) in [
            ("all", json!({"Count": -1})),
            ("2", json!({"Count": 2})),
            ("count=all", json!({"Count": -1})),
            ("driver=nvidia", json!({"Driver": "nvidia", "Count": 1})),
            ("\"device=0,1\"", json!({"DeviceIDs": ["0", "1"]})),
            ("device=0,count=1", json!({"DeviceIDs": ["0"], "Count": 1})),
            (
                "\"capabilities=compute,utility\"",
                json!({"Capabilities": [["compute", "utility", "gpu"]], "Count": 1}),
            ),
            ("all,\"options=a=b,c\"", json!({"Count": -1, "Options": {"a": "b", "c": ""}})),
            ("-3", json!({"Count": -3})),
        ] {
            assert_eq!(parse(text).as_ref(), Ok(&request(expected)), "{text}");
        }
        for text in
            ["", "x", "1.5", "all,all", "count=1,count=2", "zz=1", "count=", "driver=a,driver=b", "a\"b"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
