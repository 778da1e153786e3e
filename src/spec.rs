//! What the engine is asked to create, in Docker's own field names, and without any secret of ours.

use std::fmt;

use serde_json::{Map, Value};

/// The body of `POST /containers/create` and its query, as flags build it up.
///
/// The body is kept as JSON in Docker's spelling, because which fields are present, and which are empty
/// rather than absent, is part of what has to equal the `docker` CLI's request.
#[derive(Clone, Default, PartialEq)]
pub struct ContainerSpec {
    /// The image as the user wrote it.
    pub image: String,
    /// `--name`, the query's `name`.
    pub name: Option<String>,
    /// `--platform`, the query's `platform`.
    pub platform: Option<String>,
    body: Map<String, Value>,
}

impl fmt::Debug for ContainerSpec {
    /// Of the variables the names only, and of the command nothing: a user's own values can be secrets too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.env().map(|entry| entry.split('=').next().unwrap_or_default()).collect();
        let shown =
            self.body.iter().filter(|(field, _)| !matches!(field.as_str(), "Env" | "Cmd" | "Entrypoint"));
        f.debug_struct("ContainerSpec")
            .field("image", &self.image)
            .field("name", &self.name)
            .field("platform", &self.platform)
            .field("env", &names)
            .field("body", &shown.collect::<Vec<_>>())
            .finish()
    }
}

impl ContainerSpec {
    /// An empty specification of `image`.
    pub fn new(image: impl Into<String>) -> Self {
        Self { image: image.into(), ..Self::default() }
    }

    /// Sets the field at a dotted path (`HostConfig.Memory`), making the objects on the way.
    /// Map keys that may hold dots are set through [`ContainerSpec::object`].
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        let (parent, field) = path.rsplit_once('.').unwrap_or(("", path));
        self.object(parent).insert(field.to_owned(), value.into());
    }

    /// The object at a dotted path, made when it is not there (replacing whatever else was there).
    pub fn object(&mut self, path: &str) -> &mut Map<String, Value> {
        path.split('.').filter(|part| !part.is_empty()).fold(&mut self.body, |map, part| {
            let slot = map.entry(part).or_insert_with(|| Value::Object(Map::new()));
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            slot.as_object_mut().unwrap_or_else(|| unreachable!("made an object just above"))
        })
    }

    /// The field at a dotted path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.');
        let first = self.body.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    /// Takes the field at a dotted path out of the body.
    pub fn take(&mut self, path: &str) -> Option<Value> {
        let (parent, field) = path.rsplit_once('.').unwrap_or(("", path));
        if !parent.is_empty() && !self.get(parent).is_some_and(Value::is_object) {
            return None;
        }
        self.object(parent).remove(field)
    }

    /// Appends to the list at a dotted path.
    pub fn push(&mut self, path: &str, value: impl Into<Value>) {
        let (parent, field) = path.rsplit_once('.').unwrap_or(("", path));
        let list = self.object(parent).entry(field).or_insert_with(|| Value::Array(Vec::new()));
        match list {
            Value::Array(items) => items.push(value.into()),
            other => *other = Value::Array(vec![value.into()]),
        }
    }

    /// The `Env` list: `KEY=value`, or a bare `KEY` to take the image's variable away.
    pub fn env(&self) -> impl Iterator<Item = &str> {
        self.body.get("Env").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The whole body.
    #[must_use]
    pub fn body(&self) -> &Map<String, Value> {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn debug_shows_no_value_of_a_variable() {
        let mut spec = ContainerSpec::new("x");
        spec.push("Env", "TOKEN=hidden");
        spec.set("Cmd", vec!["hidden"]);
        let shown = format!("{spec:?}");
        assert!(shown.contains("TOKEN") && !shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn a_field_is_taken_without_a_trace() {
        let mut spec = ContainerSpec::new("busybox");
        spec.set("HostConfig.Memory", 1);
        assert_eq!(spec.take("HostConfig.Memory"), Some(json!(1)));
        for absent in ["HostConfig.Memory", "Hostname", "NetworkingConfig.EndpointsConfig", "HostConfig.a.b"]
        {
            assert_eq!(spec.take(absent), None, "{absent}");
        }
        assert_eq!(Value::Object(spec.body().clone()), json!({"HostConfig": {}}));
    }

    #[test]
    fn paths_make_their_objects() {
        let mut spec = ContainerSpec::new("busybox");
        spec.set("Tty", true);
        spec.set("HostConfig.RestartPolicy.Name", "no");
        spec.push("HostConfig.Binds", "/a:/b");
        spec.push("HostConfig.Binds", "/c:/d");
        spec.object("Labels").insert("a.b".into(), json!("c"));
        assert_eq!(
            Value::Object(spec.body().clone()),
            json!({"Tty": true, "Labels": {"a.b": "c"},
                   "HostConfig": {"RestartPolicy": {"Name": "no"}, "Binds": ["/a:/b", "/c:/d"]}})
        );
        assert_eq!(spec.get("HostConfig.RestartPolicy.Name"), Some(&json!("no")));
    }
}
