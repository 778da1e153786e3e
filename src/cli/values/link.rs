//! `--link`: `container[:alias]`, as docker/cli's `ParseLink` takes it. The text goes to the engine as it is.

use super::Parsed;

/// Checks the text's form.
///
/// # Errors
/// When it is empty or has more than two parts.
pub fn check(text: &str) -> Parsed<()> {
    if text.is_empty() {
        return Err("empty string specified for links".into());
    }
    if text.matches(':').count() > 1 {
        return Err(format!("bad format for links: `{text}`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn table() {
        for (text, fine) in
            [("db", true), ("db:x", true), (":", true), ("/a:/b/c", true), ("", false), ("a:b:c", false)]
        {
            assert_eq!(super::check(text).is_ok(), fine, "{text}");
        }
    }
}
