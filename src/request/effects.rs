//! What the flags do to a request, where it takes more than setting a field. The table in
//! [`crate::cli::flags`] names these functions.

mod aws;
mod limits;
mod security;

use serde_json::{Value, json};

pub use self::aws::*;
pub use self::limits::*;
pub use self::security::*;
use super::{EngineNeed, Host, RunRequest, env_file};
use crate::cli::values::{
    self, Parsed, boolean, device as device_syntax, extra_host, ip_address, key_value, label as label_syntax,
    port, volume as volume_syntax,
};
use crate::environment::Environment;
use crate::error::ErrorKind;

type Done = Parsed<()>;

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
    for variable in env_file::parse(&read(path, host)?, host.environment)? {
        request.spec.push("Env", variable);
    }
    Ok(())
}

/// `--label-file`. Of a line without a value nothing is kept.
pub fn label_file(request: &mut RunRequest, path: &str, host: &Host<'_>) -> Done {
    let content = read(path, host)?;
    for line in env_file::parse(&content, &Environment::default())? {
        let (name, text) = key_value::split(&line);
        request.spec.object("Labels").insert(name.to_owned(), text.into());
    }
    Ok(())
}

fn read(path: &str, host: &Host<'_>) -> Parsed<Vec<u8>> {
    std::fs::read(host.working_directory.join(path)).map_err(|error| format!("cannot read it: {error}"))
}

/// `--mount`.
pub fn mount(request: &mut RunRequest, value: &str, host: &Host<'_>) -> Done {
    let mut mount = values::mount::parse(value)?;
    values::mount::make_source_absolute(&mut mount, host.working_directory);
    if mount.get("BindOptions").is_some_and(|bind| bind.get("ReadOnlyForceRecursive").is_some()) {
        request.needs.push(EngineNeed {
            what: "`bind-recursive=readonly`".into(),
            api: (1, 44),
            windows: false,
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

/// `--expose`: a port or a range; the protocol is the engine's to check.
pub fn expose(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    for port in port::parse_exposed(value)? {
        request.spec.object("ExposedPorts").entry(port).or_insert_with(|| json!({}));
    }
    Ok(())
}

/// `--dns`.
pub fn dns(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.push("HostConfig.Dns", ip_address::parse(value)?);
    Ok(())
}

/// `--dns-search`.
pub fn dns_search(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.push("HostConfig.DnsSearch", values::dns_search::parse(value)?);
    Ok(())
}

/// `--storage-opt`.
pub fn storage_opt(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    let (name, text) = value.split_once('=').ok_or("invalid storage option: it takes NAME=VALUE")?;
    request.spec.object("HostConfig.StorageOpt").insert(name.to_owned(), text.into());
    Ok(())
}

/// `--device`. Names of the Container Device Interface make one request, after those of `--gpus`.
pub fn device(request: &mut RunRequest, values: &[String], _: &Host<'_>) -> Done {
    let mut names = Vec::new();
    for value in values {
        match device_syntax::parse(value)? {
            device_syntax::Device::Mapping(mapping) => request.spec.push("HostConfig.Devices", mapping),
            device_syntax::Device::Cdi => names.push(value.as_str()),
        }
    }
    if !names.is_empty() {
        request.spec.push("HostConfig.DeviceRequests", json!({"Driver": "cdi", "DeviceIDs": names}));
    }
    Ok(())
}

/// `--gpus`.
pub fn gpus(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.push("HostConfig.DeviceRequests", values::gpus::parse(value)?);
    Ok(())
}
