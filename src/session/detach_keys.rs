//! The sequence that leaves a container running, matched on our side of the connection.
//!
//! Source: moby/term `proxy.go`: bytes of a sequence that is under way are held back; when it does not go on,
//! they are sent with what follows, and the byte that broke it starts no new one.

/// ctrl-p, ctrl-q.
pub(super) const DEFAULT: [u8; 2] = [0x10, 0x11];

/// Looks for the keys in what is typed.
#[derive(Debug)]
pub(super) struct DetachKeys {
    keys: Vec<u8>,
    matched: usize,
}

impl DetachKeys {
    /// A matcher; one without keys never matches.
    pub(super) fn new(keys: Vec<u8>) -> Self {
        Self { keys, matched: 0 }
    }

    /// Appends to `out` what the container is to have of `typed`; `true` when the keys are complete.
    pub(super) fn filter(&mut self, typed: &[u8], out: &mut Vec<u8>) -> bool {
        if self.keys.is_empty() {
            out.extend_from_slice(typed);
            return false;
        }
        for &byte in typed {
            if byte == self.keys[self.matched] {
                self.matched += 1;
                if self.matched == self.keys.len() {
                    return true;
                }
                continue;
            }
            out.extend_from_slice(&self.keys[..self.matched]);
            out.push(byte);
            self.matched = 0;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pieces: &[&[u8]]) -> (Vec<u8>, bool) {
        let mut keys = DetachKeys::new(DEFAULT.to_vec());
        let mut out = Vec::new();
        let done = pieces.iter().any(|piece| keys.filter(piece, &mut out));
        (out, done)
    }

    #[test]
    fn bytes_are_held_back_and_given_back() {
        assert_eq!(typed(&[b"ab"]), (b"ab".to_vec(), false));
        assert_eq!(typed(&[b"a\x10\x11b"]), (b"a".to_vec(), true));
        assert_eq!(typed(&[b"a\x10", b"\x11"]), (b"a".to_vec(), true));
        assert_eq!(typed(&[b"\x10"]), (b"".to_vec(), false));
        assert_eq!(typed(&[b"\x10", b"x\x10y"]), (b"\x10x\x10y".to_vec(), false));
        assert_eq!(typed(&[b"\x10\x10\x11"]), (b"\x10\x10\x11".to_vec(), false));
    }

    #[test]
    fn no_keys_never_match() {
        let mut out = Vec::new();
        assert!(!DetachKeys::new(Vec::new()).filter(b"\x10\x11", &mut out));
        assert_eq!(out, b"\x10\x11");
    }
}
