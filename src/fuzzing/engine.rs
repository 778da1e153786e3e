//! What an engine answers: the messages of a pull, and what is read of its JSON.

use super::{Pieces, choice};
use crate::engine::{self, LabelMap, PullDisplay, PullMessage};
use crate::refresh::labels::Labels;

#[derive(Debug, Default, PartialEq)]
struct Told(Vec<String>);

impl PullDisplay for Told {
    fn message(&mut self, message: &PullMessage) {
        self.0.push(format!("{message:?}"));
    }

    fn warning(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

/// The first byte chooses how the stream is cut: what is told does not depend on it.
pub(super) fn pull(data: &[u8]) {
    let Some((_, rest)) = choice(data) else { return };
    let told = |seed| {
        let (mut told, mut messages) = (Told::default(), engine::fuzzing::PullMessages::default());
        let read = Pieces::of(rest, seed).try_for_each(|piece| messages.take(piece, &mut told));
        let end = read.and_then(|()| messages.end(&mut told)).map_err(|error| error.to_string());
        (told, end)
    };
    assert_eq!(told(data[0]), told(0));
}

/// Lists of containers with their labels, and events.
pub(super) fn answers(data: &[u8]) {
    let _ = engine::fuzzing::status(data);
    for container in engine::fuzzing::containers(data).unwrap_or_default() {
        assert!(container.name.is_empty() || !container.name.contains('/'), "{container:?}");
        labels(&container.labels);
    }
    // The same without the JSON around it, a label a line.
    let lines = std::str::from_utf8(data).unwrap_or_default().lines();
    labels(
        &lines.filter_map(|line| line.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
    );
}

/// Labels that are read as a run's are those which that run is given.
fn labels(all: &LabelMap) {
    let Some((role, read)) = Labels::of_container(all, &LabelMap::new()) else { return };
    let written = read.pairs(role).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(Labels::of_container(&written, &LabelMap::new()), Some((role, read)), "{all:?}");
    // What stands in the image too is nobody's run.
    assert_eq!(Labels::of_container(all, all), None);
}
