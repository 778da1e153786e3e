//! The health check. Its flags are weighed together: they make one field.

use super::{Flag, scalar, switch};
use crate::cli::values::{duration, integer};

const fn interval(long: &'static str, help: &'static str, example: &'static str) -> Flag {
    scalar(long, "DURATION", help, example).check(|value| duration::parse(value).map(drop))
}

pub(super) const ROWS: &[Flag] = &[
    scalar("health-cmd", "COMMAND", "Check its health with this command", "--health-cmd 'curl -f localhost'"),
    interval("health-interval", "Check so often (ms, s, m, h)", "--health-interval 30s")
        .note("a number with ns, us, ms, s, m or h, also `1m30s`"),
    scalar("health-retries", "NUMBER", "Call it unhealthy after so many failures", "--health-retries 3")
        .check(|value| integer::parse(value).map(drop)),
    interval(
        "health-start-interval",
        "Check so often while it starts (API 1.44)",
        "--health-start-interval 5s",
    )
    .since((1, 44)),
    interval("health-start-period", "Leave it so long to start", "--health-start-period 1m"),
    interval("health-timeout", "Give each check so long", "--health-timeout 10s"),
    switch("no-healthcheck", "Take the image's health check away", "--no-healthcheck"),
];
