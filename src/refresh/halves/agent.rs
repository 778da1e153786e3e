//! The agent's own part of its request: no rights, little memory, no trace.

use serde_json::json;

use crate::refresh::engine_facts::EngineFacts;
use crate::spec::ContainerSpec;

/// Nobody, in any image: the agent's has no `/etc/passwd` to look a name up in.
const USER: &str = "65534:65534";
/// In bytes. The agent takes two MiB; what comes on top is for the OCI runtime, which some of its versions copy into
/// memory that counts as the container's before they start the program.
const MEMORY: u64 = 64 << 20;
/// The agent talks on 64 threads at most; what comes on top is its own three, and the OCI runtime's before it.
const PROCESSES: u32 = 96;

/// An agent without an image and without a network.
pub(super) fn spec(facts: &EngineFacts) -> ContainerSpec {
    let mut spec = ContainerSpec::default();
    for (path, value) in [
        ("User", json!(USER)),
        ("Tty", json!(false)),
        // Its stdin is the only way in; its end is the end of the run.
        ("OpenStdin", json!(true)),
        ("StdinOnce", json!(true)),
        ("AttachStdin", json!(true)),
        ("AttachStdout", json!(true)),
        ("AttachStderr", json!(false)),
        // The first process of a container does not hear SIGTERM: `docker stop` would wait for ten seconds.
        ("StopSignal", json!("SIGKILL")),
        ("HostConfig.AutoRemove", json!(true)),
        ("HostConfig.RestartPolicy", json!({"Name": "no", "MaximumRetryCount": 0})),
        ("HostConfig.ReadonlyRootfs", json!(true)),
        ("HostConfig.CapDrop", json!(["ALL"])),
        ("HostConfig.SecurityOpt", json!(["no-new-privileges"])),
        // Its stdout carries frames, which no log is to keep.
        ("HostConfig.LogConfig", json!({"Type": "none", "Config": {}})),
    ] {
        spec.set(path, value);
    }
    limit(&mut spec, facts);
    spec
}

/// Limits, where the engine has them: it warns of others at every creation, or refuses them.
fn limit(spec: &mut ContainerSpec, facts: &EngineFacts) {
    if facts.memory_limit {
        spec.set("HostConfig.Memory", MEMORY);
    }
    if facts.memory_limit && facts.swap_limit {
        // Memory and swap together: so nothing of it, credentials included, is swapped out to a disk.
        spec.set("HostConfig.MemorySwap", MEMORY);
    }
    if facts.pids_limit {
        spec.set("HostConfig.PidsLimit", PROCESSES);
    }
}
