//! One record of comma-separated fields, as Go's `encoding/csv` reads it: a field may stand in double quotes,
//! where two quotes mean one; a quote anywhere else is an error. (The `csv` crate lets such a quote pass.)

use super::Parsed;

/// The fields of the one record in `text`.
///
/// # Errors
/// When there is no field, or a quote is out of place.
pub fn fields(text: &str) -> Parsed<Vec<String>> {
    let line = text.trim_start_matches(['\r', '\n']);
    if line.is_empty() {
        return Err("the value is empty".into());
    }
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = if rest.starts_with('"') { quoted(rest, line)? } else { plain(rest, line)? };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

fn plain<'a>(rest: &'a str, line: &str) -> Parsed<(String, &'a str)> {
    let end = rest.find([',', '\n']).unwrap_or(rest.len());
    match rest[..end].find('"') {
        Some(at) => {
            Err(format!("bare `\"` in non-quoted field, column {}", line.len() - rest.len() + at + 1))
        }
        None => Ok((rest[..end].trim_end_matches('\r').to_owned(), &rest[end..])),
    }
}

fn quoted<'a>(rest: &'a str, line: &str) -> Parsed<(String, &'a str)> {
    let misplaced = |rest: &str| {
        Err(format!("extraneous or missing `\"` in quoted field, column {}", line.len() - rest.len() + 1))
    };
    let mut field = String::new();
    let mut rest = &rest[1..];
    loop {
        let Some(at) = rest.find('"') else { return misplaced("") };
        field.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None if rest.is_empty() || rest.starts_with([',', '\n']) => return Ok((field, rest)),
            None => return misplaced(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("a", vec!["a"]),
            ("a,b=c", vec!["a", "b=c"]),
            ("a,", vec!["a", ""]),
            ("\"a,b\",c", vec!["a,b", "c"]),
            ("\"a\"\"b\"", vec!["a\"b"]),
            ("\"\"", vec![""]),
            (" a, b", vec![" a", " b"]),
        ] {
            assert_eq!(fields(text).unwrap(), expected, "{text}");
        }
        for text in ["", "\n", "a\"b", "\"a", "\"a\"b", "a,\"b\"c", "a,b\""] {
            assert!(fields(text).is_err(), "{text}");
        }
    }
}
