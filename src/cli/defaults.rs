//! The variables `CREDRUN_…`, which stand in for those of credrun's own flags that are not given.
//!
//! Whoever sets one counts on it. So none is left out without a word: one that cannot be read, or is mistyped, is
//! refused where the container would get more without it, and told where not.

use super::Cli;
use super::flags::{self, Flag, Kind, TABLE, Table};
use super::unknown;
use super::values::{boolean, words};
use crate::environment::Environment;
use crate::error::{Error, Result};

/// What the variables' names begin with.
const PREFIX: &str = "CREDRUN_";
/// The log's, which is no flag's.
const LOG: &str = "CREDRUN_LOG";
/// What those begin with that set credrun's own tests up.
const TESTS: &str = "CREDRUN_TEST_";

impl Cli {
    /// The same, with the variables `CREDRUN_…` for those of credrun's own flags that are not given.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`] for a value that is wrong, and for a variable that would be left out and
    /// narrows; the variable is named.
    pub fn with_defaults(mut self, environment: &Environment) -> Result<Self> {
        for flag in own(self.table) {
            if self.flags.contains_key(flag.long) {
                continue;
            }
            if let Some(values) = values(flag, environment)? {
                self.flags.insert(flag.long, values);
                self.defaults.insert(flag.long);
            }
        }
        self.unheeded(environment)?;
        self.mistyped(environment)?;
        Ok(self)
    }

    /// Variables of flags that this table does not have, or has without a variable.
    fn unheeded(&mut self, environment: &Environment) -> Result<()> {
        for flag in own(TABLE).filter(|flag| !own(self.table).any(|known| known.long == flag.long)) {
            let variable = flags::variable(flag.long);
            let Some(value) = environment.non_empty(&variable) else { continue };
            if flag.long == "dry-run" && boolean::parse(value) != Ok(false) {
                return Err(Error::usage(format!(
                    "the variable `{variable}` asks for `--dry-run`, and only a container's run has that"
                ))
                .hint(format!("unset the variable for this: `unset {variable}`")));
            }
            if flags::by_long(self.table, flag.long).is_some() {
                let message =
                    format!("the variable `{variable}` does not count here: give `--{}` itself", flag.long);
                self.warnings.push(message);
            }
        }
        Ok(())
    }

    /// Variables that no flag has.
    fn mistyped(&mut self, environment: &Environment) -> Result<()> {
        if own(self.table).next().is_none() {
            return Ok(());
        }
        let unknown = |name: &&str| is_unknown(name) && environment.get(name) != Some("");
        for name in environment.names().filter(unknown) {
            let message = format!("no option has the variable `{name}`");
            match meant(name) {
                Some(flag) if flag.narrows && !self.flags.contains_key(flag.long) => {
                    let variable = flags::variable(flag.long);
                    return Err(Error::usage(message)
                        .hint(format!("did you mean `{variable}`, which gives `--{}`?", flag.long))
                        .hint(format!("if it is not for credrun, unset it here: `unset {name}`")));
                }
                Some(flag) => {
                    self.warnings.push(format!("{message}: did you mean `{}`?", flags::variable(flag.long)));
                }
                None if name.starts_with(PREFIX) => self.warnings.push(message),
                None => {}
            }
        }
        Ok(())
    }
}

/// Those flags of a table that have a variable.
fn own(table: Table) -> impl Iterator<Item = &'static Flag> {
    flags::rows(table).filter(|flag| flag.own)
}

/// What the flag's variable says; `None` when it is not set. AWS's and Docker's programs take an empty one as not
/// set, and so does this, but where the container would get more for it.
fn values(flag: &Flag, environment: &Environment) -> Result<Option<Vec<String>>> {
    let variable = flags::variable(flag.long);
    let bad = |cause: &str| {
        Error::usage(format!("the variable `{variable}`, which gives `--{}`, {cause}", flag.long))
            .hint(format!("to do without `--{}`, unset it: `unset {variable}`", flag.long))
            .hint(format!("`credrun help {}` explains it", flag.long))
    };
    if environment.is_not_utf8(&variable) {
        return Err(bad("is not valid UTF-8"));
    }
    let text = match environment.get(&variable) {
        Some("") if flag.narrows => return Err(bad("is empty")),
        None | Some("") => return Ok(None),
        Some(text) if text.trim().is_empty() => return Err(bad("holds nothing but blanks")),
        Some(text) => text,
    };
    let values = match flag.kind {
        Kind::List => {
            words::split(text).map_err(|cause| bad(&format!("cannot be split into words: {cause}")))?
        }
        _ => vec![text.to_owned()],
    };
    for value in &values {
        flag.check_value(value).map_err(|error| error.hint(flags::given_by(flag.long)))?;
    }
    Ok(Some(values))
}

/// Whether no flag and nothing else of credrun has this variable, though it may be meant for it.
fn is_unknown(name: &str) -> bool {
    name != LOG && !name.starts_with(TESTS) && !own(TABLE).any(|flag| flags::variable(flag.long) == name)
}

/// The flag whose variable was meant: one that is called so but for a typing error, capitals, or words that are missing
/// (`CREDRUN_ROLE`). Of other programs' variables none is like that.
fn meant(name: &str) -> Option<&'static Flag> {
    let upper = name.to_uppercase().replace('-', "_");
    let by_whole_name =
        || own(TABLE).find(|flag| strsim::damerau_levenshtein(&flags::variable(flag.long), &upper) <= 2);
    let Some(rest) = upper.strip_prefix(PREFIX) else { return by_whole_name() };
    let rest = rest.to_lowercase().replace('_', "-");
    let begins = |flag: &&Flag| flag.long.strip_prefix(&rest).is_some_and(|more| more.starts_with('-'));
    let near = || {
        let name = unknown::nearest_of(own(TABLE).map(|flag| flag.long), &rest)?;
        flags::by_long(TABLE, name)
    };
    near().or_else(|| own(TABLE).find(begins))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{self, Invocation};
    use crate::error::ErrorKind;

    const ROLE: &str = "arn:aws:iam::123456789012:role/reader";

    fn parsed(line: &str) -> Cli {
        match cli::parse(line.split_whitespace().map(Into::into).collect()).expect(line) {
            Invocation::Run(cli) | Invocation::Other(_, cli) => cli,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn read(line: &str, variables: &[(&str, &str)]) -> Result<Cli> {
        parsed(line).with_defaults(&variables.iter().copied().collect())
    }

    #[test]
    fn a_variable_stands_in_for_a_flag_that_is_not_given() {
        for (line, variable, long, expected) in [
            ("bb", ("CREDRUN_PROFILE", "dev"), "profile", &["dev"][..]),
            ("--profile p bb", ("CREDRUN_PROFILE", "dev"), "profile", &["p"]),
            // It is not even looked at.
            ("--profile p bb", ("CREDRUN_PROFILE", " "), "profile", &["p"]),
            ("bb", ("CREDRUN_REGION", ""), "region", &[]),
            ("bb", ("CREDRUN_VERBOSE", "1"), "verbose", &["1"]),
            ("bb", ("CREDRUN_ALLOW", "s3:Get* \n sts:*"), "allow", &["s3:Get*", "sts:*"]),
            (
                "whoami",
                ("CREDRUN_TAGS", "Key=Team,Value='a b' \"Key=c d,Value=e\""),
                "tags",
                &["Key=Team,Value=a b", "Key=c d,Value=e"],
            ),
        ] {
            let cli = read(line, &[variable]).expect(line);
            assert_eq!(cli.values(long), expected, "{line} {variable:?}");
            assert_eq!(cli.is_default(long), !line.contains(long) && !expected.is_empty());
            assert_eq!(cli.warnings(), [""; 0], "{line} {variable:?}");
        }
    }

    #[test]
    fn one_that_cannot_be_read_is_refused_and_named() {
        for (line, name, value, cause) in [
            ("bb", "CREDRUN_ALLOW", " ", "holds nothing but blanks"),
            ("bb", "CREDRUN_ALLOW", "", "is empty"),
            ("exec true", "CREDRUN_ROLE_ARN", "\t\n", "holds nothing but blanks"),
            ("bb", "CREDRUN_ROLE_ARN", "", "is empty"),
            ("bb", "CREDRUN_READ_ONLY_ACCESS", " ", "holds nothing but blanks"),
            ("bb", "CREDRUN_DRY_RUN", "", "is empty"),
            ("bb", "CREDRUN_REGION", "\u{a0}", "holds nothing but blanks"),
            ("bb", "CREDRUN_TAGS", "Key=a,Value='b c", "cannot be split into words: a `'` is not closed"),
            ("bb", "CREDRUN_POLICY_ARNS", r"a\", "cannot be split into words: it ends in a backslash"),
        ] {
            let error = read(line, &[(name, value)]).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Usage);
            let start = format!("the variable `{name}`, which gives `--");
            assert!(error.to_string().starts_with(&start) && error.to_string().contains(cause), "{error}");
            assert!(error.hints()[0].contains(&format!("unset {name}")), "{:?}", error.hints());
        }
        for (name, value) in
            [("CREDRUN_ALLOW", "#s3:* s3:*"), ("CREDRUN_ALLOW", "''"), ("CREDRUN_UNTIL", " 30m")]
        {
            let error = read("bb", &[(name, value)]).expect_err(value);
            assert!(error.hints().iter().any(|hint| hint.contains(&format!("variable `{name}`"))), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn one_that_is_not_utf_8_is_refused_without_its_value() {
        use std::ffi::OsString;
        use std::os::unix::ffi::OsStringExt;

        let value = OsString::from_vec(b"hush\xff".to_vec());
        let environment = Environment::of([("CREDRUN_TOKEN_CODE".into(), value)].into_iter());
        let error = parsed("bb").with_defaults(&environment).expect_err("not UTF-8");
        assert!(error.to_string().contains("`CREDRUN_TOKEN_CODE`"), "{error}");
        assert!(error.to_string().contains("not valid UTF-8"), "{error}");
        assert!(!format!("{error} {error:?} {:?} {environment:?}", error.hints()).contains("hush"));
        assert!(parsed("--token-code 123456 bb").with_defaults(&environment).is_ok());
        let mistyped = Environment::of([("CREDRUN_ROLE".into(), OsString::from_vec(vec![0xff]))].into_iter());
        assert!(parsed("bb").with_defaults(&mistyped).is_err());
    }

    #[test]
    fn one_that_is_mistyped_is_refused_where_it_narrows_and_told_where_not() {
        for (line, name, meant) in [
            ("bb", "CREDRUN_ROLE_ARM", "CREDRUN_ROLE_ARN"),
            ("whoami", "CREDRUN_ROLE", "CREDRUN_ROLE_ARN"),
            ("bb", "credrun_allow", "CREDRUN_ALLOW"),
            ("bb", "CREDURN_ALLOW", "CREDRUN_ALLOW"),
            ("bb", "CREDRUNALLOW", "CREDRUN_ALLOW"),
            ("bb", "CREDRUN-UNTIL", "CREDRUN_UNTIL"),
            ("bb", "CREDRUN_READ_ONLY", "CREDRUN_READ_ONLY_ACCESS"),
            ("bb", "CREDRUN_POLICY_ARN", "CREDRUN_POLICY_ARNS"),
            ("bb", "CREDRUN_DURATION", "CREDRUN_DURATION_SECONDS"),
            ("export", "CREDRUN_TAG", "CREDRUN_TAGS"),
            ("bb", "CREDRUN_DRYRUN", "CREDRUN_DRY_RUN"),
        ] {
            let error = read(line, &[(name, "x")]).expect_err(name);
            assert_eq!(error.to_string(), format!("no option has the variable `{name}`"));
            assert!(error.hints()[0].contains(&format!("`{meant}`")), "{name}: {:?}", error.hints());
        }
        let given = format!("--role-arn {ROLE} bb");
        for (line, name, told) in [
            // The option is there: nothing is lost.
            (
                given.as_str(),
                "CREDRUN_ROLE_ARM",
                "no option has the variable `CREDRUN_ROLE_ARM`: did you mean `CREDRUN_ROLE_ARN`?",
            ),
            (
                "bb",
                "CREDRUN_REGIONS",
                "no option has the variable `CREDRUN_REGIONS`: did you mean `CREDRUN_REGION`?",
            ),
            ("bb", "CREDRUN_COLOUR", "no option has the variable `CREDRUN_COLOUR`"),
            ("bb", "CREDRUN_POLICY_FOLDER", "no option has the variable `CREDRUN_POLICY_FOLDER`"),
        ] {
            assert_eq!(read(line, &[(name, "x")]).expect(name).warnings(), [told], "{name}");
        }
        for (line, name, value) in [
            ("bb", "CREDRUN_LOG", "debug"),
            ("bb", "CREDRUN_TEST_IMAGE", "x"),
            ("bb", "CREDIT_ALLOW", "x"),
            ("bb", "AWS_PROFILE", "x"),
            ("bb", "CREDRUN_ROLE_ARM", ""),
            ("logout", "CREDRUN_ROLE_ARM", "x"),
        ] {
            assert_eq!(read(line, &[(name, value)]).expect(name).warnings(), [""; 0], "{name}");
        }
    }

    #[test]
    fn one_that_a_subcommand_does_not_heed_is_told() {
        for line in ["exec true", "whoami", "export", "logout", "role-template"] {
            let error = read(line, &[("CREDRUN_DRY_RUN", "1")]).expect_err(line);
            assert!(error.to_string().contains("`CREDRUN_DRY_RUN` asks for `--dry-run`"), "{line}: {error}");
            assert!(read(line, &[("CREDRUN_DRY_RUN", "false")]).is_ok(), "{line}");
        }
        let cli =
            read("role-template", &[("CREDRUN_ALLOW", "s3:*"), ("CREDRUN_UNTIL", "30m")]).expect("read");
        assert_eq!(
            cli.warnings(),
            ["the variable `CREDRUN_ALLOW` does not count here: give `--allow` itself"]
        );
        assert!(cli.is_bare());
    }
}
