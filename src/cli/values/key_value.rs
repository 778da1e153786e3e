//! `NAME=VALUE`, where the value may be missing.

/// Name and value, cut at the first `=`; the value is empty when there is none.
#[must_use]
pub fn split(text: &str) -> (&str, &str) {
    text.split_once('=').unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_sign_cuts() {
        for (text, expected) in [("a=b=c", ("a", "b=c")), ("a", ("a", "")), ("=b", ("", "b")), ("", ("", ""))]
        {
            assert_eq!(super::split(text), expected);
        }
    }
}
