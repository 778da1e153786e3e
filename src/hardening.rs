//! What this process does for itself before it holds a secret: nobody else may read its memory or its variables, it leaves
//! no core behind, and a defect does not print what it was working on.
//!
//! Nothing of it passes to the programs that are started from here: Linux makes a process dumpable again when it becomes
//! another program, and the limit of other systems is given back to what `credrun exec` becomes.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, Location, PanicHookInfo};

use crate::notice;

/// To be called first thing in `main`. What the system does not let us do is left undone: it is no reason not to run.
pub fn begin() {
    memory::close();
    panic::set_hook(Box::new(|panic| notice::line(&told(panic))));
}

pub(crate) use memory::give_back;

/// What a panic is told as, with its backtrace where `RUST_BACKTRACE` asks for one.
fn told(panic: &PanicHookInfo<'_>) -> String {
    let trace = Backtrace::capture();
    let trace =
        if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() };
    format!("{}{trace}", defect(panic.location(), panic.payload()))
}

/// A text that stands in the source is repeated. One that was made at run time may hold anything, a secret too: what `str`
/// says when it is cut in the middle of a character is the whole string.
fn defect(place: Option<&Location<'_>>, payload: &(dyn Any + Send)) -> String {
    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
    let what = match payload.downcast_ref::<&'static str>() {
        Some(text) => (*text).to_owned(),
        None => "what it says is not shown, since it may hold a secret".to_owned(),
    };
    format!("credrun: a defect of credrun{place}: {what}\n  hint: please report it, with `RUST_BACKTRACE=1`")
}

/// `/proc/PID/mem` and `/proc/PID/environ` are root's then, no debugger of the same user may attach, and the kernel
/// writes no core, whatever the limit is and whoever takes cores (prctl(2), `PR_SET_DUMPABLE`).
#[cfg(target_os = "linux")]
mod memory {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    pub(super) fn close() {
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }

    /// Linux gives back by itself.
    pub(crate) fn give_back() {}
}

/// Elsewhere on Unix no core is as much as can be had; the hard limit stays, so that it can be given back.
#[cfg(all(unix, not(target_os = "linux")))]
mod memory {
    use std::sync::OnceLock;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    static FOUND: OnceLock<Rlimit> = OnceLock::new();

    pub(super) fn close() {
        let found = FOUND.get_or_init(|| getrlimit(Resource::Core));
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: found.maximum });
    }

    /// The user's own limit of cores, for what this process becomes.
    pub(crate) fn give_back() {
        if let Some(found) = FOUND.get() {
            let _ = setrlimit(Resource::Core, found.clone());
        }
    }
}

#[cfg(not(unix))]
mod memory {
    pub(super) fn close() {}

    #[allow(dead_code, reason = "the same everywhere")]
    pub(crate) fn give_back() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_is_told_with_its_place_and_without_what_it_worked_on() {
        let shown = |payload: Box<dyn Any + Send>| defect(Some(Location::caller()), &*payload);
        let told = shown(Box::new("the socket is ours"));
        assert!(told.contains("src/hardening.rs:") && told.contains(": the socket is ours"), "{told}");
        let told = shown(Box::new("end byte index 2 is not a char boundary of `MARK`".to_owned()));
        assert!(told.contains("src/hardening.rs:") && !told.contains("MARK"), "{told}");
    }
}
