//! An engine behind ssh: the user's own `ssh`, with their configuration, runs `docker system dial-stdio` on the other
//! side, and its stdin and stdout are the connection.
//!
//! Source: <https://docs.docker.com/engine/security/protect-access/#use-ssh-to-protect-the-docker-daemon-socket>.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// How long ssh may take to say why it ended.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How much of what it says is kept.
const KEPT: usize = 4096;

/// `ssh://[user@]host[:port][/path of the socket]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    socket: Option<String>,
}

impl fmt::Display for SshTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        write!(f, "ssh://{user}{}{port}{}", self.host, self.socket.as_deref().unwrap_or_default())
    }
}

impl SshTarget {
    /// Reads an address.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|error| format!("invalid ssh address: {error}"))?;
        if url.password().is_some() {
            return Err("a password in the address is not supported: use a key or an agent".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("an ssh address has no `?` and no `#`".into());
        }
        let decoded =
            |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|e| e.to_string());
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the host's name is missing")?;
        let socket = Some(url.path()).filter(|path| !path.is_empty() && *path != "/");
        let user = Some(url.username()).filter(|user| !user.is_empty());
        Ok(Self {
            user: user.map(decoded).transpose()?,
            host: decoded(host.trim_start_matches('[').trim_end_matches(']'))?,
            port: url.port(),
            socket: socket.map(decoded).transpose()?,
        })
    }

    /// The arguments of `ssh`. No terminal is asked for: it would run a login shell. What is idle is kept alive, and
    /// given up when it is dead, as over TCP: a wait says nothing for hours.
    fn arguments(&self) -> Vec<String> {
        let options =
            ["-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=9", "-T"];
        let mut arguments = options.map(str::to_owned).to_vec();
        arguments.extend(self.user.iter().flat_map(|user| ["-l".to_owned(), user.clone()]));
        arguments.extend(self.port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
        arguments.extend(["--".to_owned(), self.host.clone(), "docker".to_owned()]);
        if let Some(socket) = &self.socket {
            arguments.extend(["--host".to_owned(), quoted(&format!("unix://{socket}"))]);
        }
        arguments.extend(["system", "dial-stdio"].map(str::to_owned));
        arguments
    }

    /// Starts ssh. Whether it gets through shows in the first answer.
    pub(super) fn connect(&self) -> io::Result<(SshStream, LastWords)> {
        let mut command = Command::new("ssh");
        command.args(self.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        own_session(&mut command);
        let mut child = command
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("`ssh` cannot be started: {error}")))?;
        let (Some(input), Some(output), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("`ssh` has no pipes"));
        };
        Ok((SshStream { input: Some(input), output, _child: child }, LastWords::of(stderr)))
    }
}

/// A Ctrl-C is for the container: ssh is in a session of its own, as docker has it. Without a terminal it asks no
/// questions there either; keys, agents and SSH_ASKPASS work.
#[cfg(unix)]
#[allow(unsafe_code, reason = "a session can be made only between fork and exec")]
fn own_session(command: &mut Command) {
    // SAFETY: both are plain system calls, and nothing else is done in the child.
    unsafe {
        command.pre_exec(|| {
            // As docker has it: it does not outlive whoever it is for, not even one that is killed.
            #[cfg(target_os = "linux")]
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            rustix::process::setsid().map(drop).map_err(io::Error::from)
        });
    }
}

#[cfg(not(unix))]
fn own_session(_: &mut Command) {}

/// For the shell on the other side, through which ssh passes its command.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:._-".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// What ssh wrote to stderr, for the message when it does not get through.
#[derive(Clone)]
pub(super) struct LastWords {
    text: Arc<Mutex<Vec<u8>>>,
    ended: tokio::sync::watch::Receiver<bool>,
}

impl LastWords {
    fn of(mut stderr: ChildStderr) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let (sender, ended) = tokio::sync::watch::channel(false);
        let shared = Arc::clone(&text);
        tokio::spawn(async move {
            let mut chunk = [0; 1024];
            while let Ok(count @ 1..) = stderr.read(&mut chunk).await {
                if let Ok(mut text) = shared.lock() {
                    text.extend_from_slice(&chunk[..count]);
                    let surplus = text.len().saturating_sub(KEPT);
                    text.drain(..surplus);
                }
            }
            let _ = sender.send(true);
        });
        Self { text, ended }
    }

    /// The text, once ssh has ended or a moment has passed.
    pub(super) async fn hear(mut self) -> String {
        let _ = tokio::time::timeout(LAST_WORDS, self.ended.wait_for(|ended| *ended)).await;
        let text = self.text.lock().map(|text| String::from_utf8_lossy(&text).trim().to_owned());
        text.unwrap_or_default()
    }
}

/// ssh's stdin and stdout. Shutting the writer down ends its stdin; dropping it ends ssh.
pub(super) struct SshStream {
    input: Option<ChildStdin>,
    output: ChildStdout,
    _child: Child,
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, buf)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_docker_s_and_keep_what_is_idle_alive() {
        let options = "-o ConnectTimeout=30 -o ServerAliveInterval=30 -o ServerAliveCountMax=9";
        for (text, expected) in [
            ("ssh://h", "-T -- h docker system dial-stdio"),
            ("ssh://me@h:2222", "-T -l me -p 2222 -- h docker system dial-stdio"),
            ("ssh://h/run/x.sock", "-T -- h docker --host unix:///run/x.sock system dial-stdio"),
            ("ssh://[::1]:22", "-T -p 22 -- ::1 docker system dial-stdio"),
            (
                "ssh://dom%5Cme@h/run/my%20x.sock",
                "-T -l dom\\me -- h docker --host 'unix:///run/my x.sock' system dial-stdio",
            ),
            ("ssh://h/", "-T -- h docker system dial-stdio"),
        ] {
            let arguments = SshTarget::parse(text).map(|target| target.arguments().join(" "));
            assert_eq!(arguments, Ok(format!("{options} {expected}")));
        }
        for text in ["ssh://", "ssh:///x", "ssh://a:b@h", "ssh://h?x", "ssh://h#x", "ssh://h:x"] {
            assert!(SshTarget::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_is_no_command() {
        assert_eq!(quoted("unix:///a;b'c"), "'unix:///a;b'\\''c'");
    }
}
