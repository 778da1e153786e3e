//! Lines of which some parts may be anything.

/// Whether the line is what the pattern says, in which `*` stands for anything.
pub fn fits(pattern: &str, line: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == line };
    let Some(line) = line.strip_prefix(head) else { return false };
    rest.is_empty() || (0..=line.len()).any(|at| line.is_char_boundary(at) && fits(rest, &line[at..]))
}

#[test]
fn patterns_fit_what_they_say() {
    for (pattern, line, expected) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a*", "a", true),
        ("a*", "abc", true),
        ("a*c", "abc", true),
        ("a*c", "abcd", false),
        ("*b*", "abc", true),
        ("*b*", "ac", false),
    ] {
        assert_eq!(fits(pattern, line), expected, "{pattern} {line}");
    }
}
