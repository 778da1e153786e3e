//! A profile's role: `role_arn` with `source_profile` or `credential_source`, through as many profiles as it takes.
//!
//! Anchor: botocore `credentials.py`, `AssumeRoleProvider`. aws-config's own ignores `mfa_serial` and
//! `duration_seconds`, and could not be narrowed.

use async_trait::async_trait;

use super::assume_role::{self, RoleSession};
use super::container::ContainerEndpoint;
use super::environment_keys::EnvironmentKeys;
use super::imds::InstanceMetadata;
use super::profile::Profile;
use super::profile_keys::ProfileKeys;
use super::setting::python_int;
use super::{CredentialProvider, ProvideError, limits};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

/// The role of the profile in use.
#[derive(Debug)]
pub(crate) struct ProfileRole {
    pub(crate) profile: Profile,
    pub(crate) options: AwsOptions,
    /// Whether these are the credentials that are handed over: then the last role is narrowed.
    pub(crate) last: bool,
    pub(crate) metadata: InstanceMetadata,
    pub(crate) environment: Environment,
}

/// Where a chain of roles begins.
#[derive(Debug, PartialEq, Eq)]
enum Start {
    /// At what this profile holds itself.
    Profile(String),
    /// At `credential_source`, named by this profile.
    Source(Named, String),
}

/// The values of `credential_source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Environment,
    EcsContainer,
    Ec2InstanceMetadata,
}

#[async_trait]
impl CredentialProvider for ProfileRole {
    fn name(&self) -> String {
        format!("role of profile `{}`", self.profile.name)
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        self.profile.check_text(&self.profile.name)?;
        if !assumes_role(&self.profile, &self.profile.name) {
            return Err(ProvideError::NotConfigured(format!(
                "profile `{}` has no `role_arn`",
                self.profile.name
            )));
        }
        let (start, profiles) = plan(&self.profile)?;
        let roles = self.roles(&profiles)?;
        let mut credentials = self.start(&start).await?;
        for (name, role) in profiles.iter().zip(&roles) {
            let assumed = assume_role::assume(role, &credentials, &self.options, &self.environment).await;
            credentials = assumed.map_err(|error| error.context(format!("profile `{name}`")))?;
        }
        Ok(credentials)
    }
}

impl ProfileRole {
    /// The roles of these profiles, one assumed from the other. A length that AWS would refuse further on is refused
    /// here, before a code is spent.
    fn roles(&self, profiles: &[String]) -> Result<Vec<RoleSession>> {
        let mut roles: Vec<_> = profiles.iter().map(|name| self.role(name)).collect();
        if let Some(role) = roles.pop_if(|_| self.last) {
            roles.push(role.last(&self.options)?);
        }
        for (role, name) in roles.iter().zip(profiles).skip(1) {
            role.check_length(true).map_err(|error| error.context(format!("profile `{name}`")))?;
        }
        if !self.options.roles.is_empty() {
            limits::chained(&self.options, true)?;
        }
        Ok(roles)
    }

    fn role(&self, name: &str) -> RoleSession {
        let get = |key| self.profile.of(name, key).map(str::to_owned);
        RoleSession {
            role_arn: get("role_arn").unwrap_or_default(),
            role_session_name: get("role_session_name"),
            // botocore ignores what is no number, too.
            duration_seconds: get("duration_seconds").and_then(|text| i32::try_from(python_int(&text)?).ok()),
            external_id: get("external_id"),
            serial_number: get("mfa_serial"),
            on_behalf: Some(format!("profile `{name}`")),
            ..RoleSession::default()
        }
    }

    async fn start(&self, start: &Start) -> Result<Credentials> {
        let (provider, what): (Box<dyn CredentialProvider>, String) = match start {
            Start::Profile(name) => (Box::new(self.keys(name)), format!("the source profile `{name}`")),
            Start::Source(named, by) => {
                (self.source(*named), format!("the `credential_source` of profile `{by}`"))
            }
        };
        match provider.provide().await {
            Ok(credentials) => Ok(credentials),
            Err(ProvideError::Failed(error)) => {
                Err(error.context(format!("profile `{}`", self.profile.name)))
            }
            Err(ProvideError::NotConfigured(reason)) => {
                Err(Error::new(ErrorKind::Credentials, format!("{what} gives no credentials: {reason}"))
                    .hint("the role is assumed with these credentials: set them up, or name another source"))
            }
        }
    }

    fn keys(&self, name: &str) -> ProfileKeys {
        ProfileKeys {
            name: name.to_owned(),
            profile: self.profile.clone(),
            source: true,
            options: self.options.clone(),
            environment: self.environment.clone(),
        }
    }

    fn source(&self, named: Named) -> Box<dyn CredentialProvider> {
        match named {
            Named::Environment => Box::new(EnvironmentKeys::new(&self.environment)),
            Named::EcsContainer => Box::new(ContainerEndpoint::new(&self.environment)),
            Named::Ec2InstanceMetadata => Box::new(self.metadata.clone()),
        }
    }
}

/// Whether the profile asks for a role by means of other credentials.
fn assumes_role(profile: &Profile, name: &str) -> bool {
    profile.of(name, "role_arn").is_some() && profile.of(name, "web_identity_token_file").is_none()
}

fn has_keys(profile: &Profile, name: &str) -> bool {
    ["aws_access_key_id", "aws_secret_access_key"].iter().any(|key| profile.of(name, key).is_some())
}

/// Where to begin, and the profiles whose roles are assumed from there, one after the other.
fn plan(profile: &Profile) -> Result<(Start, Vec<String>)> {
    let mut roles = vec![profile.name.clone()];
    let start = loop {
        let name = roles.last().cloned().unwrap_or_default();
        let source = match (profile.of(&name, "source_profile"), profile.of(&name, "credential_source")) {
            (Some(_), Some(_)) => {
                return Err(bad(&name, "it has both `source_profile` and `credential_source`"));
            }
            (None, None) => {
                return Err(bad(
                    &name,
                    "it has `role_arn`, but neither `source_profile` nor `credential_source`",
                ));
            }
            (None, Some(source)) => {
                break Start::Source(named(source).ok_or_else(|| unknown(&name, source))?, name);
            }
            (Some(source), None) => source,
        };
        if !profile.has(source) {
            return Err(bad(&name, &format!("its source profile `{source}` does not exist")));
        }
        profile.check_text(source)?;
        let visited = roles.iter().any(|role| role == source);
        // A profile may name itself for its own keys.
        if visited && !(source == name && has_keys(profile, source)) {
            return Err(bad(
                &name,
                &format!("its source profiles go in a circle: {} -> {source}", roles.join(" -> ")),
            ));
        }
        if has_keys(profile, source) || !assumes_role(profile, source) {
            break Start::Profile(source.to_owned());
        }
        roles.push(source.to_owned());
    };
    roles.reverse();
    Ok((start, roles))
}

fn named(source: &str) -> Option<Named> {
    match source {
        "Environment" => Some(Named::Environment),
        "EcsContainer" => Some(Named::EcsContainer),
        "Ec2InstanceMetadata" => Some(Named::Ec2InstanceMetadata),
        _ => None,
    }
}

fn unknown(name: &str, source: &str) -> Error {
    bad(name, &format!("`credential_source` is `{source}`"))
        .hint("it is one of `Environment`, `EcsContainer`, `Ec2InstanceMetadata`, in these letters")
}

fn bad(name: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("profile `{name}` cannot be used: {cause}"))
        .hint(format!("correct `[profile {name}]` in ~/.aws/config (`AWS_CONFIG_FILE`)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::profile::tests::load;

    const CONFIG: &str = "[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = MARK\n\
        [profile one]\nrole_arn = r1\nsource_profile = base\n\
        [profile two]\nrole_arn = r2\nsource_profile = one\n\
        [profile self]\nrole_arn = r3\nsource_profile = self\naws_access_key_id = AKIA\naws_secret_access_key = MARK\n\
        [profile keyed]\nrole_arn = r4\nsource_profile = self\n\
        [profile ecs]\nrole_arn = r5\ncredential_source = EcsContainer\n\
        [profile from_ecs]\nrole_arn = r6\nsource_profile = ecs\n\
        [profile both]\nrole_arn = r\nsource_profile = base\ncredential_source = Environment\n\
        [profile neither]\nrole_arn = r\n\
        [profile missing]\nrole_arn = r\nsource_profile = nope\n\
        [profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n\
        [profile alone]\nrole_arn = r\nsource_profile = alone\n\
        [profile odd]\nrole_arn = r\ncredential_source = environment\n";

    #[tokio::test]
    async fn the_way_to_the_start() {
        for (name, start, roles) in [
            ("one", Start::Profile("base".into()), &["one"][..]),
            ("two", Start::Profile("base".into()), &["one", "two"]),
            ("self", Start::Profile("self".into()), &["self"]),
            // A source's own keys come before its role.
            ("keyed", Start::Profile("self".into()), &["keyed"]),
            ("ecs", Start::Source(Named::EcsContainer, "ecs".into()), &["ecs"]),
            ("from_ecs", Start::Source(Named::EcsContainer, "ecs".into()), &["ecs", "from_ecs"]),
        ] {
            let (found, way) = plan(&load(CONFIG, name).await).expect(name);
            assert_eq!(
                (&found, way.iter().map(String::as_str).collect::<Vec<_>>()),
                (&start, roles.to_vec())
            );
        }
    }

    #[tokio::test]
    async fn what_leads_nowhere_is_said() {
        for (name, part) in [
            ("both", "both `source_profile` and `credential_source`"),
            ("neither", "neither `source_profile` nor"),
            ("missing", "`nope` does not exist"),
            ("a", "circle: a -> b -> a"),
            ("alone", "circle: alone -> alone"),
            ("odd", "`credential_source` is `environment`"),
        ] {
            let error = plan(&load(CONFIG, name).await).expect_err(name);
            assert!(error.to_string().contains(part) && !error.hints().is_empty(), "{name}: {error}");
        }
    }
}
