//! With which login an image is pulled: the Docker config's, and for Amazon's registries, where it has none, one
//! that the shell's own AWS credentials give.

pub mod api_socket;
pub(crate) mod credential_helper;
pub mod docker_login;
pub mod ecr;

use crate::engine::{ImageReference, RegistryAuth};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::request::RunRequest;

/// A login at a registry, and what is known of how it came to be.
#[derive(Debug, Default)]
pub struct Login {
    auth: RegistryAuth,
    warning: Option<String>,
    /// The registry, when it is one of Amazon's and nothing is configured for it.
    amazon: Option<ecr::Registry>,
    /// Why Amazon gave no login.
    failure: Option<Error>,
}

impl Login {
    /// What the engine is given; empty without a login.
    #[must_use]
    pub fn auth(&self) -> &RegistryAuth {
        &self.auth
    }

    /// What the user should know before the pull.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let failure = self.failure.as_ref().filter(|_| self.amazon.as_ref().is_some_and(|r| !r.is_public()));
        let failure = failure.map(|error| {
            let hints = error.hints().iter().map(|hint| format!("\n  hint: {hint}")).collect::<String>();
            format!("pulling without a login: {error}{hints}")
        });
        failure.or_else(|| self.warning.clone())
    }

    /// Adds to a failed pull what Amazon's texts mean, and why there was no login.
    #[must_use]
    pub fn explain(&self, error: Error) -> Error {
        let Some(registry) = &self.amazon else { return error };
        let hints = registry.hints(&error.to_string(), self.auth.is_login());
        let error = hints.into_iter().fold(error, Error::hint);
        match &self.failure {
            Some(failure) => error.hint(format!("it was tried without a login: {failure}")),
            None => error,
        }
    }
}

/// The login for the registry of `image`.
///
/// # Errors
/// As [`docker_login::find`]. That Amazon gives no login is no error: the engine may know one of its own.
pub async fn login(image: &str, request: &RunRequest, environment: &Environment) -> Result<Login> {
    let registry = ImageReference::parse(image).registry;
    let found = docker_login::find(&registry, &request.docker_config, environment).await?;
    let login = Login { auth: found.auth, warning: found.warning, ..Login::default() };
    let Some(amazon) = ecr::Registry::parse(&registry).filter(|_| !login.auth.is_login()) else {
        return Ok(login);
    };
    tracing::debug!(registry, "asking Amazon for a login");
    Ok(match ecr::login(&amazon, &request.aws, environment).await {
        Ok(auth) => Login { auth, amazon: Some(amazon), ..login },
        Err(error) => Login { failure: Some(error), amazon: Some(amazon), ..login },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn failed(registry: &str) -> Login {
        let failure = Error::new(ErrorKind::Credentials, "no credentials").hint("sign in");
        Login { amazon: ecr::Registry::parse(registry), failure: Some(failure), ..Login::default() }
    }

    #[test]
    fn why_there_is_no_login_is_told_where_one_is_needed() {
        let private = failed("123456789012.dkr.ecr.eu-west-1.amazonaws.com");
        let warning = private.warning().expect("a warning");
        assert_eq!(warning, "pulling without a login: no credentials\n  hint: sign in");
        let public = failed("public.ecr.aws");
        assert_eq!(public.warning(), None);
        for login in [private, public] {
            let error = login.explain(Error::new(ErrorKind::Engine, "no basic auth credentials"));
            assert!(error.hints().iter().any(|hint| hint.contains("no credentials")), "{:?}", error.hints());
        }
    }

    #[test]
    fn other_registries_are_left_to_the_engine_s_words() {
        let error = Login::default().explain(Error::new(ErrorKind::Engine, "denied"));
        assert!(error.hints().is_empty());
    }
}
