//! `--env-file`: a variable a line, as docker/cli's `kvfile` reads it. No quotes, no interpolation; white space
//! is taken away on the left only.

use crate::cli::values::Parsed;
use crate::environment::Environment;

/// The longest line: Go's `bufio.Scanner` holds 64 KiB with the line's end.
const LONGEST: usize = 64 * 1024 - 1;

/// The variables of a file's content, `NAME=value` each. A line with only a name takes the host's value, and
/// is left out when there is none.
///
/// # Errors
/// When a line is too long, is not UTF-8, or has a name that is empty or holds white space. The cause names the
/// line by number: its text may be a secret.
pub fn parse(content: &[u8], environment: &Environment) -> Parsed<Vec<String>> {
    let mut variables = Vec::new();
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    for (index, line) in content.split(|b| *b == b'\n').enumerate() {
        let at_line = |cause: String| format!("line {}: {cause}", index + 1);
        variables.extend(variable(line, index == 0, environment).map_err(at_line)?);
    }
    Ok(variables)
}

fn variable(line: &[u8], is_first: bool, environment: &Environment) -> Parsed<Option<String>> {
    if line.len() > LONGEST {
        return Err(format!("too long: it has {} bytes, and {LONGEST} are the most", line.len()));
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = std::str::from_utf8(line).map_err(|_| "invalid UTF-8".to_owned())?;
    let line = if is_first { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
    let line = line.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    match line.split_once('=').map_or(line, |(name, _)| name) {
        "" => Err("no variable name before the `=`".into()),
        // Without an `=` the line may be anything, a stray secret too.
        name if name.contains([' ', '\t']) && name.len() == line.len() => {
            Err("white space in a line without an `=`: it takes `NAME=value` or `NAME`".into())
        }
        name if name.contains([' ', '\t']) => Err(format!("variable `{name}` contains white space")),
        name if name.len() < line.len() => Ok(Some(line.to_owned())),
        name => Ok(environment.get(name).map(|value| format!("{name}={value}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(content: &[u8]) -> Parsed<Vec<String>> {
        parse(content, &Environment::from_iter([("HOSTV", "hv"), ("EMPTY", "")]))
    }

    #[test]
    fn table() {
        for (content, expected) in [
            ("", vec![]),
            ("A=1\nB=2\n", vec!["A=1", "B=2"]),
            ("A=1\r\nB=2", vec!["A=1", "B=2"]),
            ("\u{feff}A=1", vec!["A=1"]),
            ("  A=1  \n\t#x\n#y\n\n", vec!["A=1  "]),
            ("A=\"q # x\"", vec!["A=\"q # x\""]),
            ("A=b=c", vec!["A=b=c"]),
            ("A=", vec!["A="]),
            ("HOSTV\nEMPTY\nNOWHERE", vec!["HOSTV=hv", "EMPTY="]),
            ("A=1\nA=2", vec!["A=1", "A=2"]),
        ] {
            assert_eq!(lines(content.as_bytes()).unwrap(), expected, "{content:?}");
        }
        for content in [&b"=x"[..], b"A B=1", b"A =1", b"A\tB", b"A=\xff", b"A=1\nhush hush"] {
            assert!(lines(content).is_err(), "{content:?}");
        }
    }

    #[test]
    fn a_stray_line_is_not_repeated() {
        assert!(!lines(b"A=1\nhush hush").unwrap_err().contains("hush"));
    }

    #[test]
    fn lines_have_an_end() {
        assert!(lines(format!("A={}", "x".repeat(LONGEST - 2)).as_bytes()).is_ok());
        assert_eq!(
            lines(format!("\nA={}", "x".repeat(LONGEST - 1)).as_bytes()),
            Err("line 2: too long: it has 65536 bytes, and 65535 are the most".into())
        );
    }
}
