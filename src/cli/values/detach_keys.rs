//! `--detach-keys`: keys with commas between them, as moby/term's `ToBytes` reads them.

use super::Parsed;

/// The bytes that a terminal sends for the keys.
///
/// # Errors
/// When a key is neither one character, nor `ctrl-` and one of `a`–`z @ [ \ ] ^ _`, nor `DEL`.
pub fn parse(value: &str) -> Parsed<Vec<u8>> {
    value.split(',').map(key).collect()
}

fn key(name: &str) -> Parsed<u8> {
    match (name.as_bytes(), name.strip_prefix("ctrl-").map(str::as_bytes)) {
        ([byte], _) => Ok(*byte),
        (_, Some([letter @ b'a'..=b'z'])) => Ok(letter - b'a' + 1),
        (_, Some([b'@'])) => Ok(0),
        (_, Some([sign @ b'['..=b'_'])) => Ok(sign - b'@'),
        (b"DEL", _) => Ok(127),
        _ => Err(format!(
            "unknown key `{name}`: a key is one character, or `ctrl-` and a letter or one of @[\\]^_"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("ctrl-p,ctrl-q", vec![16, 17]),
            ("a", vec![b'a']),
            ("ctrl-@,ctrl-a,ctrl-z", vec![0, 1, 26]),
            ("ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", vec![27, 28, 29, 30, 31]),
            ("DEL,x", vec![127, b'x']),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in ["", "ctrl-", "ctrl-A", "ctrl-1", "ab", "a,,b", "é", "ctrl-ab"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
