//! `--mount`: comma-separated `key=value` fields, as docker/cli's `opts/mount.go` reads them.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Parsed, boolean, csv, size, volume};

/// The mount as the engine takes it, its source not made absolute yet.
///
/// # Errors
/// When a field is unknown or malformed, or fields do not go together.
pub fn parse(text: &str) -> Parsed<Map<String, Value>> {
    let mut mount = Map::from_iter([("Type".to_owned(), json!("volume"))]);
    for field in csv::fields(text)? {
        set(&mut mount, &field)?;
    }
    check(&mount)?;
    Ok(mount)
}

/// Takes a source that starts with `.` relative to `directory`, as `--volume` does.
pub fn make_source_absolute(mount: &mut Map<String, Value>, directory: &Path) {
    if let Some(source) = mount.get("Source").and_then(Value::as_str).filter(|source| source.starts_with('.'))
    {
        let absolute = volume::absolute(source, directory);
        mount.insert("Source".into(), absolute.into());
    }
}

fn set(mount: &mut Map<String, Value>, field: &str) -> Parsed<()> {
    let (key, value) = field.split_once('=').map_or((field, None), |(key, value)| (key, Some(value)));
    let key = key.to_lowercase();
    let Some(value) = value.or(implied(&key)) else {
        return Err(format!("invalid field `{field}` must be a key=value pair"));
    };
    match key.as_str() {
        "type" => put(mount, "Type", value.to_lowercase()),
        "source" | "src" => put(mount, "Source", value),
        "target" | "dst" | "destination" => put(mount, "Target", value),
        "readonly" | "ro" => put(mount, "ReadOnly", truth(&key, value)?),
        "consistency" => put(mount, "Consistency", value.to_lowercase()),
        "bind-propagation" => put(options(mount, "BindOptions"), "Propagation", value.to_lowercase()),
        "bind-nonrecursive" => put(options(mount, "BindOptions"), "NonRecursive", truth(&key, value)?),
        "bind-recursive" => bind_recursive(mount, value)?,
        "volume-subpath" => put(options(mount, "VolumeOptions"), "Subpath", value),
        "volume-nocopy" => put(options(mount, "VolumeOptions"), "NoCopy", truth(&key, value)?),
        "volume-label" => put_pair(object(options(mount, "VolumeOptions"), "Labels"), value),
        "volume-driver" => put(object(options(mount, "VolumeOptions"), "DriverConfig"), "Name", value),
        "volume-opt" => {
            let driver = object(options(mount, "VolumeOptions"), "DriverConfig");
            put_pair(object(driver, "Options"), value);
        }
        "image-subpath" => put(options(mount, "ImageOptions"), "Subpath", value),
        "tmpfs-size" => put(
            options(mount, "TmpfsOptions"),
            "SizeBytes",
            size::parse(value).map_err(|_| bad(&key, value))?,
        ),
        "tmpfs-mode" => {
            put(options(mount, "TmpfsOptions"), "Mode", octal(value).ok_or_else(|| bad(&key, value))?);
        }
        _ => return Err(format!("unexpected key `{key}` in `{field}`")),
    }
    Ok(())
}

/// The value of a key that may stand alone.
fn implied(key: &str) -> Option<&'static str> {
    matches!(key, "readonly" | "ro" | "volume-nocopy" | "bind-nonrecursive").then_some("true")
}

fn bind_recursive(mount: &mut Map<String, Value>, value: &str) -> Parsed<()> {
    let field = match value {
        "enabled" => return Ok(()),
        "disabled" => "NonRecursive",
        "writable" => "ReadOnlyNonRecursive",
        "readonly" => "ReadOnlyForceRecursive",
        _ => {
            return Err(format!(
                "{} (must be enabled, disabled, writable, or readonly)",
                bad("bind-recursive", value)
            ));
        }
    };
    put(options(mount, "BindOptions"), field, true);
    Ok(())
}

fn check(mount: &Map<String, Value>) -> Parsed<()> {
    let text = |field| mount.get(field).and_then(Value::as_str).unwrap_or_default();
    let kind = text("Type");
    for (field, missing) in [("Type", "type is required"), ("Target", "target is required")] {
        if text(field).is_empty() {
            return Err(missing.into());
        }
    }
    for (field, owner) in [
        ("VolumeOptions", "volume"),
        ("ImageOptions", "image"),
        ("BindOptions", "bind"),
        ("TmpfsOptions", "tmpfs"),
    ] {
        if mount.contains_key(field) && kind != owner {
            return Err(format!("cannot mix `{owner}-*` options with mount type `{kind}`"));
        }
    }
    check_bind(mount)
}

fn check_bind(mount: &Map<String, Value>) -> Parsed<()> {
    let bind = |field| mount.get("BindOptions").and_then(|options| options.get(field));
    let read_only = mount.get("ReadOnly") == Some(&json!(true));
    let requires = |option, other| Err(format!("option `bind-recursive={option}` requires `{other}` too"));
    let forced = bind("ReadOnlyForceRecursive").is_some();
    match (bind("ReadOnlyNonRecursive").is_some(), forced, read_only) {
        (true, _, false) => requires("writable", "readonly"),
        (_, true, false) => requires("readonly", "readonly"),
        _ if forced && bind("Propagation") != Some(&json!("rprivate")) => {
            requires("readonly", "bind-propagation=rprivate")
        }
        _ => Ok(()),
    }
}

fn bad(key: &str, value: &str) -> String {
    format!("invalid value for `{key}`: `{value}`")
}

fn truth(key: &str, value: &str) -> Parsed<bool> {
    boolean::parse(value).map_err(|_| bad(key, value))
}

fn octal(value: &str) -> Option<u32> {
    value.bytes().all(|b| b.is_ascii_digit()).then(|| u32::from_str_radix(value, 8).ok()).flatten()
}

fn put(object: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    object.insert(field.to_owned(), value.into());
}

/// Docker leaves out a pair without a name.
fn put_pair(object: &mut Map<String, Value>, pair: &str) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    if !name.is_empty() {
        put(object, name, value);
    }
}

fn options<'a>(mount: &'a mut Map<String, Value>, field: &str) -> &'a mut Map<String, Value> {
    object(mount, field)
}

fn object<'a>(parent: &'a mut Map<String, Value>, field: &str) -> &'a mut Map<String, Value> {
    let slot = parent.entry(field).or_insert_with(|| json!({}));
    slot.as_object_mut().unwrap_or_else(|| unreachable!("only objects are put under these names"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("dst=/x", json!({"Type": "volume", "Target": "/x"})),
            (
                "TYPE=BIND,SRC=/A,DST=/x,RO=1",
                json!({"Type": "bind", "Source": "/A", "Target": "/x", "ReadOnly": true}),
            ),
            (
                "type=bind,\"src=/a,b\",dst=/x,readonly",
                json!({"Type": "bind", "Source": "/a,b", "Target": "/x", "ReadOnly": true}),
            ),
            (
                "type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=1777",
                json!({"Type": "tmpfs", "Target": "/x", "TmpfsOptions": {"SizeBytes": 1_048_576, "Mode": 0o1777}}),
            ),
            (
                "dst=/x,volume-label=a=b,volume-driver=d,volume-opt=o=p,volume-opt==q,volume-nocopy",
                json!({"Type": "volume", "Target": "/x", "VolumeOptions": {"NoCopy": true, "Labels": {"a": "b"},
                    "DriverConfig": {"Name": "d", "Options": {"o": "p"}}}}),
            ),
            (
                "type=bind,src=/a,dst=/x,bind-recursive=disabled,bind-propagation=RSLAVE",
                json!({"Type": "bind", "Source": "/a", "Target": "/x",
                    "BindOptions": {"NonRecursive": true, "Propagation": "rslave"}}),
            ),
        ] {
            assert_eq!(parse(text).map(Value::Object), Ok(expected), "{text}");
        }
        for text in [
            "",
            "foo",
            "foo=1",
            "type=bind",
            "type=,dst=/x",
            "dst=/x,ro=maybe",
            "type=bind,dst=/x,volume-nocopy",
            "dst=/x,bind-nonrecursive",
            "dst=/x,tmpfs-size=1",
            "type=tmpfs,dst=/x,tmpfs-mode=9",
            "type=tmpfs,dst=/x,tmpfs-size=z",
            "type=bind,dst=/x,bind-recursive=writable",
            "type=bind,dst=/x,ro,bind-recursive=readonly",
            "type=bind,dst=/x,bind-recursive=zz",
            "dst=/x,image-subpath=s",
            "s\"rc=/a,dst=/x",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
