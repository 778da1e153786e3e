//! The frames in which an engine sends the output of a container without a TTY.

/// Where the payload of a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Stdout,
    Stderr,
    /// The engine's own error message.
    Engine,
}

/// A piece of payload: where it goes, and which bytes of the data it is.
pub(crate) type Payload = (Target, std::ops::Range<usize>);

/// Takes the frames of the attach stream apart: one byte of stream type, three of nothing, four of length.
///
/// Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ContainerAttach>.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    header: Vec<u8>,
    current: Option<(Target, usize)>,
}

impl Frames {
    /// The next piece of payload at the start of `data`, and how many bytes of `data` are used up.
    pub(crate) fn next(&mut self, data: &[u8]) -> Result<(usize, Option<Payload>), String> {
        if let Some((target, left)) = self.current {
            let count = left.min(data.len());
            self.current = (left > count).then_some((target, left - count));
            return Ok((count, Some((target, 0..count))));
        }
        let count = data.len().min(8 - self.header.len());
        self.header.extend_from_slice(&data[..count]);
        if let [kind, _, _, _, a, b, c, d] = self.header[..] {
            self.header.clear();
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            let target = target(kind)?;
            self.current = (length > 0).then_some((target, length));
        }
        Ok((count, None))
    }
}

fn target(kind: u8) -> Result<Target, String> {
    match kind {
        0 | 1 => Ok(Target::Stdout),
        2 => Ok(Target::Stderr),
        3 => Ok(Target::Engine),
        _ => Err(format!("a frame of unknown stream type {kind}")),
    }
}
