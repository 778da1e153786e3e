//! Logs for whoever looks for a fault: on stderr, off unless `CREDRUN_LOG` asks for them.
//!
//! The level of credrun's own events is free. That of every library is capped at `info`, whatever is asked
//! for: bollard logs whole create bodies, the AWS SDK whole responses, and both hold keys.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Installs the subscriber for `filter`, in the syntax of
/// <https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>.
pub fn install(filter: Option<&str>) {
    let Some(filter) = filter else { return };
    let filter = EnvFilter::builder().parse_lossy(filter).and(filter_fn(may_be_logged));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(filter);
    // Only a second call fails, and then the first one holds.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let ours = metadata.target() == "credrun" || metadata.target().starts_with("credrun::");
    ours || *metadata.level() <= Level::INFO
}
