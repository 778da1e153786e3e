//! The table of all figures.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Rows as they come in.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 5]>,
}

/// Which way is better.
#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    fn is_reached(self, figure: f64) -> bool {
        match self {
            Self::AtMost(limit) => figure <= limit,
            Self::AtLeast(limit) => figure >= limit,
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "≤ {limit}"),
            Self::AtLeast(limit) => write!(f, "≥ {limit}"),
        }
    }
}

impl Report {
    /// A figure, what it was to be, and what it was made of.
    pub fn add(&mut self, what: &str, against: &str, figure: f64, goal: Goal, from: &str) {
        let verdict = if goal.is_reached(figure) { "" } else { " (not reached)" };
        let precision = if figure >= 100.0 {
            0
        } else if figure >= 10.0 {
            1
        } else {
            2
        };
        let figure = format!("{figure:.precision$}");
        println!("{what}, against {against}: {figure}, goal {goal}{verdict}; {from}");
        self.rows.push([what, against, &figure, &format!("{goal}{verdict}"), from].map(str::to_owned));
    }

    /// A figure without a goal.
    pub fn note(&mut self, what: &str, figure: &str) {
        println!("{what}: {figure}");
        self.rows.push([what, "", figure, "", ""].map(str::to_owned));
    }

    /// Writes the table.
    pub fn finish(self, folder: &Path, runs: usize) {
        let mut text = format!("{}, medians of {runs} paired runs\n\n", conditions());
        text.push_str("| what | against | figure | goal | from |\n|---|---|---|---|---|\n");
        for row in self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        let file = folder.join("figures.md");
        std::fs::write(&file, &text).expect("the figures can be written");
        println!("\n{text}");
    }
}

/// What it was measured on.
fn conditions() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let versions = "engine {{.Server.Version}}, docker CLI {{.Client.Version}}";
    let versions = Command::new("docker").args(["version", "--format", versions]).output();
    let versions = versions.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    format!(
        "{}, {cores} cores, {}, load {load} at the end",
        model.unwrap_or("a CPU"),
        versions.unwrap_or_default()
    )
}
