//! Versions of the Engine API: what a request needs, and what older versions get instead.

use super::RunRequest;
use crate::cli::{Cli, flags};
use crate::error::{Error, ErrorKind, Result};

/// A version of the Engine API, `(1, 41)`.
pub type ApiVersion = (u16, u16);

/// A part of a request that not every engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineNeed {
    /// The part, as a message names it.
    pub what: String,
    /// The first version of the API that has it.
    pub api: ApiVersion,
    /// Whether only engines that run Windows containers have it.
    pub windows: bool,
    /// How docker fails without it: a flag's gate is [`ErrorKind::Refused`], a value's [`ErrorKind::Usage`].
    pub kind: ErrorKind,
}

impl EngineNeed {
    /// Why an engine does not have it, if so.
    fn unmet(&self, api: ApiVersion, os: &str) -> Option<String> {
        let ((major, minor), (engine_major, engine_minor)) = (self.api, api);
        if self.api > api {
            Some(format!(
                "{} requires API version {major}.{minor}, but the Docker daemon API version is {engine_major}.{engine_minor}",
                self.what
            ))
        } else if self.windows && os != "windows" {
            let what = &self.what;
            Some(format!(
                "{what} is only supported on a Docker daemon running on windows, but the Docker daemon is running on {os}"
            ))
        } else {
            None
        }
    }
}

/// The needs of the flags themselves. Docker looks at them before it looks at what the values mean.
#[must_use]
pub fn gates(cli: &Cli) -> Vec<EngineNeed> {
    let gated = flags::rows(cli.table()).filter(|flag| flag.api > (1, 41) || flag.windows_only);
    let given = gated.filter(|flag| !cli.values(flag.long).is_empty());
    given
        .map(|flag| EngineNeed {
            what: format!("`--{}`", flag.long),
            api: flag.api,
            windows: flag.windows_only,
            kind: ErrorKind::Refused,
        })
        .collect()
}

/// Checks needs against the engine's version and operating system.
///
/// # Errors
/// When some are not met; all of the first kind are named.
pub fn check_needs(needs: &[EngineNeed], api: ApiVersion, os: &str) -> Result<()> {
    let unmet = |need: &EngineNeed| Some((need.kind, need.unmet(api, os)?));
    let unmet: Vec<_> = needs.iter().filter_map(unmet).collect();
    let Some((kind, _)) = unmet.first() else { return Ok(()) };
    let messages = unmet.iter().filter(|(other, _)| other == kind).map(|(_, message)| message.as_str());
    let error = Error::new(*kind, messages.collect::<Vec<_>>().join("; "));
    Err(error.hint("use an engine that has it, or leave that option out"))
}

/// Makes the request one that an engine takes; to be called once its API version is negotiated.
///
/// # Errors
/// As [`check_needs`].
pub fn fit_to_engine(request: &mut RunRequest, api: ApiVersion, os: &str) -> Result<()> {
    check_needs(&request.needs, api, os)?;
    // The docker CLI does so: before 1.42 a Linux engine minds the field when a platform is given.
    if api < (1, 42)
        && request.spec.platform.as_deref().is_some_and(|platform| platform.starts_with("linux/"))
    {
        request.spec.set("HostConfig.ConsoleSize", vec![0, 0]);
    }
    // Deprecated since; docker then leaves it out, without a word.
    if api >= (1, 42) {
        request.spec.object("HostConfig").remove("KernelMemory");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{self, Invocation};
    use crate::docker_config::DockerConfig;
    use crate::engine::Address;
    use crate::request::{AwsOptions, ClientOptions};
    use crate::spec::ContainerSpec;

    fn request(needs: Vec<EngineNeed>) -> RunRequest {
        RunRequest {
            spec: ContainerSpec::new("bb"),
            client: ClientOptions::default(),
            aws: AwsOptions::default(),
            needs,
            engine: Address::default(),
            docker_config: DockerConfig::default(),
        }
    }

    #[test]
    fn a_need_is_met_or_refused_in_docker_s_way() {
        for (kind, api, windows, fits) in [
            (ErrorKind::Refused, (1, 43), false, true),
            (ErrorKind::Refused, (1, 44), false, true),
            (ErrorKind::Refused, (1, 45), false, false),
            (ErrorKind::Usage, (2, 0), false, false),
            (ErrorKind::Refused, (1, 41), true, false),
        ] {
            let need = EngineNeed { what: "`--x`".into(), api, windows, kind };
            let refused = fit_to_engine(&mut request(vec![need]), (1, 44), "linux").err();
            assert_eq!(refused.map(|error| error.kind()), (!fits).then_some(kind), "{api:?}");
        }
    }

    #[test]
    fn kernel_memory_is_for_old_engines() {
        for (api, kept) in [((1, 41), true), ((1, 42), false)] {
            let mut request = request(Vec::new());
            request.spec.set("HostConfig.KernelMemory", 1);
            fit_to_engine(&mut request, api, "linux").unwrap();
            assert_eq!(request.spec.get("HostConfig.KernelMemory").is_some(), kept);
        }
    }

    #[test]
    fn all_gates_are_named() {
        let argv = ["--cpu-count", "1", "--annotation", "a=b", "bb"].map(Into::into).to_vec();
        let Ok(Invocation::Run(cli)) = cli::parse(argv) else { panic!("a run") };
        let error = check_needs(&gates(&cli), (1, 41), "linux").unwrap_err();
        assert!(error.to_string().contains("`--cpu-count`") && error.to_string().contains("`--annotation`"));
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
}
