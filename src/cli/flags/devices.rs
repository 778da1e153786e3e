//! Devices of the host.

use super::{Completion, Flag, list};
use crate::cli::values::{device, gpus};
use crate::request::effects;

pub(super) const ROWS: &[Flag] = &[
    // Before `--device`, whose request for named devices comes after these.
    list("gpus", "all|COUNT|FIELD=VALUE[,...]", "Add GPUs", "--gpus all").completes(Completion::Words(&["all"])).note("fields are driver, count, device, capabilities and options; a value with commas stands in double quotes")
        .check(|value| gpus::parse(value).map(drop))
        .each(effects::gpus),
    list("device", "DEVICE[:PATH][:rwm]", "Add a device of the host", "--device /dev/fuse").completes(Completion::Files).note("a path of the host, where it is in the container, and of r, w and m what is allowed; or a CDI name, `vendor.com/class=name`")
        .all(effects::device),
    list(
        "device-cgroup-rule",
        "TYPE MAJOR:MINOR RIGHTS",
        "Add a rule of the devices that are allowed",
        "--device-cgroup-rule 'c 10:229 rwm'",
    )
    .check(device::check_cgroup_rule)
    .sets("HostConfig.DeviceCgroupRules"),
];
