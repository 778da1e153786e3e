//! Streams and signals.

use super::{Completion, Flag, list, scalar, switch};
use crate::cli::values::attach;
use crate::request::effects;

pub(super) const ROWS: &[Flag] = &[
    list("attach", "stdin|stdout|stderr", "Attach to a stream", "--attach stdout")
        .completes(Completion::Words(&["stdin", "stdout", "stderr"]))
        .short('a')
        .check(|value| attach::parse(value).map(drop)),
    switch("detach", "Run in the background and print the container's id", "--detach").short('d'),
    scalar(
        "detach-keys",
        "KEYS",
        "Leave the container running on these keys (default: ctrl-p,ctrl-q)",
        "--detach-keys ctrl-x,x",
    )
    .refused("credrun has to stay with the container and fetch its credentials; `-d` has it stay in the background")
    .note("letters, or ctrl- with a letter or one of @ [ \\ ] ^ _, with commas between"),
    switch("interactive", "Keep stdin open", "--interactive").short('i').sets("OpenStdin"),
    switch("sig-proxy", "Forward signals to the container (default: true)", "--sig-proxy=false")
        .client()
        .each(effects::sig_proxy),
    switch("tty", "Allocate a terminal", "--tty").short('t').sets("Tty"),
];
