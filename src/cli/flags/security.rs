//! Rights and namespaces.

use super::{Completion, Flag, Place, list, scalar, switch};
use crate::cli::values::sysctl;
use crate::request::effects;

const CAPABILITIES: &[&str] = &[
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

pub(super) const ROWS: &[Flag] = &[
    list("cap-add", "CAPABILITY", "Add a Linux capability", "--cap-add NET_ADMIN")
        .completes(Completion::Words(CAPABILITIES))
        .all(effects::cap_add),
    list("cap-drop", "CAPABILITY", "Drop a Linux capability", "--cap-drop ALL")
        .completes(Completion::Words(CAPABILITIES))
        .all(effects::cap_drop),
    scalar("cgroupns", "host|private", "Set the cgroup namespace", "--cgroupns private")
        .completes(Completion::Words(&["host", "private"]))
        .each(effects::cgroupns),
    list("group-add", "GROUP|GID", "Join another group", "--group-add audio").sets("HostConfig.GroupAdd"),
    scalar("ipc", "none|private|shareable|host|container:NAME", "Set the IPC namespace", "--ipc host")
        .completes(Completion::Namespaces(&["none", "private", "shareable", "host"]))
        .sets("HostConfig.IpcMode"),
    scalar("pid", "host|container:NAME", "Set the PID namespace", "--pid host")
        .completes(Completion::Namespaces(&["host"]))
        .each(effects::pid),
    switch("privileged", "Give the container all rights on the host", "--privileged")
        .sets("HostConfig.Privileged"),
    list("security-opt", "OPTION[=VALUE]", "Set a security option", "--security-opt no-new-privileges")
        .completes(Completion::Words(&[
            "no-new-privileges",
            "seccomp=unconfined",
            "apparmor=unconfined",
            "label=disable",
            "systempaths=unconfined",
        ]))
        .note("`seccomp=FILE` sends the profile in the file; `systempaths=unconfined` unmasks /proc and /sys")
        .all(effects::security_opt),
    list(
        "sysctl",
        "NAME=VALUE",
        "Set a kernel parameter of its namespaces",
        "--sysctl net.ipv4.ip_forward=1",
    )
    .completes(Completion::Words(&[
        "net.ipv4.ip_forward=",
        "net.core.somaxconn=",
        "kernel.shmmax=",
        "kernel.msgmax=",
    ]))
    .check(|value| sysctl::parse(value).map(drop))
    .place(Place::Parameter)
    .each(effects::sysctl),
    scalar("userns", "host", "Set the user namespace", "--userns host")
        .completes(Completion::Words(&["host"]))
        .both()
        .each(effects::userns),
    scalar("uts", "host", "Set the UTS namespace", "--uts host")
        .completes(Completion::Words(&["host"]))
        .both()
        .each(effects::uts),
];
