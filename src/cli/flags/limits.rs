//! How much of the host the container may use.

use super::{Effect, Flag, list, scalar, switch};
use crate::cli::values::{cpus, integer, memory_swap, size, throttle, ulimit};
use crate::request::effects;

pub(super) const ROWS: &[Flag] = &[
    scalar(
        "blkio-weight",
        "WEIGHT",
        "Weigh its block I/O against others' (10 to 1000; 0: no weight)",
        "--blkio-weight 300",
    )
    .check(|value| integer::parse_unsigned(value, 16).map(drop))
    .each(|request, value, _| {
        request.spec.set("HostConfig.BlkioWeight", integer::parse_unsigned(value, 16)?);
        Ok(())
    }),
    list(
        "blkio-weight-device",
        "DEVICE:WEIGHT",
        "Weigh its I/O of one device",
        "--blkio-weight-device /dev/vda:300",
    )
    .check(|value| throttle::parse_weight(value).map(drop))
    .each(effects::blkio_weight_device),
    scalar("cgroup-parent", "CGROUP", "Set the parent cgroup", "--cgroup-parent tools.slice")
        .sets("HostConfig.CgroupParent"),
    scalar("cpu-count", "NUMBER", "Limit the CPUs", "--cpu-count 2")
        .windows_only()
        .integer("HostConfig.CpuCount"),
    scalar("cpu-percent", "PERCENT", "Limit the share of all CPUs", "--cpu-percent 50")
        .windows_only()
        .integer("HostConfig.CpuPercent"),
    scalar("cpu-period", "MICROSECONDS", "Set the period of the CPU quota", "--cpu-period 100000")
        .integer("HostConfig.CpuPeriod"),
    scalar("cpu-quota", "MICROSECONDS", "Limit CPU time in each period", "--cpu-quota 50000")
        .integer("HostConfig.CpuQuota"),
    scalar(
        "cpu-rt-period",
        "MICROSECONDS",
        "Set the period of the real-time CPU limit",
        "--cpu-rt-period 1000000",
    )
    .integer("HostConfig.CpuRealtimePeriod"),
    scalar(
        "cpu-rt-runtime",
        "MICROSECONDS",
        "Limit real-time CPU time in each period",
        "--cpu-rt-runtime 95000",
    )
    .integer("HostConfig.CpuRealtimeRuntime"),
    scalar("cpu-shares", "SHARES", "Weigh its CPU time against others'", "--cpu-shares 512")
        .short('c')
        .integer("HostConfig.CpuShares"),
    scalar("cpus", "NUMBER", "Limit CPUs", "--cpus 1.5").note("a number such as 1.5, or a fraction such as 1/2")
        .check(|value| cpus::parse(value).map(drop))
        .each(effects::cpus),
    scalar("cpuset-cpus", "LIST", "Run on these CPUs only", "--cpuset-cpus 0-1")
        .sets("HostConfig.CpusetCpus"),
    scalar("cpuset-mems", "LIST", "Use the memory of these nodes only", "--cpuset-mems 0")
        .sets("HostConfig.CpusetMems"),
    list(
        "device-read-bps",
        "DEVICE:RATE",
        "Limit bytes read from a device each second",
        "--device-read-bps /dev/vda:10mb",
    )
    .check(|value| throttle::parse_bytes(value).map(drop))
    .each(effects::device_read_bps),
    list(
        "device-read-iops",
        "DEVICE:RATE",
        "Limit reads from a device each second",
        "--device-read-iops /dev/vda:100",
    )
    .check(|value| throttle::parse_operations(value).map(drop))
    .each(effects::device_read_iops),
    list(
        "device-write-bps",
        "DEVICE:RATE",
        "Limit bytes written to a device each second",
        "--device-write-bps /dev/vda:10mb",
    )
    .check(|value| throttle::parse_bytes(value).map(drop))
    .each(effects::device_write_bps),
    list(
        "device-write-iops",
        "DEVICE:RATE",
        "Limit writes to a device each second",
        "--device-write-iops /dev/vda:100",
    )
    .check(|value| throttle::parse_operations(value).map(drop))
    .each(effects::device_write_iops),
    scalar("io-maxbandwidth", "SIZE", "Limit the system drive's bandwidth", "--io-maxbandwidth 10mb")
        .windows_only()
        .check(|value| size::parse(value).map(drop))
        .effect(Effect::Size("HostConfig.IOMaximumBandwidth")),
    scalar("io-maxiops", "NUMBER", "Limit the system drive's operations", "--io-maxiops 100")
        .windows_only()
        .check(|value| integer::parse_unsigned(value, 64).map(drop))
        .each(|request, value, _| {
            request.spec.set("HostConfig.IOMaximumIOps", integer::parse_unsigned(value, 64)?);
            Ok(())
        }),
    scalar("kernel-memory", "SIZE", "Limit kernel memory (engines before 23 only)", "--kernel-memory 64m")
        .size("HostConfig.KernelMemory"),
    scalar("memory", "SIZE", "Limit memory", "--memory 512m").note("a number with b, k, m, g or t: powers of 1024").short('m').size("HostConfig.Memory"),
    scalar("memory-reservation", "SIZE", "Set a soft limit of memory", "--memory-reservation 256m")
        .size("HostConfig.MemoryReservation"),
    scalar(
        "memory-swap",
        "SIZE",
        "Limit memory and swap together (-1: no limit)",
        "--memory 512m --memory-swap 1g",
    )
    .check(|value| memory_swap::parse(value).map(drop))
    .each(effects::memory_swap),
    scalar(
        "memory-swappiness",
        "PERCENT",
        "Set how readily its memory is swapped (0 to 100)",
        "--memory-swappiness 0",
    )
    .check(|value| integer::parse(value).map(drop))
    .each(effects::memory_swappiness),
    switch(
        "oom-kill-disable",
        "Keep the kernel from killing it when memory is short",
        "--oom-kill-disable --memory 512m",
    )
    .sets("HostConfig.OomKillDisable"),
    scalar(
        "oom-score-adj",
        "NUMBER",
        "Make its killing when memory is short likelier (-1000 to 1000)",
        "--oom-score-adj 500",
    )
    .integer("HostConfig.OomScoreAdj"),
    scalar("pids-limit", "NUMBER", "Limit processes (-1: no limit)", "--pids-limit 100")
        .integer("HostConfig.PidsLimit"),
    list("ulimit", "TYPE=SOFT[:HARD]", "Set a resource limit", "--ulimit nofile=1024:2048").note("types: core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack; -1 is no limit")
        .check(|value| ulimit::parse(value).map(drop))
        .each(effects::ulimit),
];
