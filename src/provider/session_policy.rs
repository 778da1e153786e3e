//! The session policy: what is left of a role for one session
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session>).

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cli::values::allow::Allow;
use crate::cli::values::json;
use crate::error::{Error, Result};
use crate::request::Narrowing;

/// STS takes no longer plain text, inline and managed policies together.
const MOST_CHARACTERS: usize = 2048;
/// And no more managed policies.
const MOST_ARNS: usize = 10;

/// What a call to STS carries of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionPolicy {
    /// `Policy`.
    pub document: Option<String>,
    /// `PolicyArns`.
    pub arns: Vec<String>,
    /// When it begins to deny everything.
    pub end: Option<OffsetDateTime>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl SessionPolicy {
    /// What `narrowing` comes to for a session that begins at `now`, in this partition.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`] for a policy that IAM would not take or that allows nothing, and for a
    /// moment that has passed.
    pub fn of(narrowing: &Narrowing, partition: &str, now: OffsetDateTime) -> Result<Self> {
        let arns = arns(narrowing, partition)?;
        let end = narrowing.until.map(|until| until.moment(now));
        if let Some(end) = end.filter(|end| *end <= now) {
            return Err(Error::usage(format!("`--until` names {}, which has passed", iso(end)))
                .hint(format!("it is {} now; `--until 30m` ends in half an hour", iso(now))));
        }
        let mut document = narrowing.policy.as_deref().map(parse).transpose()?;
        let allowed =
            document.as_ref().is_some_and(allows) || !narrowing.allow.is_empty() || !arns.is_empty();
        if document.is_some() && !allowed {
            return Err(Error::usage("`--policy` only denies, and what no session policy allows is denied")
                .hint("allow something beside it: `--allow '*'` allows all that the role may"));
        }
        for allow in &narrowing.allow {
            push(&mut document, statement(allow));
        }
        if let Some(end) = end {
            if !allowed {
                push(&mut document, json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
            }
            push(&mut document, denial(end));
        }
        let document = document.map(|document| Value::Object(document).to_string());
        let warnings = document.iter().filter_map(|text| too_long(text, &arns)).collect();
        Ok(Self { document, arns, end, warnings })
    }

    /// Whether there is nothing of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.document.is_none() && self.arns.is_empty()
    }

    /// The length in seconds that the session needs to live until its end; STS's own least.
    #[must_use]
    pub fn seconds(&self, now: OffsetDateTime) -> Option<i64> {
        Some((self.end? - now).whole_seconds().max(900))
    }
}

pub(crate) fn iso(moment: OffsetDateTime) -> String {
    let whole = moment.replace_nanosecond(0).unwrap_or(moment);
    whole.format(&Rfc3339).unwrap_or_default()
}

/// The document of `--allow` and `--policy` alone, for a role's own policy.
///
/// # Errors
/// As [`SessionPolicy::of`].
pub fn document(policy: Option<&str>, allow: &[Allow]) -> Result<Option<Value>> {
    let mut document = policy.map(parse).transpose()?;
    for allow in allow {
        push(&mut document, statement(allow));
    }
    Ok(document.map(Value::Object))
}

fn statement(allow: &Allow) -> Value {
    let one_or_all = |list: &[String]| match list {
        [one] => Value::from(one.as_str()),
        all => Value::from(all),
    };
    json!({"Effect": "Allow", "Action": one_or_all(&allow.actions), "Resource": one_or_all(&allow.resources)})
}

fn denial(end: OffsetDateTime) -> Value {
    let condition = json!({"DateGreaterThanEquals": {"aws:CurrentTime": iso(end)}});
    json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition})
}

/// One more statement, behind those that there are.
fn push(document: &mut Option<Map<String, Value>>, statement: Value) {
    let document = document.get_or_insert_with(|| {
        let version = ("Version".to_owned(), Value::from("2012-10-17"));
        [version, ("Statement".to_owned(), Value::Array(Vec::new()))].into_iter().collect()
    });
    let statements = document.entry("Statement").or_insert_with(|| Value::Array(Vec::new()));
    match statements {
        Value::Array(all) => all.push(statement),
        one => *one = Value::Array(vec![one.take(), statement]),
    }
}

fn arns(narrowing: &Narrowing, partition: &str) -> Result<Vec<String>> {
    check_arns(&narrowing.policy_arns)?;
    let mut arns = narrowing.policy_arns.clone();
    if narrowing.read_only_access {
        arns.push(format!("arn:{partition}:iam::aws:policy/ReadOnlyAccess"));
    }
    if arns.len() > MOST_ARNS {
        let message = format!("{} managed policies are given, and STS takes {MOST_ARNS} at most", arns.len());
        return Err(
            Error::usage(message).hint("leave some of `--policy-arns` out, or write them as one `--policy`")
        );
    }
    Ok(arns)
}

/// Whether each is the ARN of a managed policy.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] for the first that is none.
pub(crate) fn check_arns(arns: &[String]) -> Result<()> {
    for arn in arns {
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        let good = matches!(parts.as_slice(), ["arn", partition, "iam", "", _, resource]
            if partition.starts_with("aws") && resource.strip_prefix("policy/").is_some_and(|name| !name.is_empty()));
        if !good || arn.chars().any(|c| !c.is_ascii_graphic()) {
            return Err(Error::usage(format!(
                "`--policy-arns` names `{}`, which is not the ARN of a managed policy",
                arn.escape_debug()
            ))
            .hint("one looks like `arn:aws:iam::aws:policy/ReadOnlyAccess` or `arn:aws:iam::123456789012:policy/NAME`"));
        }
    }
    Ok(())
}

fn too_long(document: &str, arns: &[String]) -> Option<String> {
    let length = document.chars().count() + arns.iter().map(|arn| arn.chars().count()).sum::<usize>();
    (length > MOST_CHARACTERS).then(|| {
        format!("the session policy has {length} characters, and STS takes {MOST_CHARACTERS}: it is likely to be refused")
    })
}

/// A policy document, as IAM's grammar has one for a session
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>).
fn parse(text: &str) -> Result<Map<String, Value>> {
    let value = json::parse(text).map_err(|cause| bad(&format!("cannot be used: {cause}")))?;
    let Value::Object(document) = value else { return Err(bad("is not a JSON object")) };
    let known = ["Version", "Id", "Statement"];
    if let Some(other) = document.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(bad(&format!("has an element `{other}`, which no policy has")));
    }
    if document.get("Version").is_some_and(|v| v != "2012-10-17" && v != "2008-10-17") {
        return Err(bad("has a `Version` that is neither `2012-10-17` nor `2008-10-17`"));
    }
    let statements = statements(&document);
    if statements.is_empty() {
        return Err(bad("has no `Statement`"));
    }
    for (index, statement) in statements.iter().enumerate() {
        check(statement).map_err(|cause| bad(&format!("in statement {}: {cause}", index + 1)))?;
    }
    Ok(document)
}

fn bad(cause: &str) -> Error {
    Error::usage(format!("`--policy` {cause}"))
        .hint(r#"a policy looks like {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#)
        .hint("`aws accessanalyzer validate-policy --policy-type IDENTITY_POLICY` checks one in depth")
}

fn statements(document: &Map<String, Value>) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn allows(document: &Map<String, Value>) -> bool {
    statements(document).iter().any(|statement| statement["Effect"] == "Allow")
}

fn check(statement: &Value) -> Result<(), String> {
    const KNOWN: [&str; 7] = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let Value::Object(statement) = statement else { return Err("it is not a JSON object".into()) };
    if ["Principal", "NotPrincipal"].iter().any(|key| statement.contains_key(*key)) {
        return Err("a session policy has no `Principal`: it is about the session alone".into());
    }
    if let Some(other) = statement.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(format!("`{other}` is not an element of a statement"));
    }
    match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow" | "Deny") => {}
        _ => return Err("`Effect` has to be `Allow` or `Deny`".into()),
    }
    for (one, other) in [("Action", "NotAction"), ("Resource", "NotResource")] {
        match (statement.get(one), statement.get(other)) {
            (Some(value), None) | (None, Some(value)) => texts(one, value)?,
            (None, None) => return Err(format!("there is neither `{one}` nor `{other}`")),
            (Some(_), Some(_)) => return Err(format!("`{one}` and `{other}` do not go together")),
        }
    }
    match statement.get("Condition") {
        None | Some(Value::Object(_)) => Ok(()),
        Some(_) => Err("`Condition` is not a JSON object".into()),
    }
}

/// A text, or a list of at least one.
fn texts(name: &str, value: &Value) -> Result<(), String> {
    let text = |value: &Value| {
        let text = value.as_str()?;
        let good = match name {
            "Action" => {
                text == "*" || text.split_once(':').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
            }
            _ => text == "*" || text.starts_with("arn:") || text.starts_with("${"),
        };
        good.then_some(())
    };
    let good = match value {
        Value::Array(all) => !all.is_empty() && all.iter().all(|one| text(one).is_some()),
        one => text(one).is_some(),
    };
    let form = if name == "Action" { "`s3:GetObject` or `*`" } else { "an ARN or `*`" };
    if good {
        Ok(())
    } else {
        Err(format!("`{name}` (or `Not{name}`) has to be {form}, or a list of such texts"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::values::{allow, until};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const END: &str = r#"{"Action":"*","Condition":{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-01-01T12:30:00Z"}},"Effect":"Deny","Resource":"*"}"#;

    fn narrowing(
        policy: Option<&str>,
        allows: &[&str],
        read_only: bool,
        until_text: Option<&str>,
    ) -> Narrowing {
        Narrowing {
            policy: policy.map(str::to_owned),
            policy_arns: Vec::new(),
            allow: allows.iter().map(|text| allow::parse(text).unwrap()).collect(),
            read_only_access: read_only,
            until: until_text.map(|text| until::parse(text).unwrap()),
        }
    }

    /// The statements, and the managed policies' number.
    fn shown(narrowing: &Narrowing) -> (Value, usize) {
        let policy = SessionPolicy::of(narrowing, "aws", NOW).expect("a policy");
        let document: Value =
            policy.document.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        (document["Statement"].clone(), policy.arns.len())
    }

    #[test]
    fn allows_unite_and_a_denial_alone_has_an_allow_beside_it() {
        let end: Value = serde_json::from_str(END).unwrap();
        let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let list = json!({"Effect": "Allow", "Action": "s3:List*", "Resource": "*"});
        let own = r#"{"Statement":{"Effect":"Allow","Action":"s3:List*","Resource":"*"}}"#;
        let deny = r#"{"Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#;
        let denied = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
        for (policy, allows, read_only, until, expected, managed) in [
            (None, &[][..], false, None, Value::Null, 0),
            (None, &["s3:List*"], false, None, json!([list]), 0),
            (None, &["s3:List*", "*"], false, None, json!([list, all]), 0),
            (Some(own), &[], false, None, list.clone(), 0),
            (Some(own), &["*"], false, None, json!([list, all]), 0),
            (None, &[], true, None, Value::Null, 1),
            (None, &[], false, Some("30m"), json!([all, end]), 0),
            (None, &["s3:List*"], false, Some("30m"), json!([list, end]), 0),
            (None, &[], true, Some("30m"), json!([end]), 1),
            (Some(own), &[], false, Some("30m"), json!([list, end]), 0),
            (Some(deny), &["*"], false, Some("30m"), json!([denied, all, end]), 0),
            (Some(deny), &[], true, None, json!([denied]), 1),
        ] {
            let narrowing = narrowing(policy, allows, read_only, until);
            assert_eq!(shown(&narrowing), (expected, managed), "{narrowing:?}");
        }
    }

    #[test]
    fn policies_that_iam_would_not_take_are_refused() {
        for (policy, part) in [
            ("[]", "not a JSON object"),
            ("{", "is not JSON"),
            (
                r#"{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#,
                "`Effect` stands twice",
            ),
            ("{}", "no `Statement`"),
            (r#"{"Statement":[]}"#, "no `Statement`"),
            (r#"{"Version":"2026-01-01","Statement":[]}"#, "`Version`"),
            (r#"{"Statements":[]}"#, "`Statements`"),
            (r#"{"Statement":"x"}"#, "in statement 1: it is not a JSON object"),
            (r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#, "`Effect`"),
            (r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#, "neither `Action` nor `NotAction`"),
            (r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#, "neither `Resource`"),
            (r#"{"Statement":{"Effect":"Allow","Action":"GetObject","Resource":"*"}}"#, "`Action`"),
            (r#"{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}"#, "`Action`"),
            (r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}}"#, "`Resource`"),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}"#,
                "do not go together",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
                "`Principal`",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}}"#,
                "`Conditions`",
            ),
            (r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#, "only denies"),
        ] {
            let error =
                SessionPolicy::of(&narrowing(Some(policy), &[], false, None), "aws", NOW).expect_err(policy);
            assert!(error.to_string().contains(part) && !error.hints().is_empty(), "{policy}: {error}");
        }
    }

    #[test]
    fn managed_policies() {
        let of = |arns: Vec<String>| {
            let narrowing = Narrowing { policy_arns: arns, ..Narrowing::default() };
            SessionPolicy::of(&narrowing, "aws-cn", NOW)
        };
        let good = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess".to_owned();
        assert_eq!(of(vec![good.clone()]).unwrap().arns.len(), 1);
        assert!(of(vec![good; 11]).unwrap_err().to_string().contains("11 managed policies"));
        for bad in ["ReadOnlyAccess", "arn:aws:iam::123456789012:role/x", "arn:aws:iam::aws:policy/", ""] {
            assert!(of(vec![bad.to_owned()]).unwrap_err().to_string().contains("`--policy-arns`"), "{bad}");
        }
        let read_only = narrowing(None, &[], true, None);
        let policy = SessionPolicy::of(&read_only, "aws-cn", NOW).unwrap();
        assert_eq!(policy.arns, ["arn:aws-cn:iam::aws:policy/ReadOnlyAccess"]);
    }

    #[test]
    fn long_ones_are_warned_of_and_the_past_is_refused() {
        let long: Vec<_> = (0..60).map(|n| format!("s3:Get{n}=arn:aws:s3:::bucket-{n}/*")).collect();
        let long: Vec<_> = long.iter().map(String::as_str).collect();
        let policy = SessionPolicy::of(&narrowing(None, &long, false, None), "aws", NOW).unwrap();
        assert!(policy.warnings[0].contains("STS takes 2048"), "{:?}", policy.warnings);
        let past = narrowing(None, &[], false, Some("2026-01-01T11:59Z"));
        assert!(SessionPolicy::of(&past, "aws", NOW).unwrap_err().to_string().contains("has passed"));
    }

    #[test]
    fn a_session_lives_until_the_end_and_no_shorter_than_sts_has_it() {
        for (until, seconds) in [("20s", 900), ("16m", 960), ("2h", 7200)] {
            let policy = SessionPolicy::of(&narrowing(None, &[], false, Some(until)), "aws", NOW).unwrap();
            assert_eq!(policy.seconds(NOW), Some(seconds), "{until}");
        }
    }
}
