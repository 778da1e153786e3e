//! Paths as Python's `os.path.expandvars` and `os.path.expanduser` make them of what settings say.

use std::path::PathBuf;

use crate::environment::Environment;

/// `$NAME` and `${NAME}` replaced by the variable's value, then `~` and `~user` by the home directory: what botocore
/// does with the names of its files. What is not known stays as it is.
pub(crate) fn expand(environment: &Environment, path: &str) -> PathBuf {
    expand_user(environment, &expand_variables(environment, path))
}

/// `~` or `~user` at the beginning replaced by the home directory.
pub(crate) fn expand_user(environment: &Environment, path: &str) -> PathBuf {
    let Some(after) = path.strip_prefix('~') else { return path.into() };
    let (user, below) = after.find(is_separator).map_or((after, ""), |at| after.split_at(at));
    let home = if user.is_empty() { own_home(environment) } else { home_of(user) };
    match home {
        // Joined as text: an empty home makes the rest absolute, as in Python.
        Some(home) => format!("{}{below}", home.trim_end_matches(is_separator)).into(),
        None => path.into(),
    }
}

fn is_separator(c: char) -> bool {
    std::path::is_separator(c)
}

fn own_home(environment: &Environment) -> Option<String> {
    let named = if cfg!(unix) { environment.get("HOME") } else { environment.get("USERPROFILE") };
    let found = named.map(str::to_owned);
    found.or_else(|| environment.home().map(|home| home.display().to_string()))
}

/// From the list of users that every Unix has.
fn home_of(user: &str) -> Option<String> {
    let list = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields = list.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields
        .filter(|fields| fields.first() == Some(&user))
        .find_map(|fields| fields.get(5).map(|&home| home.to_owned()))
}

fn expand_variables(environment: &Environment, path: &str) -> String {
    let mut expanded = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = reference(&rest[1..]).map_or(1, |length| length + 1);
        let name = rest[1..length].strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let name = name.unwrap_or(&rest[1..length]);
        expanded.push_str(environment.get(name).unwrap_or(&rest[..length]));
        rest = &rest[length..];
    }
    expanded + rest
}

/// How long the name after a `$` is, braces included.
fn reference(text: &str) -> Option<usize> {
    if text.starts_with('{') {
        return text.find('}').map(|at| at + 1);
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then_some(end)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_are_python_s() {
        let variables = [("HOME", "/home/me/"), ("A", "x"), ("B", "~"), ("E", "")];
        let environment = variables.into_iter().collect();
        for (path, expected) in [
            ("/a/b", "/a/b"),
            ("~", "/home/me"),
            ("~/a", "/home/me/a"),
            ("~nobody-of-this-name/a", "~nobody-of-this-name/a"),
            ("~root/a", "/root/a"),
            ("a/~", "a/~"),
            ("$A/${A}$A", "x/xx"),
            ("$A-$Ab${E}", "x-$Ab"),
            ("$B/a", "/home/me/a"),
            ("${A", "${A"),
            ("$/$$A", "$/$x"),
            ("", ""),
        ] {
            assert_eq!(expand(&environment, path), PathBuf::from(expected), "{path}");
        }
        assert_eq!(expand_user(&environment, "~/$A"), PathBuf::from("/home/me/$A"));
        let homeless = [("HOME", "")].into_iter().collect();
        assert_eq!(expand(&homeless, "~/.aws/config"), PathBuf::from("/.aws/config"));
    }
}
