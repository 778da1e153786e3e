//! What credrun tells the user before the run: one line of who the container is, and warnings. On stderr, and
//! nothing of it with `-q`.

mod lines;

use std::io::{self, IsTerminal};
use std::net::IpAddr;

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::credentials::Credentials;
use crate::error::Error;
use crate::provider::user_session;
use crate::request::{ClientOptions, RunRequest};
use crate::run::Identity;
use crate::session::tty;
use crate::spec::ContainerSpec;

/// Credentials with less than this left are warned of. CloudShell's always have less than 15 minutes.
const SHORT: Duration = Duration::minutes(5);

/// Tells, or keeps quiet.
pub(crate) struct Notices {
    line: bool,
    warnings: bool,
    refresh: bool,
}

impl Notices {
    pub(crate) fn new(client: &ClientOptions) -> Self {
        let line = client.verbose || io::stderr().is_terminal();
        Self { line: line && !client.quiet, warnings: !client.quiet, refresh: false }
    }

    /// Of a run whose credentials are fetched anew.
    pub(crate) fn with_refresh(self, refresh: bool) -> Self {
        Self { refresh, ..self }
    }

    /// What resolving and checking the command line came upon, told before anything can fail; each once.
    pub(crate) fn command_line(&self, client: &mut ClientOptions) {
        std::mem::take(&mut client.warnings).iter().filter(|_| self.warnings).for_each(|text| warn(text));
    }

    /// A remark, where somebody looks on.
    pub(crate) fn remark(&self, text: &str) {
        if self.line {
            say(text);
        }
    }

    /// What else may surprise.
    pub(crate) fn warn(&self, warnings: &[String]) {
        warnings.iter().filter(|_| self.warnings).for_each(|text| warn(text));
    }

    /// Who the container will be, and what about that may surprise.
    pub(crate) fn identity(&self, request: &RunRequest, identity: &Identity) {
        self.credentials(identity);
        let found = identity.credentials.iter().flat_map(Credentials::warnings);
        let all = request.client.warnings.iter().chain(found).chain(identity.injection.warnings());
        all.filter(|_| self.warnings).for_each(|text| warn(text));
        let short = identity.credentials.as_ref().and_then(|got| {
            let words = request.spec.get("Cmd").and_then(Value::as_array).cloned().unwrap_or_default();
            let words: Vec<_> = words.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            user_session::falls_short(got, &words)
        });
        short.filter(|_| self.warnings).iter().for_each(|text| warn(text));
        if self.warnings && identity.injection.region().is_none() {
            warn("no region is configured: give `--region`, or set AWS_REGION");
        }
    }

    /// Whose credentials they are and how long they live; told again when they are fetched again.
    pub(crate) fn credentials(&self, identity: &Identity) {
        let now = OffsetDateTime::now_utc();
        let Some(credentials) = &identity.credentials else { return };
        if self.line {
            let anew = if self.refresh { "; they are fetched anew before that" } else { "" };
            say(&format!("{}{anew}", principal_line(credentials, now)));
        }
        let left = credentials.expiration().map(|end| end - now);
        if let Some(left) = left.filter(|left| self.warnings && !self.refresh && *left < SHORT) {
            warn(&format!("the credentials expire in {}", length(left)));
        }
    }
}

/// What the engine warned of at the creation. `-q` is about the pull and about what credrun adds: docker shows
/// these with it, too.
pub(crate) fn engine_warnings(warnings: &[String], spec: &ContainerSpec) {
    warnings.iter().for_each(|text| warn(text));
    // Docker's client adds this one itself.
    if let Some(address) = loopback_dns(spec) {
        warn(&format!("Localhost DNS ({address}) may fail in containers."));
    }
}

fn loopback_dns(spec: &ContainerSpec) -> Option<&str> {
    let servers = spec.get("HostConfig.Dns")?.as_array()?.iter().filter_map(Value::as_str);
    servers.into_iter().find(|text| text.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()))
}

/// A line of ours on stderr. When nobody takes it, the run goes on: `eprintln!` would panic, with a container up.
pub(crate) fn say(text: &str) {
    line(&format!("credrun: {text}"));
}

/// A warning on stderr.
pub(crate) fn warn(text: &str) {
    say(&format!("warning: {text}"));
}

/// What went wrong, with its hints, on stderr.
pub fn error(error: &Error) {
    let hints = error.hints().iter().map(|hint| format!("\n  hint: {hint}")).collect::<String>();
    lines::write_last(with_end(&format!("credrun: {error}{hints}")));
}

/// A line on stderr as it is.
pub(crate) fn line(text: &str) {
    lines::write(with_end(text));
}

/// A terminal in raw mode goes down, and not back to the left, at a line's end.
fn with_end(text: &str) -> String {
    let end = if tty::is_raw() { "\r\n" } else { "\n" };
    format!("{text}{end}")
}

/// Whose credentials they are, in a line.
pub(crate) fn principal_line(credentials: &Credentials, now: OffsetDateTime) -> String {
    let source = credentials.principal_source();
    match (credentials.expiration(), credentials.expiration_iso8601()) {
        (Some(end), Some(text)) => {
            format!("credentials from {source}, which expire at {text} (in {})", length(end - now))
        }
        _ => format!("credentials from {source}, without a known expiration"),
    }
}

/// `14 minutes`, `45 seconds`, `3 hours`: rounded down.
pub(crate) fn length(span: Duration) -> String {
    let (count, unit) = match span.whole_seconds().max(0) {
        seconds @ 0..=119 => (seconds, "second"),
        seconds @ 120..=7199 => (seconds / 60, "minute"),
        seconds => (seconds / 3600, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dns_server_of_the_host_is_out_of_reach() {
        for (servers, expected) in [
            (&["192.0.2.1", "127.0.0.53"][..], Some("127.0.0.53")),
            (&["::1"], Some("::1")),
            (&["192.0.2.1"], None),
        ] {
            let mut spec = ContainerSpec::new("x");
            spec.set("HostConfig.Dns", servers);
            assert_eq!(loopback_dns(&spec), expected);
        }
    }
    use crate::credentials::Secret;

    #[test]
    fn the_line_names_source_and_end() {
        let now = OffsetDateTime::from_unix_timestamp(1_728_549_000).expect("time");
        let end = Some(now + Duration::seconds(858));
        let credentials = Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new("s"), None, end, "CloudShell");
        assert_eq!(
            principal_line(&credentials, now),
            "credentials from CloudShell, which expire at 2024-10-10T08:44:18Z (in 14 minutes)"
        );
    }

    #[test]
    fn lengths_are_words() {
        for (seconds, text) in
            [(-3, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (180, "3 minutes"), (7200, "2 hours")]
        {
            assert_eq!(length(Duration::seconds(seconds)), text);
        }
    }
}
