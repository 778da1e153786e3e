//! A run under `--refresh`: an agent in a container of its own, which owns the network and serves the credentials, and the
//! container that was asked for, which joins it.
//!
//! The container goes first and the agent last, on every way out: without the agent the container has no network, and
//! without the container nobody needs the agent.

mod pair;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use time::OffsetDateTime;

use self::pair::Pair;
use super::create::Run;
use super::identity::Identity;
use super::{Extras, lived, own_files};
use crate::agent::{Loaded, image_in, remove_unused_images};
use crate::background::Background;
use crate::credentials::Secret;
use crate::engine::{CreateError, Endpoint, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::injection::Injection;
use crate::notice::engine_warnings;
use crate::refresh::agent_container::{self, Agent};
use crate::refresh::engine_facts::EngineFacts;
use crate::refresh::halves::{self, Halves};
use crate::refresh::labels::{Labels, Mode};
use crate::request::RunRequest;
use crate::session::ContainerExit;
use crate::session::signals::SignalQueue;
use crate::spec::ContainerSpec;

/// The run, and what it needs beyond one without an agent.
pub(super) struct WithAgent<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) token: &'a Secret,
    pub(super) ground: &'a Ground,
    /// When it began.
    pub(super) began: OffsetDateTime,
}

/// What of the engine has to be known and there, whatever the credentials are.
pub(super) struct Ground {
    loaded: Loaded,
    facts: EngineFacts,
}

impl Ground {
    /// Brings the agent's image to the engine, and asks what that offers.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for an engine that the agent cannot run on, [`ErrorKind::Usage`] for what of the request does
    /// not go together with `--refresh` there, [`ErrorKind::Engine`].
    pub(super) async fn prepare(engine: &Engine, request: &RunRequest, now: OffsetDateTime) -> Result<Self> {
        halves::check_os(engine.os_type())?;
        let facts = async {
            let facts = engine.facts().await?;
            // Before an image is pulled for it.
            halves::check(request, &facts).map(|()| facts)
        };
        let (loaded, facts) = tokio::try_join!(image_in(engine, now), facts)?;
        Ok(Self { loaded, facts })
    }
}

impl WithAgent<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// As a run without an agent, and [`ErrorKind::Engine`] for what the agent's container fails with.
    pub(super) async fn live(
        &self,
        identity: &mut Identity,
        signals: &mut SignalQueue,
        extras: Extras,
    ) -> Result<ContainerExit> {
        let (request, ground) = (self.run.request, self.ground);
        let image = self.run.image(identity, signals).await?;
        let halves = halves::split(request, &ground.facts, &image)?;
        self.run.notices.warn(&halves.warnings);
        let mode = if request.client.in_background { Mode::Detached } else { Mode::Foreground };
        let labels = Labels::new(mode, halves.network());
        let background = (mode == Mode::Detached)
            .then(|| Background::prepare(self.run.environment, labels.run.as_str()))
            .transpose()?;
        if let Some(background) = &background {
            let log = background.log().display();
            self.run
                .notices
                .remark(&format!("it goes on in the background, as run {}; log: `{log}`", labels.run));
        }
        self.clear_up_images(&ground.loaded);
        let agent = self.create_agent(&halves, ground.loaded.clone(), &labels, signals).await?;
        let pair = Pair { with: self, agent: &agent, halves: &halves, labels: &labels, image: &image };
        // Until the agent is removed: the end of its stream would have it go by itself meanwhile.
        let mut keeper = None;
        let lived = pair.live(identity, signals, extras, background.as_ref(), &mut keeper);
        match AssertUnwindSafe(lived).catch_unwind().await {
            // The agent holds the network for it.
            Ok(Ok(ContainerExit::Detached)) => Ok(ContainerExit::Detached),
            Ok(Ok(exit)) => {
                self.run.notices.warn(agent.remove().await.as_slice());
                Ok(exit)
            }
            Ok(Err(error)) => {
                let left = agent.remove().await;
                background.into_iter().for_each(Background::keep);
                Err(match left {
                    None => error,
                    Some(left) => error.hint(left),
                })
            }
            Err(panic) => {
                agent.remove().await;
                std::panic::resume_unwind(panic)
            }
        }
    }

    /// Images of other builds' agents go when this build's comes.
    fn clear_up_images(&self, loaded: &Loaded) {
        if loaded.was_there {
            return;
        }
        let (engine, loaded, now) = (self.run.engine.clone(), loaded.clone(), self.began);
        tokio::spawn(async move {
            if let Err(error) = remove_unused_images(&engine, &loaded, now).await {
                tracing::debug!(%error, "old images of agents stay");
            }
        });
    }

    async fn create_agent(
        &self,
        halves: &Halves,
        mut loaded: Loaded,
        labels: &Labels,
        signals: &mut SignalQueue,
    ) -> Result<Agent> {
        let engine = self.run.engine;
        for _ in 0..2 {
            let spec = self.agent_spec(halves, &loaded, labels);
            match self.run.create_once(&spec, &Injection::none(), signals).await? {
                Ok(created) => {
                    engine_warnings(&created.warnings, &spec);
                    return Ok(Agent::new(engine.clone(), created.id));
                }
                // Another credrun has removed it as an old one.
                Err(CreateError::NoSuchImage(error)) => {
                    tracing::debug!(%error, "the agent's image is gone");
                    loaded = image_in(engine, self.began).await?;
                }
                Err(other) => return Err(other.into_error()),
            }
        }
        let message = format!("the engine does not keep the agent's image `{}`", loaded.name);
        Err(Error::new(ErrorKind::Engine, message))
    }

    fn agent_spec(&self, halves: &Halves, loaded: &Loaded, labels: &Labels) -> ContainerSpec {
        let mut spec = halves.agent(&loaded.id);
        agent_container::label(&mut spec, labels);
        // Far away, its end of the stream may go with a connection, and another one is made.
        if self.is_remote() {
            spec.set("StdinOnce", false);
        }
        spec
    }

    fn is_remote(&self) -> bool {
        matches!(self.run.engine.address().endpoint, Endpoint::Tcp { .. } | Endpoint::Ssh(_))
    }
}
