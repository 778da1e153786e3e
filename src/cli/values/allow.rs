//! `--allow ACTION[,ACTION…][=RESOURCE[,RESOURCE…]]`.

use super::Parsed;

/// One statement of a session policy that allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// `service:Action`, with `*` and `?`; or `*` alone.
    pub actions: Vec<String>,
    /// ARNs, with `*` and `?`; `*` alone when none was given.
    pub resources: Vec<String>,
}

/// Reads one, as IAM's grammar of actions and resources has it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>).
///
/// # Errors
/// The part that is no action or no resource, and what one looks like.
pub fn parse(text: &str) -> Parsed<Allow> {
    let (actions, resources) = text.split_once('=').unwrap_or((text, "*"));
    let actions: Vec<_> = actions.split(',').map(action).collect::<Parsed<_>>()?;
    // An ARN may hold a comma; a new one begins only where `arn:` does.
    let mut all: Vec<String> = Vec::new();
    for part in resources.split(',') {
        match all.last_mut() {
            Some(last) if !part.starts_with("arn:") && part != "*" => {
                last.push(',');
                last.push_str(part);
            }
            _ => all.push(part.to_owned()),
        }
    }
    all.iter().try_for_each(|text| resource(text))?;
    Ok(Allow { actions, resources: all })
}

fn action(text: &str) -> Parsed<String> {
    let name = |part: &str, more: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let good = match text.split_once(':') {
        _ if text == "*" => true,
        Some((service, action)) => name(service, "-") && name(action, "*?"),
        None => false,
    };
    if good {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not an action: one looks like `s3:GetObject`, `s3:Get*` or `*`",
        text.escape_debug()
    ))
}

fn resource(text: &str) -> Parsed<()> {
    let arn = text.strip_prefix("arn:").is_some_and(|rest| rest.matches(':').count() >= 4);
    if (arn || text == "*") && text.chars().all(|c| !c.is_control() && c != ' ') {
        return Ok(());
    }
    Err(format!(
        "`{}` is not a resource: one is an ARN, such as `arn:aws:s3:::bucket/*`, or `*`",
        text.escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_and_resources() {
        for (text, actions, resources) in [
            ("s3:GetObject", &["s3:GetObject"][..], &["*"][..]),
            ("*", &["*"], &["*"]),
            ("s3:ListBucket,s3:Get*=arn:aws:s3:::b/*", &["s3:ListBucket", "s3:Get*"], &["arn:aws:s3:::b/*"]),
            (
                "s3:*=arn:aws:s3:::a,arn:aws:s3:::a/x,y=z",
                &["s3:*"],
                &["arn:aws:s3:::a", "arn:aws:s3:::a/x,y=z"],
            ),
            ("execute-api:Invoke=*", &["execute-api:Invoke"], &["*"]),
        ] {
            let allow = parse(text).expect(text);
            assert_eq!(
                (&allow.actions[..], &allow.resources[..]),
                (
                    &actions.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                    &resources.iter().map(ToString::to_string).collect::<Vec<_>>()[..]
                )
            );
        }
    }

    #[test]
    fn what_is_neither_is_named() {
        for (text, part) in [
            ("", "`` is not an action"),
            ("s3", "`s3` is not an action"),
            ("s3:", "`s3:` is not an action"),
            ("s3:Get Object", "`s3:Get Object`"),
            ("s3:GetObject, s3:PutObject", "` s3:PutObject`"),
            ("s3:GetObject,", "`` is not an action"),
            ("s3:GetObject=", "`` is not a resource"),
            ("s3:GetObject=bucket", "`bucket` is not a resource"),
            ("s3:GetObject=arn:aws:s3", "`arn:aws:s3` is not a resource"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
