//! Logs for whoever looks for a fault: on stderr, off unless `CREDRUN_LOG` asks for them.
//!
//! The level of credrun's own events is free. That of the libraries is capped, whatever is asked for
//! ([`may_log`]): several of them log request bodies and headers that hold keys.

use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::provider::log::may_log;

/// Installs the subscriber for `filter`: a level, or levels by target (`info,credrun=trace`), as
/// <https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.Targets.html> has it.
pub fn install(filter: Option<&str>) {
    let Some(filter) = filter else { return };
    let allowed = filter_fn(|metadata| may_log(metadata.target(), metadata.level()));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = layer.with_filter(targets(filter).and(allowed));
    // Only a second call fails, and then the first one holds.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// What of it can be understood. Not `EnvFilter`, whose patterns need an engine for regular expressions, a
/// thirtieth of the program.
fn targets(filter: &str) -> Targets {
    let parts = filter.split(',').map(str::trim).filter(|part| !part.is_empty());
    let understood = parts.filter_map(|part| part.parse::<Targets>().ok());
    understood.fold(Targets::new(), |all, part| {
        let all = part.default_level().map_or(all.clone(), |level| all.with_default(level));
        all.with_targets(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn levels_are_for_all_or_by_target() {
        for (filter, target, level, is_logged) in [
            ("debug", "credrun::engine", Level::DEBUG, true),
            ("debug", "credrun::engine", Level::TRACE, false),
            ("DEBUG", "hyper", Level::DEBUG, true),
            ("info, credrun=trace", "credrun::engine", Level::TRACE, true),
            ("info,credrun=trace", "hyper", Level::DEBUG, false),
            ("credrun=debug", "hyper", Level::ERROR, false),
            ("off", "credrun", Level::ERROR, false),
            // What cannot be understood takes nothing away.
            ("x=y=z,debug", "credrun", Level::DEBUG, true),
            ("", "credrun", Level::ERROR, false),
            ("debug,", "credrun", Level::TRACE, false),
        ] {
            assert_eq!(targets(filter).would_enable(target, &level), is_logged, "{filter} {target} {level}");
        }
    }
}
