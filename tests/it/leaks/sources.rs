//! Every source of credentials, with marked secrets.

use super::marks::Marks;
use super::stand_in::{self, Manner};
use crate::harness::host::{ACCESS_KEY_ID, Host};

/// Where credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Environment,
    Endpoint,
    EndpointWithTokenFile,
    Process,
    Profile,
    Sso,
    Instance,
    WebIdentity,
    RoleOfTheEndpoint,
    RoleWithMfa,
    LongTermKeys,
}

pub const ALL: [Source; 11] = {
    use Source::*;
    [
        Environment,
        Endpoint,
        EndpointWithTokenFile,
        Process,
        Profile,
        Sso,
        Instance,
        WebIdentity,
        RoleOfTheEndpoint,
        RoleWithMfa,
        LongTermKeys,
    ]
};

/// Where the files lie that hold secrets by their nature, below the home.
pub const OF_THE_SOURCE: [&str; 2] = [".aws", "source"];

const ROLE: &str = "arn:aws:iam::123456789012:role/leaks";
const START_URL: &str = "https://leaks.awsapps.example/start";
/// Its SHA-1.
const SIGN_IN: &str = ".aws/sso/cache/77a2dd42622ef5f14256204436b55b848ef8aa8a.json";

impl Source {
    /// A host that has it, its services in this manner.
    pub fn host(self, marks: &Marks, manner: Manner) -> Host {
        let aws = stand_in::start(marks, manner);
        let Marks { key, token, ticket, source_key, .. } = marks;
        let host = Host::bare().with("AWS_REGION", "eu-west-1").with("AWS_ENDPOINT_URL", &aws);
        let endpoint =
            |host: Host| host.with("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{aws}/container"));
        let config = |host: Host, text: &str| {
            host.write(".aws/config", &format!("[default]\n{text}"));
            host
        };
        let path = |host: &Host| host.home().join("source/secret").display().to_string();
        match self {
            Self::Environment => host
                .with("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
                .with("AWS_SECRET_ACCESS_KEY", key)
                .with("AWS_SESSION_TOKEN", token),
            Self::Endpoint => endpoint(host).with("AWS_CONTAINER_AUTHORIZATION_TOKEN", ticket),
            Self::EndpointWithTokenFile => {
                host.write("source/secret", ticket);
                let path = path(&host);
                endpoint(host).with("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path)
            }
            Self::Process => {
                let answer = format!(
                    r#"{{"Version":1,"AccessKeyId":"{ACCESS_KEY_ID}","SecretAccessKey":"{key}","SessionToken":"{token}"}}"#
                );
                host.write("source/secret", &answer);
                let path = path(&host);
                config(host, &format!("credential_process = sh -c 'cat {path}; cat {path} >&2'\n"))
            }
            Self::Profile => {
                let text = format!(
                    "[default]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {key}\naws_session_token = {token}\n"
                );
                host.write(".aws/credentials", &text);
                host
            }
            Self::Sso => {
                host.write(
                    SIGN_IN,
                    &format!(r#"{{"accessToken":"{ticket}","expiresAt":"2099-01-01T00:00:00Z"}}"#),
                );
                let text = format!(
                    "sso_start_url = {START_URL}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = leaks\n"
                );
                config(host, &text)
            }
            Self::Instance => {
                host.without("AWS_EC2_METADATA_DISABLED").with("AWS_EC2_METADATA_SERVICE_ENDPOINT", &aws)
            }
            Self::WebIdentity => {
                host.write("source/secret", ticket);
                let path = path(&host);
                host.with("AWS_WEB_IDENTITY_TOKEN_FILE", path).with("AWS_ROLE_ARN", ROLE)
            }
            Self::RoleOfTheEndpoint => config(
                endpoint(host).with("AWS_CONTAINER_AUTHORIZATION_TOKEN", ticket),
                &format!("role_arn = {ROLE}\ncredential_source = EcsContainer\n"),
            )
            .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", stand_in::start(marks, Manner::Gives)),
            Self::RoleWithMfa => config(
                host.with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
                    .with("AWS_SECRET_ACCESS_KEY", source_key),
                &format!(
                    "role_arn = {ROLE}\ncredential_source = Environment\nmfa_serial = arn:aws:iam::123456789012:mfa/leaks\n"
                ),
            ),
            Self::LongTermKeys => host
                .with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
                .with("AWS_SECRET_ACCESS_KEY", source_key),
        }
    }

    /// What it needs on the command line.
    pub fn options(self) -> &'static [&'static str] {
        match self {
            Self::RoleWithMfa => &["--profile", "default", "--token-code", "271828", "--no-cache"],
            Self::RoleOfTheEndpoint => &["--profile", "default"],
            _ => &[],
        }
    }

    /// Whether the variables of credrun itself hold the credentials that the container will have.
    pub fn is_environment(self) -> bool {
        self == Self::Environment
    }
}
