//! Rights and namespaces.

use super::{Flag, list, scalar, switch};
use crate::cli::values::sysctl;
use crate::request::effects;

pub(super) const ROWS: &[Flag] = &[
    list("cap-add", "CAPABILITY", "Add a Linux capability", "--cap-add NET_ADMIN").all(effects::cap_add),
    list("cap-drop", "CAPABILITY", "Drop a Linux capability", "--cap-drop ALL").all(effects::cap_drop),
    scalar("cgroupns", "host|private", "Set the cgroup namespace", "--cgroupns private")
        .each(effects::cgroupns),
    list("group-add", "GROUP|GID", "Join another group", "--group-add audio").sets("HostConfig.GroupAdd"),
    scalar("ipc", "none|private|shareable|host|container:NAME", "Set the IPC namespace", "--ipc host")
        .sets("HostConfig.IpcMode"),
    scalar("pid", "host|container:NAME", "Set the PID namespace", "--pid host").each(effects::pid),
    switch("privileged", "Give the container all rights on the host", "--privileged")
        .sets("HostConfig.Privileged"),
    list("security-opt", "OPTION[=VALUE]", "Set a security option", "--security-opt no-new-privileges")
        .all(effects::security_opt),
    list(
        "sysctl",
        "NAME=VALUE",
        "Set a kernel parameter of its namespaces",
        "--sysctl net.ipv4.ip_forward=1",
    )
    .check(|value| sysctl::parse(value).map(drop))
    .each(effects::sysctl),
    scalar("userns", "host", "Set the user namespace", "--userns host").each(effects::userns),
    scalar("uts", "host", "Set the UTS namespace", "--uts host").each(effects::uts),
];
