//! What the flags do to a request, where it takes more than setting a field. The table in
//! [`crate::cli::flags`] names these functions.

use serde_json::{Value, json};

use super::{ApiNeed, Host, RoleOptions, RunRequest, env_file};
use crate::cli::values::{
    self, Parsed, boolean, environment_variable, extra_host, label as label_syntax, port,
    ulimit as ulimit_syntax, volume as volume_syntax,
};
use crate::error::ErrorKind;
use crate::spec::ContainerSpec;

type Done = Parsed<()>;

/// `--profile`.
pub fn profile(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.aws.profile = Some(value.to_owned());
    Ok(())
}

/// `--region`.
pub fn region(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.aws.region = Some(value.to_owned());
    Ok(())
}

/// `--role-arn`.
pub fn role_arn(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.aws.role = Some(RoleOptions { role_arn: value.to_owned(), ..RoleOptions::default() });
    Ok(())
}

/// `--role-session-name`.
pub fn role_session_name(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    role(request)?.role_session_name = Some(value.to_owned());
    Ok(())
}

/// `--duration-seconds`.
pub fn duration_seconds(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    role(request)?.duration_seconds = Some(value.to_owned());
    Ok(())
}

/// `--external-id`.
pub fn external_id(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    role(request)?.external_id = Some(value.to_owned());
    Ok(())
}

fn role(request: &mut RunRequest) -> Parsed<&mut RoleOptions> {
    request.aws.role.as_mut().ok_or_else(|| "it belongs to `--role-arn`, which was not given".into())
}

/// `--verbose`.
pub fn verbose(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.client.verbose = boolean::parse(value)?;
    Ok(())
}

/// `--allow-insecure-engine`.
pub fn allow_insecure_engine(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.client.allow_insecure_engine = boolean::parse(value)?;
    Ok(())
}

/// `--quiet`.
pub fn quiet(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.client.quiet = boolean::parse(value)?;
    Ok(())
}

/// `--sig-proxy`.
pub fn sig_proxy(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.client.sig_proxy = boolean::parse(value)?;
    Ok(())
}

/// `--pull`.
pub fn pull(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.client.pull = values::pull::parse(value)?;
    Ok(())
}

/// `--cidfile`. An empty name is none, as docker has it.
pub fn cidfile(request: &mut RunRequest, value: &str, host: &Host<'_>) -> Done {
    request.spec.set("HostConfig.ContainerIDFile", value);
    request.client.cidfile = (!value.is_empty()).then(|| host.working_directory.join(value));
    Ok(())
}

/// `--entrypoint`. An empty one takes the image's away.
pub fn entrypoint(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.set("Entrypoint", vec![value]);
    Ok(())
}

/// `--label`.
pub fn label(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    let (name, text) = label_syntax::parse(value)?;
    request.spec.object("Labels").insert(name.to_owned(), text.into());
    Ok(())
}

/// `--name`.
pub fn name(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.name = (!value.is_empty()).then(|| value.to_owned());
    Ok(())
}

/// `--env-file`.
pub fn env_file(request: &mut RunRequest, path: &str, host: &Host<'_>) -> Done {
    let content = std::fs::read(host.working_directory.join(path))
        .map_err(|error| format!("cannot read it: {error}"))?;
    for variable in env_file::parse(&content, host.environment)? {
        request.spec.push("Env", variable);
    }
    Ok(())
}

/// `--env`. Of two with the same name the later one counts; a lone name takes the host's value.
pub fn env(request: &mut RunRequest, values: &[String], host: &Host<'_>) -> Done {
    let mut variables: Vec<(&str, String)> = Vec::new();
    for text in values {
        let (name, value) = environment_variable::parse(text)?;
        let value = value.or_else(|| host.environment.get(name));
        let entry = value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}"));
        match variables.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = entry,
            None => variables.push((name, entry)),
        }
    }
    variables.into_iter().for_each(|(_, entry)| request.spec.push("Env", entry));
    Ok(())
}

/// `--mount`.
pub fn mount(request: &mut RunRequest, value: &str, host: &Host<'_>) -> Done {
    let mut mount = values::mount::parse(value)?;
    values::mount::make_source_absolute(&mut mount, host.working_directory);
    if mount.get("BindOptions").is_some_and(|bind| bind.get("ReadOnlyForceRecursive").is_some()) {
        request.api_needs.push(ApiNeed {
            what: "`bind-recursive=readonly`".into(),
            version: (1, 44),
            kind: ErrorKind::Usage,
        });
    }
    request.spec.push("HostConfig.Mounts", Value::Object(mount));
    Ok(())
}

/// `--tmpfs`.
pub fn tmpfs(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    let (path, options) = value.split_once(':').unwrap_or((value, ""));
    request.spec.object("HostConfig.Tmpfs").insert(path.to_owned(), options.into());
    Ok(())
}

/// `--volume`. The same text twice is one bind.
pub fn volume(request: &mut RunRequest, values: &[String], host: &Host<'_>) -> Done {
    for (index, value) in values.iter().enumerate() {
        match volume_syntax::parse(value)? {
            _ if values[..index].contains(value) => {}
            volume_syntax::Volume::Anonymous => {
                request.spec.object("Volumes").insert(value.to_owned(), json!({}));
            }
            volume_syntax::Volume::Bind => {
                request
                    .spec
                    .push("HostConfig.Binds", volume_syntax::absolute_bind(value, host.working_directory));
            }
        }
    }
    Ok(())
}

/// `--add-host`.
pub fn add_host(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.push("HostConfig.ExtraHosts", extra_host::parse(value)?);
    Ok(())
}

/// `--publish`.
pub fn publish(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    for mapping in port::parse(value)? {
        request.spec.object("ExposedPorts").insert(mapping.container.clone(), json!({}));
        let bindings = request
            .spec
            .object("HostConfig.PortBindings")
            .entry(mapping.container)
            .or_insert_with(|| json!([]));
        if let Value::Array(bindings) = bindings {
            bindings.push(json!({"HostIp": mapping.host_ip, "HostPort": mapping.host_port}));
        }
    }
    Ok(())
}

/// `--cpus`.
pub fn cpus(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.set("HostConfig.NanoCpus", values::cpus::parse(value)?);
    Ok(())
}

/// `--ulimit`. The last one of a type counts; sorted by type.
pub fn ulimit(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    let limit = ulimit_syntax::parse(value)?;
    let mut all =
        request.spec.get("HostConfig.Ulimits").and_then(Value::as_array).cloned().unwrap_or_default();
    all.retain(|known| known["Name"] != limit.name.as_str());
    all.push(json!({"Name": limit.name, "Soft": limit.soft, "Hard": limit.hard}));
    all.sort_by_key(|known| known["Name"].as_str().unwrap_or_default().to_owned());
    request.spec.set("HostConfig.Ulimits", all);
    Ok(())
}

/// `--network`. The first one is the network mode. A single one without settings needs no endpoint: the
/// engine makes it.
pub fn network(request: &mut RunRequest, values: &[String], _: &Host<'_>) -> Done {
    let attachments = values.iter().map(|value| values::network::parse(value)).collect::<Parsed<Vec<_>>>()?;
    let Some(first) = attachments.first() else { return Ok(()) };
    request.spec.set("HostConfig.NetworkMode", first.target.as_str());
    request.spec.object("NetworkingConfig.EndpointsConfig").clear();
    let only = attachments.len() == 1;
    for attachment in &attachments {
        values::network::check(attachment)?;
        if attachment.endpoint.get("MacAddress").is_some_and(|mac| mac != "") {
            request.api_needs.push(ApiNeed {
                what: "`mac-address` of a network".into(),
                version: (1, 44),
                kind: ErrorKind::Usage,
            });
        }
        if !(only && is_zero(&Value::Object(attachment.endpoint.clone()))) {
            add_endpoint(&mut request.spec, &attachment.target, attachment.endpoint.clone().into())?;
        }
    }
    if attachments.iter().any(super::super::cli::values::network::Attachment::is_user_defined)
        && attachments.iter().any(|a| !a.is_user_defined())
    {
        return Err(
            "conflicting options: cannot attach both user-defined and non-user-defined network-modes".into(),
        );
    }
    Ok(())
}

fn add_endpoint(spec: &mut ContainerSpec, target: &str, endpoint: Value) -> Done {
    match spec.object("NetworkingConfig.EndpointsConfig").insert(target.to_owned(), endpoint) {
        Some(_) => Err(format!("network `{target}` is specified multiple times")),
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
