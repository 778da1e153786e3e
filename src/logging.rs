//! Logs for whoever looks for a fault: on stderr, off unless `CREDRUN_LOG` asks for them.
//!
//! The level of credrun's own events is free. That of the libraries is capped, whatever is asked for
//! ([`may_log`]): several of them log request bodies and headers that hold keys.

use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::provider::log::may_log;

/// Installs the subscriber for `filter`, in the syntax of
/// <https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>.
pub fn install(filter: Option<&str>) {
    let Some(filter) = filter else { return };
    let allowed = filter_fn(|metadata| may_log(metadata.target(), metadata.level()));
    let filter = EnvFilter::builder().parse_lossy(filter).and(allowed);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(filter);
    // Only a second call fails, and then the first one holds.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
