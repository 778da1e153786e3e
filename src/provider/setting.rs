//! Settings that a variable or the profile in use gives, in botocore's order and with its conversions.
//!
//! Anchor: botocore `configprovider.py`, `BOTOCORE_DEFAUT_SESSION_VARIABLES`.

use super::ini::is_space;
use super::profile::Profile;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// A setting's value and the words for where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting<'a> {
    pub(crate) value: &'a str,
    pub(crate) place: String,
}

/// The variable's value, also an empty one, else the setting of the profile in use.
pub(crate) fn find<'a>(
    variable: &str,
    key: &str,
    profile: &'a Profile,
    environment: &'a Environment,
) -> Option<Setting<'a>> {
    if let Some(value) = environment.get(variable) {
        return Some(Setting { value, place: format!("`{variable}`") });
    }
    let place = || format!("`{key}` of profile `{}`", profile.name);
    profile.get(key).map(|value| Setting { value, place: place() })
}

impl Setting<'_> {
    /// What Python's `int` makes of it.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when it is no whole number, or too large a one.
    pub(crate) fn whole_number(&self) -> Result<i64> {
        python_int(self.value).ok_or_else(|| self.wrong("it is not a whole number"))
    }

    /// Whether it is `true`, in any letters; anything else is no.
    pub(crate) fn is_true(&self) -> bool {
        self.value.to_lowercase() == "true"
    }

    /// The error for a value that cannot be used, which it does not show: it may be the wrong variable's.
    pub(crate) fn wrong(&self, cause: &str) -> Error {
        Error::new(ErrorKind::Credentials, format!("{} cannot be used: {cause}", self.place))
            .hint("correct it or take it away; the AWS CLI fails with it, too")
    }
}

/// `int(text)`: a sign, blanks around it and single underscores between digits are allowed.
pub(crate) fn python_int(text: &str) -> Option<i64> {
    // Of the white space of ASCII, `int` takes less than other functions do.
    let text = text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r') || !c.is_ascii() && is_space(c));
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let groups: Vec<&str> = digits.split('_').collect();
    if groups.iter().any(|group| group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let number: i64 = groups.concat().parse().ok()?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::profile::tests::load;

    #[test]
    fn numbers_are_python_s() {
        for (text, number) in [
            ("3", Some(3)),
            (" +03_0\n", Some(30)),
            ("\u{a0}1", Some(1)),
            ("\u{1c}1", None),
            ("-1", Some(-1)),
            ("", None),
            ("1.5", None),
            ("_1", None),
            ("1__0", None),
            ("+-1", None),
            ("0x10", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(python_int(text), number, "{text}");
        }
    }

    #[tokio::test]
    async fn the_variable_comes_first_even_if_it_is_empty() {
        let profile = load("[profile a]\nx = TRUE\n", "a").await;
        let environment = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<Environment>();
        for (variables, value, truth) in
            [(&[][..], "TRUE", true), (&[("X", "no")], "no", false), (&[("X", "")], "", false)]
        {
            let environment = environment(variables);
            let found = find("X", "x", &profile, &environment).expect("a value");
            assert_eq!((found.value, found.is_true()), (value, truth));
        }
        assert_eq!(find("Y", "y", &profile, &environment(&[])), None);
        let unset = environment(&[("X", "MARK")]);
        let error = find("X", "x", &profile, &unset).expect("a value").whole_number().expect_err("no number");
        assert!(error.to_string().contains("`X` cannot be used") && !error.to_string().contains("MARK"));
    }
}
