//! `credrun role-template`: a CloudFormation template of a role to narrow credentials with
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html>).

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::provider::limits;

/// The template that has a parameter for everything.
#[must_use]
pub fn general() -> &'static str {
    include_str!("role_template/template.yaml")
}

/// Somebody who may assume the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The ARN of a user or a role.
    Arn(String),
    /// `user/NAME` or `role/NAME` in the account that the stack is in.
    Here(String),
    /// All of another account, whose own policies decide.
    Account(String),
    /// All of the stack's account.
    ThisAccount,
}

impl Trust {
    /// Reads what `--trust` names.
    ///
    /// # Errors
    /// Why a role should not trust it, or could not.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "account" {
            return Ok(Self::ThisAccount);
        }
        if is_account(text) {
            return Ok(Self::Account(text.to_owned()));
        }
        if text.contains(['*', '?']) {
            return Err(
                "a pattern would trust accounts that nobody knows; name users, roles or an account".into()
            );
        }
        let parts: Vec<_> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "sts", _, _, resource] if resource.starts_with("assumed-role/") => {
                Err("that is a session; name the role that it came from (`arn:aws:iam::ACCOUNT:role/NAME`)".into())
            }
            ["arn", partition, "iam", "", account, "root"] if is_home(partition, account) => {
                Err(format!("that is all of an account; `{account}` says so, or `account` for the stack's own"))
            }
            ["arn", partition, "iam", "", account, resource]
                if is_home(partition, account) && is_principal(resource) =>
            {
                Ok(Self::Arn(text.to_owned()))
            }
            [resource] if is_principal(resource) => Ok(Self::Here(text.to_owned())),
            [service] if service.contains(".amazonaws.") => {
                Err("a service cannot run credrun; name users, roles or an account".into())
            }
            _ => Err("it is neither an ARN of a user or a role, nor `user/NAME` or `role/NAME`, nor an account's 12 digits, nor `account`".into()),
        }
    }

    fn principal(&self) -> Value {
        match self {
            Self::Arn(arn) => json!(arn),
            Self::Here(resource) => sub(&format!("${{AWS::AccountId}}:{resource}")),
            Self::Account(account) => sub(&format!("{account}:root")),
            Self::ThisAccount => sub("${AWS::AccountId}:root"),
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an ARN can begin with them.
fn is_home(partition: &str, account: &str) -> bool {
    let tail = partition.strip_prefix("aws");
    let of_aws = tail.is_some_and(|tail| tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    of_aws && is_account(account)
}

/// A name with or without a path, as IAM has them: AWS refuses the whole role for one that it cannot find.
fn is_principal(resource: &str) -> bool {
    let name = resource.strip_prefix("user/").or_else(|| resource.strip_prefix("role/"));
    name.is_some_and(|name| {
        let of_iam = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        name.split('/').all(|part| !part.is_empty() && part.chars().all(of_iam))
            && name.rsplit('/').next().is_some_and(|last| last.len() <= 64)
    })
}

fn is_managed_policy(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
        if is_home(partition, if *account == "aws" { "123456789012" } else { account })
            && resource.strip_prefix("policy/").is_some_and(|name| !name.is_empty())
            && resource.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// JSON as YAML reads it: the few characters that only JSON takes as they are, and ends of lines of YAML's own.
fn yaml(value: &Value) -> String {
    let unsafe_as_is = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    let escape = |c: char| if unsafe_as_is(c) { format!("\\u{:04x}", u32::from(c)) } else { c.into() };
    value.to_string().chars().map(escape).collect()
}

fn sub(tail: &str) -> Value {
    json!({"Fn::Sub": format!("arn:${{AWS::Partition}}:iam::{tail}")})
}

/// A role without parameters, ready to be deployed.
#[derive(Debug, Clone, Default)]
pub struct ReadyMade {
    /// By default CloudFormation makes one up.
    pub role_name: Option<String>,
    /// Who may assume it: somebody has to.
    pub trust: Vec<Trust>,
    /// Its own policy.
    pub policy: Option<Value>,
    /// Managed policies beside it.
    pub managed_policy_arns: Vec<String>,
    /// `ReadOnlyAccess` of the stack's partition.
    pub read_only_access: bool,
    /// What has to be passed when it is assumed.
    pub external_id: Option<String>,
    /// Whether MFA is asked for.
    pub mfa: bool,
    /// 3600 to 43200.
    pub max_session_seconds: Option<u32>,
    /// A managed policy.
    pub permissions_boundary: Option<String>,
}

impl ReadyMade {
    /// The template.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`] when nobody could assume the role, when it could do nothing, or when IAM
    /// would not take one of the values.
    pub fn render(&self) -> Result<String> {
        self.check_trust()?;
        self.check_values()?;
        let description = yaml(&self.description().into());
        // JSON is YAML, and quotes every text.
        let property = |(name, value)| format!("      {name}: {}\n", yaml(&value));
        let properties: String = self.properties().into_iter().map(property).collect();
        let options = self.options();
        Ok(format!(
            r#"AWSTemplateFormatVersion: "2010-09-09"
Description: {description}

Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
{properties}
Outputs:
  RoleArn:
    Description: The role's ARN
    Value: !GetAtt Role.Arn
  Command:
    Description: How to use the role; the number of an MFA device is shown by `aws iam list-mfa-devices`
    Value: !Sub "credrun --role-arn ${{Role.Arn}}{options} IMAGE"
"#
        ))
    }

    /// CloudFormation wants to be told that IAM is changed, and in another word when the role's name is given
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>).
    fn description(&self) -> String {
        let capability = if self.role_name.is_some() { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" };
        format!(
            "A role for `credrun --role-arn`. Deploy it with `aws cloudformation deploy --template-file FILE --stack-name NAME --capabilities {capability}`; `aws cloudformation describe-stacks --stack-name NAME --query Stacks[0].Outputs` then shows the command that uses it."
        )
    }

    fn check_trust(&self) -> Result<()> {
        if self.trust.is_empty() {
            return Err(Error::usage("nobody could assume the role: `--trust` is not given")
                .hint("`--trust user/NAME` trusts a user of the stack's account, `--trust role/NAME` a role (`credrun whoami` shows yours)"));
        }
        if self.policy.is_none() && self.managed_policy_arns.is_empty() && !self.read_only_access {
            return Err(Error::usage("the role could do nothing: nothing is allowed to it")
                .hint("add `--allow`, `--policy`, `--policy-arns` or `--read-only-access`"));
        }
        let is_role = |trust: &Trust| match trust {
            Trust::Arn(arn) => arn.contains(":role/"),
            Trust::Here(resource) => resource.starts_with("role/"),
            _ => false,
        };
        match self.trust.iter().find(|trust| self.mfa && is_role(trust)) {
            Some(Trust::Arn(role) | Trust::Here(role)) => Err(Error::usage(format!(
                "`{role}` could never assume the role with `--mfa`: a role has no MFA device"
            ))
            .hint("trust users, or leave `--mfa` out")),
            _ => Ok(()),
        }
    }

    /// The command holds some of them as they are.
    fn check_values(&self) -> Result<()> {
        for (option, value, least, most, extra) in [
            ("--role-name", &self.role_name, 1, 64, "+=,.@-"),
            ("--external-id", &self.external_id, 2, 1224, "+=,.@:/-"),
        ] {
            value.as_deref().map_or(Ok(()), |value| limits::check_text(option, value, least, most, extra))?;
        }
        match (self.max_session_seconds, self.permissions_boundary.as_deref()) {
            (Some(seconds), _) if !(3600..=43200).contains(&seconds) => Err(Error::usage(format!(
                "`--max-session` is {seconds}, outside 3600 (one hour) to 43200 (twelve hours)"
            ))),
            (_, Some(arn)) if !is_managed_policy(arn) => Err(Error::usage(format!(
                "`--permissions-boundary` names `{}`, which is not the ARN of a managed policy",
                arn.escape_debug()
            ))
            .hint("one looks like `arn:aws:iam::aws:policy/PowerUserAccess` or `arn:aws:iam::123456789012:policy/NAME`")),
            _ => Ok(()),
        }
    }

    fn properties(&self) -> Vec<(&'static str, Value)> {
        let mut properties = Vec::new();
        let mut add = |name, value: Option<Value>| properties.extend(value.map(|value| (name, value)));
        add("RoleName", self.role_name.as_deref().map(Into::into));
        add("Description", Some("For credrun --role-arn".into()));
        add("MaxSessionDuration", self.max_session_seconds.map(Into::into));
        add("PermissionsBoundary", self.permissions_boundary.as_deref().map(Into::into));
        add("AssumeRolePolicyDocument", Some(self.trust_policy()));
        let mut managed: Vec<Value> = self.managed_policy_arns.iter().map(|arn| json!(arn)).collect();
        managed.extend(self.read_only_access.then(|| sub("aws:policy/ReadOnlyAccess")));
        add("ManagedPolicyArns", (!managed.is_empty()).then_some(Value::Array(managed)));
        let policy = |document: &Value| json!([{"PolicyName": "allowed", "PolicyDocument": document}]);
        add("Policies", self.policy.as_ref().map(policy));
        properties
    }

    fn trust_policy(&self) -> Value {
        let principals: Vec<_> = self.trust.iter().map(Trust::principal).collect();
        let mut statement =
            json!({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"});
        let mut condition = Map::new();
        if let Some(id) = &self.external_id {
            condition.insert("StringEquals".into(), json!({"sts:ExternalId": id}));
        }
        if self.mfa {
            condition.insert("Bool".into(), json!({"aws:MultiFactorAuthPresent": "true"}));
        }
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition);
        }
        json!({"Version": "2012-10-17", "Statement": [statement]})
    }

    /// What the command that uses the role has beside it. An external id holds nothing that YAML, a shell or Fn::Sub
    /// would see.
    fn options(&self) -> String {
        let id = self.external_id.as_ref().map(|id| format!(" --external-id {id}")).unwrap_or_default();
        let mfa = if self.mfa { " --serial-number YOUR_MFA_DEVICE" } else { "" };
        format!("{id}{mfa}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_to_trust() {
        for (text, expected) in [
            ("account", Trust::ThisAccount),
            ("123456789012", Trust::Account("123456789012".into())),
            ("user/alice", Trust::Here("user/alice".into())),
            ("role/path/ci", Trust::Here("role/path/ci".into())),
            ("arn:aws-cn:iam::123456789012:role/x", Trust::Arn("arn:aws-cn:iam::123456789012:role/x".into())),
            (
                "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/x_1",
                Trust::Arn("arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/x_1".into()),
            ),
        ] {
            assert_eq!(Trust::parse(text), Ok(expected));
        }
        for (text, part) in [
            ("*", "pattern"),
            ("arn:aws:iam::*:root", "pattern"),
            ("arn:aws:sts::123456789012:assumed-role/x/me", "session"),
            ("lambda.amazonaws.com", "service"),
            ("ec2.amazonaws.com.cn", "service"),
            ("arn:aws:iam::123456789012:root", "`123456789012` says so"),
            ("alice", "neither"),
            ("user/", "neither"),
            ("group/admins", "neither"),
            ("arn:aws:iam::1:user/x", "neither"),
            ("arn:aws:iam::abcdefghijkl:user/x", "neither"),
            ("arn:aws x:iam::123456789012:user/x", "neither"),
            ("arn:aws:iam:eu-west-1:123456789012:user/x", "neither"),
            ("user//x", "neither"),
            ("role/x/", "neither"),
            ("user/${AWS::StackName}", "neither"),
            (&format!("user/{}", "x".repeat(65)), "neither"),
            ("12345678901", "neither"),
            ("account ", "neither"),
            ("", "neither"),
        ] {
            assert!(Trust::parse(text).expect_err(text).contains(part), "{text}");
        }
    }

    #[test]
    fn a_ready_made_one_says_what_it_was_asked_for_and_no_more() {
        let role = ReadyMade {
            trust: vec![Trust::Here("user/alice".into())],
            policy: Some(json!({"Version": "2012-10-17", "Statement": []})),
            external_id: Some("x:1".into()),
            mfa: true,
            ..ReadyMade::default()
        };
        let text = role.render().expect("a template");
        for part in [
            r#"AssumeRolePolicyDocument: {"Statement":[{"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"StringEquals":{"sts:ExternalId":"x:1"}}"#,
            r#"{"AWS":[{"Fn::Sub":"arn:${AWS::Partition}:iam::${AWS::AccountId}:user/alice"}]}"#,
            r#"Value: !Sub "credrun --role-arn ${Role.Arn} --external-id x:1 --serial-number YOUR_MFA_DEVICE IMAGE""#,
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("RoleName") && !text.contains("ManagedPolicyArns"), "{text}");
        assert!(text.contains("--capabilities CAPABILITY_IAM`"), "{text}");
        let named = ReadyMade { role_name: Some("reader".into()), ..role };
        let text = named.render().expect("a template");
        assert!(text.contains("--capabilities CAPABILITY_NAMED_IAM`"), "{text}");
        assert!(text.contains("\n      RoleName: \"reader\"\n"), "{text}");
    }

    #[test]
    fn a_ready_made_one_trusts_whom_it_was_told_to_and_nobody_else() {
        let trust = ["arn:aws-cn:iam::123456789012:role/x", "role/ci", "123456789012", "account"];
        let trust = trust.map(|text| Trust::parse(text).expect(text)).to_vec();
        let policy = ReadyMade { trust, ..ReadyMade::default() }.trust_policy();
        let principals = json!([
            "arn:aws-cn:iam::123456789012:role/x",
            {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/ci"},
            {"Fn::Sub": "arn:${AWS::Partition}:iam::123456789012:root"},
            {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
        ]);
        let statement =
            json!({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"});
        assert_eq!(policy, json!({"Version": "2012-10-17", "Statement": [statement]}));
    }

    #[test]
    fn yaml_reads_what_json_wrote() {
        let text = "\u{e9} \u{7f}\u{85}\u{2028}\u{feff} #: \"\n' {x} \u{1f600}";
        assert_eq!(
            yaml(&json!({"a": text})),
            "{\"a\":\"\u{e9} \\u007f\\u0085\\u2028\\ufeff #: \\\"\\n' {x} \u{1f600}\"}"
        );
    }

    #[test]
    fn the_general_one_is_what_every_editor_and_console_shows() {
        assert!(general().is_ascii());
        assert!(general().len() < 51_200, "more than CloudFormation takes with --template-body");
    }

    #[test]
    fn what_makes_no_role_is_refused() {
        let trusted =
            |text| ReadyMade { trust: vec![Trust::parse(text).expect(text)], ..ReadyMade::default() };
        let reader = |text| ReadyMade { read_only_access: true, ..trusted(text) };
        let bounded =
            |arn: &str| ReadyMade { permissions_boundary: Some(arn.to_owned()), ..reader("account") };
        for (role, part) in [
            (ReadyMade { trust: Vec::new(), ..reader("account") }, "nobody could assume"),
            (trusted("account"), "could do nothing"),
            (ReadyMade { mfa: true, ..reader("role/x") }, "`role/x` could never"),
            (ReadyMade { external_id: Some("a\" b".into()), ..reader("account") }, "`--external-id` holds"),
            (ReadyMade { role_name: Some("a/b".into()), ..reader("account") }, "`--role-name` holds"),
            (ReadyMade { max_session_seconds: Some(900), ..reader("account") }, "`--max-session` is 900"),
            (bounded("boundary"), "`--permissions-boundary` names `boundary`"),
            (bounded("arn:aws:iam::123456789012:role/x"), "not the ARN of a managed policy"),
            (bounded("arn:aws:iam::123:policy/x"), "not the ARN of a managed policy"),
        ] {
            let error = role.render().expect_err(part).to_string();
            assert!(error.contains(part), "{error}");
        }
        for good in ["arn:aws-cn:iam::aws:policy/job-function/x", "arn:aws:iam::123456789012:policy/x"] {
            bounded(good).render().expect(good);
        }
    }
}
