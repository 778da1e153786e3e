//! `--tags Key=KEY,Value=VALUE`: session tags, in the AWS CLI's shorthand.

use super::Parsed;

/// A session tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// At most 128 characters.
    pub key: String,
    /// At most 256 characters; may be empty.
    pub value: String,
}

/// Reads one (<https://docs.aws.amazon.com/cli/latest/reference/sts/assume-role.html>, `--tags`).
///
/// # Errors
/// What is missing, or longer than STS takes.
pub fn parse(text: &str) -> Parsed<Tag> {
    let rest = text.strip_prefix("Key=").ok_or("it does not begin with `Key=`")?;
    let (key, value) = rest.split_once(",Value=").ok_or("there is no `,Value=` behind the key")?;
    let tag = Tag { key: key.to_owned(), value: value.to_owned() };
    check("key", key, 1, 128)?;
    check("value", value, 0, 256)?;
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err("a key may not begin with `aws:`, which is AWS's own".into());
    }
    Ok(tag)
}

fn check(what: &str, text: &str, least: usize, most: usize) -> Parsed<()> {
    let length = text.chars().count();
    if !(least..=most).contains(&length) {
        return Err(format!("the {what} has {length} characters, outside {least} to {most}"));
    }
    match text.chars().find(|&c| !(c.is_alphanumeric() || "_.:/=+-@ ".contains(c))) {
        None => Ok(()),
        Some(other) => Err(format!("the {what} holds `{}`, which STS does not accept", other.escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthand() {
        for (text, key, value) in [
            ("Key=Project,Value=Unicorn", "Project", "Unicorn"),
            ("Key=a b,Value=c d", "a b", "c d"),
            ("Key=a,Value=", "a", ""),
            ("Key=a,Value=x=y", "a", "x=y"),
        ] {
            assert_eq!(parse(text), Ok(Tag { key: key.into(), value: value.into() }));
        }
        let long = format!("Key={},Value=x", "k".repeat(129));
        for (text, part) in [
            ("Project=Unicorn", "`Key=`"),
            ("Key=Project", "`,Value=`"),
            ("Key=,Value=x", "0 characters, outside 1 to 128"),
            ("Key=a,Value=b,c", "holds `,`"),
            ("Key=aws:x,Value=b", "`aws:`"),
            (&long, "129 characters"),
        ] {
            assert!(parse(text).expect_err(text).contains(part), "{text}");
        }
    }
}
