//! What a pull shows, on stderr: bars on a terminal, lines elsewhere, nothing with `-q`.

use std::collections::HashMap;
use std::io::{self, IsTerminal};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::{PullDisplay, PullMessage};
use crate::notice::{self, warn};

/// The display for this stderr.
#[must_use]
pub fn display(quiet: bool) -> Box<dyn PullDisplay> {
    if quiet {
        Box::new(Silent)
    } else if io::stderr().is_terminal() {
        Box::new(Bars::new())
    } else {
        Box::new(Lines)
    }
}

struct Silent;

impl PullDisplay for Silent {
    fn message(&mut self, _: &PullMessage) {}
    fn warning(&mut self, text: &str) {
        warn(text);
    }
}

struct Lines;

impl PullDisplay for Lines {
    /// As docker prints it without a terminal: what has changed, and not how far it is.
    fn message(&mut self, message: &PullMessage) {
        if message.progress.as_ref().is_some_and(|progress| progress.current.is_some()) {
            return;
        }
        notice::line(&line(message));
    }
    fn warning(&mut self, text: &str) {
        warn(text);
    }
}

fn line(message: &PullMessage) -> String {
    match &message.id {
        Some(id) => format!("{id}: {}", message.status),
        None => message.status.clone(),
    }
}

struct Bars {
    all: MultiProgress,
    layers: HashMap<String, ProgressBar>,
}

impl Bars {
    fn new() -> Self {
        Self { all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()), layers: HashMap::new() }
    }

    fn layer(&mut self, id: &str) -> &ProgressBar {
        let all = &self.all;
        self.layers.entry(id.to_owned()).or_insert_with(|| {
            let bar = all.add(ProgressBar::new(0));
            bar.set_style(
                ProgressStyle::with_template("{prefix}: {msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.with_prefix(id.to_owned())
        })
    }
}

impl PullDisplay for Bars {
    fn message(&mut self, message: &PullMessage) {
        let Some(id) = &message.id else {
            let _ = self.all.println(line(message));
            return;
        };
        let bar = self.layer(id);
        bar.set_message(message.status.clone());
        let progress = message.progress.clone().unwrap_or_default();
        let template = match (progress.current, progress.total) {
            (Some(current), Some(total)) => {
                bar.set_length(total);
                bar.set_position(current);
                "{prefix}: {msg:<12} [{wide_bar:.cyan/blue}] {bytes:>10}/{total_bytes:<10}"
            }
            _ => "{prefix}: {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.tick();
    }
    fn warning(&mut self, text: &str) {
        let _ = self.all.println(format!("credrun: warning: {text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_the_layer() {
        let message: PullMessage =
            serde_json::from_str(r#"{"status":"Pull complete","id":"a1b2"}"#).expect("json");
        assert_eq!(line(&message), "a1b2: Pull complete");
    }
}
