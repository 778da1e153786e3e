//! What the engine and the image must tell before a run is made two containers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::request::ApiVersion;

/// What of an engine decides how the two containers are made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field of the engine's own answer")]
pub struct EngineFacts {
    /// Whether it is Podman's Docker-compatible API.
    pub is_podman: bool,
    /// The API version in use.
    pub api: ApiVersion,
    /// The operating system of its containers, `linux` or `windows`.
    pub os: String,
    /// Whether it can limit a container's memory.
    pub memory_limit: bool,
    /// Whether it can limit what is swapped out.
    pub swap_limit: bool,
    /// Whether it can limit the number of processes.
    pub pids_limit: bool,
    /// The OCI runtime of a container that asks for none.
    pub default_runtime: String,
    /// The program, or the containerd runtime, behind each runtime's name.
    pub runtimes: BTreeMap<String, String>,
}

impl EngineFacts {
    /// The facts in the body of `GET /info`
    /// (<https://docs.docker.com/reference/api/engine/version/v1.50/#operation/SystemInfo>). What is not there, as limits
    /// where there are no cgroups for them, counts as not offered.
    #[must_use]
    pub fn of_info(info: &Value, is_podman: bool, api: ApiVersion, os: &str) -> Self {
        let offers = |field: &str| info[field].as_bool().unwrap_or(false);
        let runtimes = info["Runtimes"].as_object().into_iter().flatten();
        Self {
            is_podman,
            api,
            os: os.to_owned(),
            memory_limit: offers("MemoryLimit"),
            swap_limit: offers("SwapLimit"),
            pids_limit: offers("PidsLimit"),
            default_runtime: info["DefaultRuntime"].as_str().unwrap_or_default().to_owned(),
            runtimes: runtimes.map(|(name, runtime)| (name.clone(), program(runtime))).collect(),
        }
    }

    /// Whether containers of this runtime run in a sandbox (gVisor) or a machine (Kata, libkrun) of their own. Two of them
    /// are given the same namespace of the host, and still have a loopback each.
    #[must_use]
    pub fn is_sandbox(&self, runtime: &str) -> bool {
        let program = self.runtimes.get(runtime).map_or("", String::as_str);
        [runtime, program].into_iter().any(|word| {
            let word = word.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            ["runsc", "gvisor", "kata", "krun"].iter().any(|sandbox| word.contains(sandbox))
        })
    }
}

/// Either field names it, by the kind of runtime.
fn program(runtime: &Value) -> String {
    let texts = ["path", "runtimeType"].map(|field| runtime[field].as_str().unwrap_or_default());
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_engine_does_not_say_it_does_not_offer() {
        let info = json!({"MemoryLimit": true, "SwapLimit": false, "DefaultRuntime": "runc",
                          "Runtimes": {"runc": {"path": "runc"}, "s": {"runtimeType": "io.containerd.runsc.v1"}}});
        let facts = EngineFacts::of_info(&info, false, (1, 41), "linux");
        assert_eq!((facts.memory_limit, facts.swap_limit, facts.pids_limit), (true, false, false));
        assert_eq!(facts.default_runtime, "runc");
        assert_eq!(facts.runtimes["s"], "io.containerd.runsc.v1");
        let silent = EngineFacts::of_info(&json!({"Runtimes": null}), true, (1, 41), "linux");
        assert!(!silent.memory_limit && silent.runtimes.is_empty() && silent.is_podman);
    }

    #[test]
    fn sandboxes_are_known_by_name_and_by_program() {
        let info = json!({"Runtimes": {"safe": {"path": "/usr/local/bin/runsc"}, "crun": {"path": "/usr/bin/crun"},
                          "vm": {"runtimeType": "io.containerd.kata.v2"}, "nvidia": {"path": "nvidia-container-runtime"}}});
        let facts = EngineFacts::of_info(&info, false, (1, 50), "linux");
        for (runtime, sandbox) in [
            ("safe", true),
            ("vm", true),
            ("runsc", true),
            ("kata-qemu", true),
            ("io.containerd.kata.v2", true),
            ("krun", true),
            ("crun", false),
            ("runc", false),
            ("nvidia", false),
            ("io.containerd.runc.v2", false),
            ("", false),
        ] {
            assert_eq!(facts.is_sandbox(runtime), sandbox, "{runtime}");
        }
    }
}
