//! Where a service of AWS is, when somebody says so: `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`, the profile's `services`
//! section, its `endpoint_url`.
//!
//! Anchor: botocore `configprovider.py`, `ConfiguredEndpointProvider`.

use url::Url;

use super::ini::Value;
use super::profile::Profile;
use super::setting::{Setting, find};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// The service's name in a `services` section; in capitals, the end of its variable's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Service(pub(crate) &'static str);

pub(crate) const STS: Service = Service("sts");
pub(crate) const SSO: Service = Service("sso");
pub(crate) const SSO_OIDC: Service = Service("sso_oidc");
pub(crate) const ECR: Service = Service("ecr");
pub(crate) const ECR_PUBLIC: Service = Service("ecr_public");

/// The address that is configured for `service`; `None` for AWS's own.
///
/// # Errors
/// [`ErrorKind::Credentials`] when it is no address, or the profile names a `services` section that is not there.
pub(crate) fn configured(
    service: Service,
    profile: &Profile,
    environment: &Environment,
) -> Result<Option<String>> {
    let ignored =
        find("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls", profile, environment);
    if ignored.is_some_and(|setting| setting.is_true()) {
        return Ok(None);
    }
    let own = format!("AWS_ENDPOINT_URL_{}", service.0.to_uppercase());
    for variable in [own.as_str(), "AWS_ENDPOINT_URL"] {
        if let Some(value) = environment.non_empty(variable) {
            return check(&Setting { value, place: format!("`{variable}`") }).map(Some);
        }
    }
    if let Some(setting) = of_services(service, profile)? {
        return check(&setting).map(Some);
    }
    let place = format!("`endpoint_url` of profile `{}`", profile.name);
    let global = profile.get("endpoint_url").filter(|value| !value.is_empty());
    global.map(|value| check(&Setting { value, place })).transpose()
}

fn of_services(service: Service, profile: &Profile) -> Result<Option<Setting<'_>>> {
    let Some(name) = profile.get("services") else { return Ok(None) };
    let section = profile.services(name).filter(|section| !section.is_empty());
    let Some(section) = section else {
        let message = format!(
            "profile `{}` names the services `{name}`, and there is no `[services {name}]`",
            profile.name
        );
        return Err(Error::new(ErrorKind::Credentials, message)
            .hint("write that section with its settings into ~/.aws/config, or take `services` away"));
    };
    let place = format!("`endpoint_url` below `{}` of `[services {name}]`", service.0);
    match section.get(service.0) {
        None => Ok(None),
        Some(Value::Text(_)) => {
            Err(Setting { value: "", place: format!("`{}` of `[services {name}]`", service.0) }
                .wrong("its settings belong on lines of their own, indented below it"))
        }
        Some(Value::Nested(settings)) => {
            let value = settings.get("endpoint_url").map(crate::credentials::Secret::expose);
            Ok(value.filter(|value| !value.is_empty()).map(|value| Setting { value, place }))
        }
    }
}

/// The SDK reports an address that it cannot use with the whole request, secrets and all: checked here before.
fn check(setting: &Setting<'_>) -> Result<String> {
    let wrong = |cause: &str| {
        Err(setting.wrong(cause).hint("an endpoint is written as `https://host` or `http://host:port`"))
    };
    let text = setting.value.trim_matches([' ', '\t']);
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return wrong("it holds a blank or a control character");
    }
    let Ok(url) = Url::parse(text) else { return wrong("it is no URL") };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("it does not begin with `http://` or `https://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("it holds a user name or a password");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::profile::tests::load;

    const CONFIG: &str = "[profile bare]\n[profile global]\nendpoint_url = http://global\n\
        [profile both]\nendpoint_url = http://global\nservices = local\n\
        [profile off]\nendpoint_url = http://global\nignore_configured_endpoint_urls = True\n\
        [profile missing]\nservices = nope\n[profile empty]\nservices = empty\n[profile flat]\nservices = flat\n\
        [services local]\nsts =\n  endpoint_url = http://own\nsso =\n  other = 1\n[services empty]\n[services flat]\nsts = http://x\n";

    #[tokio::test]
    async fn the_most_particular_one_wins_and_variables_come_first() {
        let (own, all) = (("AWS_ENDPOINT_URL_STS", "http://variable"), ("AWS_ENDPOINT_URL", "http://all"));
        let ignore = |value| ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", value);
        for (profile, service, variables, expected) in [
            ("bare", STS, &[][..], None),
            ("global", STS, &[], Some("http://global")),
            ("both", STS, &[], Some("http://own")),
            ("both", SSO, &[], Some("http://global")),
            ("both", STS, &[all], Some("http://all")),
            ("both", STS, &[all, own], Some("http://variable")),
            ("both", SSO, &[all, own], Some("http://all")),
            ("bare", ECR_PUBLIC, &[("AWS_ENDPOINT_URL_ECR_PUBLIC", "http://public")], Some("http://public")),
            ("bare", ECR, &[("AWS_ENDPOINT_URL_ECR_PUBLIC", "http://public")], None),
            ("both", STS, &[("AWS_ENDPOINT_URL_STS", ""), all], Some("http://all")),
            ("both", STS, &[ignore("TRUE"), own], None),
            ("off", STS, &[own], None),
            ("off", STS, &[ignore(""), own], Some("http://variable")),
            // What is not reached is not looked at.
            ("missing", STS, &[own], Some("http://variable")),
        ] {
            let got = configured(service, &load(CONFIG, profile).await, &variables.iter().copied().collect());
            assert_eq!(got.expect("an endpoint").as_deref(), expected, "{profile} {service:?} {variables:?}");
        }
        for (profile, part) in [
            ("missing", "no `[services nope]`"),
            ("empty", "no `[services empty]`"),
            ("flat", "lines of their own"),
        ] {
            let error =
                configured(STS, &load(CONFIG, profile).await, &Environment::default()).expect_err(profile);
            assert!(error.to_string().contains(part) && !error.hints().is_empty(), "{error}");
        }
    }

    #[tokio::test]
    async fn what_is_no_address_is_refused_and_not_shown() {
        let profile = load(CONFIG, "bare").await;
        for url in [
            "MARK",
            "MARK.example.com:80",
            "127.0.0.1:4566",
            "ftp://MARK",
            "http://",
            "http://a:MARK@b",
            "http://MARK b",
            "//MARK",
        ] {
            let environment = [("AWS_ENDPOINT_URL", url)].into_iter().collect();
            let error = configured(STS, &profile, &environment).expect_err(url);
            assert!(error.to_string().contains("`AWS_ENDPOINT_URL` cannot be used"), "{error}");
            assert!(!format!("{error:?} {:?}", error.hints()).contains("MARK"), "{error:?}");
        }
    }
}
