//! Versions of the Engine API: what a request needs, and what older versions get instead.

use super::RunRequest;
use crate::error::{Error, ErrorKind, Result};

/// A version of the Engine API, `(1, 41)`.
pub type ApiVersion = (u16, u16);

/// A part of a request that not every version has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiNeed {
    /// The part, as a message names it.
    pub what: String,
    /// The first version that has it.
    pub version: ApiVersion,
    /// How docker fails without it: a flag's gate is [`ErrorKind::Refused`], a value's [`ErrorKind::Usage`].
    pub kind: ErrorKind,
}

/// Makes the request one that an engine of version `api` takes; to be called once that is negotiated.
///
/// # Errors
/// When the request needs a newer version.
pub fn fit_to_api(request: &mut RunRequest, api: ApiVersion) -> Result<()> {
    if let Some(need) = request.api_needs.iter().find(|need| need.version > api) {
        let ((major, minor), (engine_major, engine_minor)) = (need.version, api);
        let message = format!(
            "{} requires API version {major}.{minor}, but the Docker daemon API version is {engine_major}.{engine_minor}",
            need.what
        );
        return Err(Error::new(need.kind, message).hint("upgrade the engine, or leave that option out"));
    }
    // The docker CLI does so: before 1.42 a Linux engine minds the field when a platform is given.
    if api < (1, 42)
        && request.spec.platform.as_deref().is_some_and(|platform| platform.starts_with("linux/"))
    {
        request.spec.set("HostConfig.ConsoleSize", vec![0, 0]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker_config::DockerConfig;
    use crate::engine::Address;
    use crate::request::{AwsOptions, ClientOptions};
    use crate::spec::ContainerSpec;

    #[test]
    fn a_need_is_met_or_refused_in_docker_s_way() {
        for (kind, version, fits) in [
            (ErrorKind::Refused, (1, 43), true),
            (ErrorKind::Refused, (1, 44), true),
            (ErrorKind::Refused, (1, 45), false),
            (ErrorKind::Usage, (2, 0), false),
        ] {
            let need = ApiNeed { what: "`--x`".into(), version, kind };
            let mut request = RunRequest {
                spec: ContainerSpec::new("bb"),
                client: ClientOptions::default(),
                aws: AwsOptions::default(),
                api_needs: vec![need],
                engine: Address::default(),
                docker_config: DockerConfig::default(),
            };
            let refused = fit_to_api(&mut request, (1, 44)).err().map(|error| error.kind());
            assert_eq!(refused, (!fits).then_some(kind), "{version:?}");
        }
    }
}
