//! What the flags that limit a container do to its request.

use serde_json::{Value, json};

use super::Done;
use crate::cli::values::{self, Parsed, integer, memory_swap as memory_swap_syntax, throttle};
use crate::request::{Host, RunRequest};

/// `--cpus`.
pub fn cpus(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.set("HostConfig.NanoCpus", values::cpus::parse(value)?);
    Ok(())
}

/// `--ulimit`. The last one of a type counts; sorted by type.
pub fn ulimit(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    let limit = values::ulimit::parse(value)?;
    let mut all =
        request.spec.get("HostConfig.Ulimits").and_then(Value::as_array).cloned().unwrap_or_default();
    all.retain(|known| known["Name"] != limit.name.as_str());
    all.push(json!({"Name": limit.name, "Soft": limit.soft, "Hard": limit.hard}));
    all.sort_by_key(|known| known["Name"].as_str().unwrap_or_default().to_owned());
    request.spec.set("HostConfig.Ulimits", all);
    Ok(())
}

/// `--memory-swap`.
pub fn memory_swap(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.spec.set("HostConfig.MemorySwap", memory_swap_syntax::parse(value)?);
    Ok(())
}

/// `--memory-swappiness`. -1 is the engine's default.
pub fn memory_swappiness(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    let percent = integer::parse(value)?;
    if !(-1..=100).contains(&percent) {
        return Err("valid memory swappiness is 0 to 100".into());
    }
    request.spec.set("HostConfig.MemorySwappiness", percent);
    Ok(())
}

/// `--blkio-weight-device`.
pub fn blkio_weight_device(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    let (device, weight) = throttle::parse_weight(value)?;
    request.spec.push("HostConfig.BlkioWeightDevice", json!({"Path": device, "Weight": weight}));
    Ok(())
}

/// `--device-read-bps`.
pub fn device_read_bps(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    rate(request, "HostConfig.BlkioDeviceReadBps", throttle::parse_bytes(value))
}

/// `--device-read-iops`.
pub fn device_read_iops(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    rate(request, "HostConfig.BlkioDeviceReadIOps", throttle::parse_operations(value))
}

/// `--device-write-bps`.
pub fn device_write_bps(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    rate(request, "HostConfig.BlkioDeviceWriteBps", throttle::parse_bytes(value))
}

/// `--device-write-iops`.
pub fn device_write_iops(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    rate(request, "HostConfig.BlkioDeviceWriteIOps", throttle::parse_operations(value))
}

fn rate(request: &mut RunRequest, path: &str, limit: Parsed<(&str, u64)>) -> Done {
    let (device, rate) = limit?;
    request.spec.push(path, json!({"Path": device, "Rate": rate}));
    Ok(())
}
