//! Lines on stderr, written by a thread of their own: when nobody reads there, a write waits, and with it would wait
//! whatever keeps the credentials fresh and hears signals.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::time::Duration;

use crate::session::signals::Signals;

/// How long a line may hold up the rest: it comes in its place among what the container writes, unless nobody reads.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many lines wait for a reader; what is more is lost.
const WAITING: usize = 64;

/// A line, and who is to be told that it is written: by being dropped.
type Line = (String, std::sync::mpsc::Sender<()>);

fn writer() -> &'static SyncSender<Line> {
    static WRITER: OnceLock<SyncSender<Line>> = OnceLock::new();
    WRITER.get_or_init(|| {
        let (sender, lines) = sync_channel::<Line>(WAITING);
        std::thread::spawn(move || write_all(&lines));
        sender
    })
}

fn write_all(lines: &Receiver<Line>) {
    for (text, _written) in lines {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Has it written, and waits a moment for that; what tells when it is, where it is not yet.
pub(super) fn write(text: String) -> Option<Receiver<()>> {
    let (sender, written) = channel();
    writer().try_send((text, sender)).ok()?;
    let waited = written.recv_timeout(PATIENCE);
    (waited == Err(RecvTimeoutError::Timeout)).then_some(written)
}

/// The last line: this waits for somebody to read it, or for a signal that ends a program.
pub(super) fn write_last(text: String) {
    let Some(written) = write(text) else { return };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let mut signals = Signals::take_over();
        let mut read = tokio::task::spawn_blocking(move || written.recv());
        loop {
            tokio::select! {
                _ = &mut read => return,
                signal = signals.recv() => if signal.is_fatal() {
                    return;
                },
            }
        }
    });
    runtime.shutdown_background();
}
