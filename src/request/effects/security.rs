//! What the flags about rights and namespaces do to a container's request.

use serde_json::json;

use super::Done;
use crate::cli::values::security_option::{self, SecurityOption};
use crate::cli::values::{Parsed, capability, namespace, sysctl as sysctl_syntax};
use crate::request::{Host, RunRequest};

/// `--cap-add`.
pub fn cap_add(request: &mut RunRequest, values: &[String], _: &Host<'_>) -> Done {
    request.spec.set("HostConfig.CapAdd", capability::normalize(values));
    Ok(())
}

/// `--cap-drop`.
pub fn cap_drop(request: &mut RunRequest, values: &[String], _: &Host<'_>) -> Done {
    request.spec.set("HostConfig.CapDrop", capability::normalize(values));
    Ok(())
}

/// `--cgroupns`.
pub fn cgroupns(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    namespace::check_cgroup(value)?;
    request.spec.set("HostConfig.CgroupnsMode", value);
    Ok(())
}

/// `--pid`.
pub fn pid(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    namespace::check_pid(value)?;
    request.spec.set("HostConfig.PidMode", value);
    Ok(())
}

/// `--userns`.
pub fn userns(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    namespace::check_host(value)?;
    request.spec.set("HostConfig.UsernsMode", value);
    Ok(())
}

/// `--uts`.
pub fn uts(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    namespace::check_host(value)?;
    request.spec.set("HostConfig.UTSMode", value);
    Ok(())
}

/// `--sysctl`. The last one of a name counts.
pub fn sysctl(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    let (name, setting) = sysctl_syntax::parse(value)?;
    request.spec.object("HostConfig.Sysctls").insert(name.to_owned(), setting.into());
    Ok(())
}

/// `--security-opt`. A seccomp profile is sent, not its file's name; unconfined paths are empty lists, where
/// none would leave the engine its own.
pub fn security_opt(request: &mut RunRequest, values: &[String], host: &Host<'_>) -> Done {
    for value in values {
        match security_option::parse(value)? {
            SecurityOption::Engine => request.spec.push("HostConfig.SecurityOpt", value.as_str()),
            SecurityOption::SeccompFile(file) => {
                request
                    .spec
                    .push("HostConfig.SecurityOpt", format!("seccomp={}", seccomp_profile(file, host)?));
            }
            SecurityOption::UnconfinedPaths => {
                request.spec.set("HostConfig.MaskedPaths", json!([]));
                request.spec.set("HostConfig.ReadonlyPaths", json!([]));
            }
        }
    }
    Ok(())
}

fn seccomp_profile(file: &str, host: &Host<'_>) -> Parsed<String> {
    let profile = std::fs::read_to_string(host.working_directory.join(file))
        .map_err(|error| format!("opening seccomp profile `{file}` failed: {error}"))?;
    security_option::compact(&profile)
        .map_err(|cause| format!("seccomp profile `{file}` is not JSON: {cause}"))
}
