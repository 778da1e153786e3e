//! Headers that the user adds to every request: `HttpHeaders` of the Docker config, or `DOCKER_CUSTOM_HEADERS`, which
//! replaces all of them.
//!
//! Source: <https://docs.docker.com/reference/cli/docker/#environment-variables>.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::cli::values::csv;
use crate::docker_config::DockerConfig;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// The headers. They may hold a token: `Debug` shows names only.
#[derive(Clone, Default)]
pub struct CustomHeaders(Vec<(HeaderName, HeaderValue)>);

impl std::fmt::Debug for CustomHeaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl CustomHeaders {
    /// The headers of the environment, or else of the Docker config.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when one is malformed. Values are not repeated.
    pub fn of(config: &DockerConfig, environment: &Environment) -> Result<Self> {
        let Some(text) = environment.non_empty("DOCKER_CUSTOM_HEADERS") else {
            let pairs = config.http_headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            return Self::from_pairs(pairs, "HttpHeaders of the Docker config");
        };
        let setting = "DOCKER_CUSTOM_HEADERS";
        let malformed = || refused(setting, "it takes comma-separated `name=value` pairs");
        let fields = csv::fields(text).map_err(|_| malformed())?;
        let pairs = fields.iter().map(|field| field.split_once('=').ok_or_else(malformed));
        let pairs = pairs.collect::<Result<Vec<_>>>()?;
        Self::from_pairs(pairs.into_iter().map(|(name, value)| (name.trim(), value)), setting)
    }

    fn from_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, setting: &str) -> Result<Self> {
        let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (name, value) in pairs {
            let known: HeaderName =
                name.parse().map_err(|_| refused(setting, &format!("`{name}` is no name of a header")))?;
            let mut value: HeaderValue = value
                .parse()
                .map_err(|_| refused(setting, &format!("the value of `{name}` cannot be sent")))?;
            value.set_sensitive(true);
            headers.retain(|(other, _)| *other != known);
            headers.push((known, value));
        }
        Ok(Self(headers))
    }

    /// Adds them to a request. What the client itself says there stays, as docker has it.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        let own = [header::HOST, header::USER_AGENT, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
        for (name, value) in self.0.iter().filter(|(name, _)| !own.contains(name)) {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
    }
}

fn refused(setting: &str, why: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("`{setting}`: {why}"))
        .hint("for example `DOCKER_CUSTOM_HEADERS='X-Team=tools,\"X-List=a,b\"'`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(config: &[(&str, &str)], variable: &str) -> Result<String> {
        let http_headers =
            config.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let config = DockerConfig { http_headers, ..DockerConfig::default() };
        let environment = [("DOCKER_CUSTOM_HEADERS", variable)].into_iter().collect();
        let mut headers = HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static("credrun"))]);
        CustomHeaders::of(&config, &environment)?.add_to(&mut headers);
        let shown = headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().expect("text")));
        Ok(shown.collect::<Vec<_>>().join(";"))
    }

    #[test]
    fn the_variable_replaces_the_config() {
        let config = [("X-A", "1"), ("User-Agent", "me")];
        assert_eq!(shown(&config, "").expect("fine"), "user-agent=credrun;x-a=1");
        let variable = " x-b =1,\"X-C=a,b\",X-D=,x-b=2";
        assert_eq!(shown(&config, variable).expect("fine"), "user-agent=credrun;x-c=a,b;x-d=;x-b=2");
        for text in ["a", "=b", "a b=c", "\"a"] {
            assert_eq!(shown(&[], text).expect_err(text).kind(), ErrorKind::Refused);
        }
    }
}
