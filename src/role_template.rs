//! `credrun role-template`: a CloudFormation template of a role to narrow credentials with
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html>).

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

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
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
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
            ["arn", partition, "iam", "", account, resource]
                if partition.starts_with("aws") && account.len() == 12 && is_principal(resource) =>
            {
                Ok(Self::Arn(text.to_owned()))
            }
            [resource] if is_principal(resource) => Ok(Self::Here(text.to_owned())),
            [service] if service.ends_with(".amazonaws.com") => {
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

fn is_principal(resource: &str) -> bool {
    let name = resource.strip_prefix("user/").or_else(|| resource.strip_prefix("role/"));
    name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@/-".contains(c))
    })
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
    /// [`crate::error::ErrorKind::Usage`] when nobody could assume the role, or it could do nothing.
    pub fn render(&self) -> Result<String> {
        self.check()?;
        let mut text = String::from(
            "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: A role for credrun --role-arn\n\nResources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n",
        );
        for (name, value) in self.properties() {
            // JSON is YAML, and quotes every text.
            let _ = writeln!(text, "      {name}: {value}");
        }
        let options = self.options();
        let _ = write!(
            text,
            "\nOutputs:\n  RoleArn:\n    Description: The role's ARN\n    Value: !GetAtt Role.Arn\n  Command:\n    Description: How to use the role\n    Value: !Sub \"credrun --role-arn ${{Role.Arn}}{options} IMAGE\"\n"
        );
        Ok(text)
    }

    fn check(&self) -> Result<()> {
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
        ] {
            assert_eq!(Trust::parse(text), Ok(expected));
        }
        for (text, part) in [
            ("*", "pattern"),
            ("arn:aws:iam::*:root", "pattern"),
            ("arn:aws:sts::123456789012:assumed-role/x/me", "session"),
            ("lambda.amazonaws.com", "service"),
            ("alice", "neither"),
            ("user/", "neither"),
            ("group/admins", "neither"),
            ("arn:aws:iam::1:user/x", "neither"),
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
    }

    #[test]
    fn what_makes_no_role_is_refused() {
        let trusted =
            |text| ReadyMade { trust: vec![Trust::parse(text).expect(text)], ..ReadyMade::default() };
        for (role, part) in [
            (ReadyMade { read_only_access: true, ..ReadyMade::default() }, "nobody could assume"),
            (trusted("account"), "could do nothing"),
            (ReadyMade { read_only_access: true, mfa: true, ..trusted("role/x") }, "`role/x` could never"),
        ] {
            assert!(role.render().expect_err(part).to_string().contains(part));
        }
    }
}
