//! Where `docker run` ends otherwise behind the same fault, and why that is not imitated.

use super::case::Told;
use super::fault::Kind;

const REASONS: [(&str, &str); 5] = [
    ("/_ping", "docker gives the ping ten seconds and then assumes a version; credrun waits for Ctrl-C"),
    (
        "/create target",
        "docker gives up at the first Ctrl-C; credrun waits for the id, by which it could remove the container",
    ),
    ("/attach", "docker leaves with 1 and leaves the container behind, which would hold keys"),
    ("/wait", "docker leaves the container behind, which would hold keys"),
    (
        "/images/create",
        "docker leaves with 1 or at the first Ctrl-C with 130; credrun has 125 for what the engine does",
    ),
];
const HANGS: &str = "docker waits for the end of a container that has not begun, or that it hears no more of";
const CONNECTION: &str =
    "docker asks over the connection that it has already, so that a later call is refused";
const LEFT: &str =
    "docker leaves the container behind, or leaves with another code than 125 for what the engine does";

/// Why they differ.
pub fn reason(call: &str, kind: Kind, theirs: &Told) -> &'static str {
    if theirs.code < 0 {
        return HANGS;
    }
    if kind == Kind::Refused {
        return CONNECTION;
    }
    REASONS.iter().find(|(part, _)| call.contains(part)).map_or(LEFT, |(_, reason)| *reason)
}
