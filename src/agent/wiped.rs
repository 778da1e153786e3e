//! Memory that is zeroed when it is dropped. The standard library alone, because the agent's program has this file too.

use std::fmt;

/// Bytes that leave no copy behind: they are overwritten on drop, and before they move to a larger place. `Debug`
/// shows none of them.
#[derive(Default)]
pub struct Wiped {
    bytes: Vec<u8>,
}

impl Wiped {
    /// No bytes yet, with room for `capacity` of them.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// `length` bytes of zero, to be read into.
    #[must_use]
    pub fn zeros(length: usize) -> Self {
        Self { bytes: vec![0; length] }
    }

    /// A copy of `bytes`; whoever owns those wipes them.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec() }
    }

    /// Appends `more`.
    pub fn push(&mut self, more: &[u8]) {
        let needed = self.bytes.len() + more.len();
        if needed > self.bytes.capacity() {
            // Growing in place could leave a copy where the bytes were.
            let mut larger = Self::with_capacity(needed.max(2 * self.bytes.capacity()));
            larger.bytes.extend_from_slice(&self.bytes);
            std::mem::swap(self, &mut larger);
        }
        self.bytes.extend_from_slice(more);
    }

    /// The bytes. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, to be read into.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

impl Clone for Wiped {
    fn clone(&self) -> Self {
        Self::copy_of(&self.bytes)
    }
}

impl PartialEq for Wiped {
    fn eq(&self, other: &Self) -> bool {
        same(&self.bytes, &other.bytes)
    }
}

impl Eq for Wiped {}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("** redacted **")
    }
}

/// Overwrites with zeros. Without the black box the compiler may leave out what nobody reads afterwards; the
/// integration tests search the memory of the optimised program for what it has wiped.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

/// Whether both are equal, in a time that depends on their lengths alone.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let difference = one.iter().zip(other).fold(0, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wiped_is_zero() {
        let mut bytes = *b"wJalrXUtnFEMI";
        wipe(&mut bytes);
        assert_eq!(bytes, [0; 13]);
    }

    #[test]
    fn it_grows_and_shows_nothing() {
        let mut wiped = Wiped::with_capacity(1);
        for part in [&b"wJa"[..], b"", b"lrXUtnFEMI"] {
            wiped.push(part);
        }
        assert_eq!(wiped.expose(), b"wJalrXUtnFEMI");
        assert_eq!(format!("{wiped:?} {wiped:#?}"), "** redacted ** ** redacted **");
        assert_eq!(wiped.clone(), wiped);
    }

    #[test]
    fn the_same_is_the_same() {
        for (one, other, expected) in
            [("", "", true), ("a", "a", true), ("a", "b", false), ("a", "ab", false), ("ab", "aB", false)]
        {
            assert_eq!(same(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
        }
    }
}
