//! What the container sees: variables, labels, mounts, who it is.

use super::{Completion, Flag, list, scalar, switch};
use crate::cli::values::{environment_variable, label, mount};
use crate::request::effects;

pub(super) const ROWS: &[Flag] = &[
    list("env-file", "FILE", "Read environment variables from a file", "--env-file settings.env").completes(Completion::Files)
        .note("the file has `NAME=VALUE` lines; its path starts in the working directory")
        .each(effects::env_file),
    list("env", "NAME[=VALUE]", "Set an environment variable", "--env LOG_LEVEL=debug").completes(Completion::Variables).note("without a value it takes the host's; with `AWS_…` your own value wins over credrun's")
        .short('e')
        .check(|value| environment_variable::parse(value).map(drop)),
    list("label-file", "FILE", "Read labels from a file", "--label-file labels.txt").completes(Completion::Files)
        .each(effects::label_file),
    list("label", "NAME[=VALUE]", "Label the container", "--label com.example.team=tools")
        .short('l')
        .check(|value| label::parse(value).map(drop))
        .each(effects::label),
    list(
        "mount",
        "type=TYPE,src=SOURCE,dst=TARGET[,...]",
        "Mount a file system",
        "--mount type=bind,src=/srv/data,dst=/data,readonly",
    ).note("type is bind, volume, tmpfs or image; other fields are readonly, bind-propagation, volume-subpath, tmpfs-size and more")
    .check(|value| mount::parse(value).map(drop))
    .each(effects::mount),
    switch("read-only", "Mount the root file system read-only", "--read-only")
        .sets("HostConfig.ReadonlyRootfs"),
    scalar("shm-size", "SIZE", "Set the size of /dev/shm", "--shm-size 256m").size("HostConfig.ShmSize"),
    list("tmpfs", "PATH[:OPTIONS]", "Mount a tmpfs", "--tmpfs /scratch:size=64m").each(effects::tmpfs),
    scalar("user", "NAME|UID[:GROUP|GID]", "Set the user", "--user 1000:1000").short('u').sets("User"),
    list("volume", "[SOURCE:]TARGET[:OPTIONS]", "Mount a directory or a volume", "--volume ./data:/data:ro").completes(Completion::Volumes).note("a source that starts with `.` or `/` is a directory of the host, any other is a volume by its name; options are ro, rw, z, Z and more")
        .short('v')
        .all(effects::volume),
    scalar("volume-driver", "DRIVER", "Set the driver of volumes", "--volume-driver local")
        .sets("HostConfig.VolumeDriver"),
    list(
        "volumes-from",
        "CONTAINER[:ro|rw]",
        "Mount the volumes of another container",
        "--volumes-from data:ro",
    ).completes(Completion::Containers)
    .sets("HostConfig.VolumesFrom"),
    scalar("workdir", "PATH", "Set the working directory", "--workdir /data").short('w').sets("WorkingDir"),
];
