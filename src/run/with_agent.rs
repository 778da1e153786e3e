//! A run under `--refresh`: an agent in a container of its own, which owns the network and serves the credentials, and the
//! container that was asked for, which joins it.
//!
//! The container goes first and the agent last, on every way out: without the agent the container has no network, and
//! without the container nobody needs the agent.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use time::OffsetDateTime;
use tokio::sync::{oneshot, watch};

use super::create::Run;
use super::identity::Identity;
use super::{Extras, lived, own_files};
use crate::agent::frame::{AtEnd, Hello};
use crate::agent::wiped::Wiped;
use crate::agent::{self, Loaded};
use crate::background::Background;
use crate::credentials::Secret;
use crate::engine::{CreateError, Endpoint, Engine, ImageFacts};
use crate::error::{Error, ErrorKind, Result};
use crate::injection::Injection;
use crate::notice::engine_warnings;
use crate::provider::unattended::Unattended;
use crate::refresh::engine_facts::EngineFacts;
use crate::refresh::event::Event;
use crate::refresh::halves::{self, EndpointPort, Halves};
use crate::refresh::keeper::Keeper;
use crate::refresh::labels::{Labels, Mode, Role};
use crate::refresh::link::{Charge, HEARTBEAT};
use crate::refresh::sweep::remove_agent;
use crate::refresh::wire::{LOOK, Wire};
use crate::request::RunRequest;
use crate::session::signals::SignalQueue;
use crate::session::{Beside, ContainerExit, LAST_CALLS, Session};
use crate::spec::ContainerSpec;

/// How long the removal of an agent may take.
const REMOVAL: Duration = Duration::from_secs(15);
/// How often it is looked for.
const GLANCE: Duration = Duration::from_millis(20);

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
        let (loaded, facts) = tokio::try_join!(agent::image_in(engine, now), facts)?;
        Ok(Self { loaded, facts })
    }
}

/// An agent that was created. Whoever has one removes it.
struct Agent<'a> {
    engine: &'a Engine,
    id: String,
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
            if let Err(error) = agent::remove_unused_images(&engine, &loaded, now).await {
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
    ) -> Result<Agent<'_>> {
        let engine = self.run.engine;
        for _ in 0..2 {
            let spec = self.agent_spec(halves, &loaded, labels);
            match self.run.create_once(&spec, &Injection::none(), signals).await? {
                Ok(created) => {
                    engine_warnings(&created.warnings, &spec);
                    return Ok(Agent { engine, id: created.id });
                }
                // Another credrun has removed it as an old one.
                Err(CreateError::NoSuchImage(error)) => {
                    tracing::debug!(%error, "the agent's image is gone");
                    loaded = agent::image_in(engine, self.began).await?;
                }
                Err(CreateError::Other(error)) => return Err(error),
            }
        }
        let message = format!("the engine does not keep the agent's image `{}`", loaded.name);
        Err(Error::new(ErrorKind::Engine, message))
    }

    fn agent_spec(&self, halves: &Halves, loaded: &Loaded, labels: &Labels) -> ContainerSpec {
        let mut spec = halves.agent(&loaded.id);
        spec.name = Some(format!("credrun-agent-{}", labels.run));
        labels.put_on(Role::Agent, &mut spec);
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

impl Agent<'_> {
    /// Removes it; what is left when that fails.
    async fn remove(&self) -> Option<String> {
        let gone = async {
            remove_agent(self.engine, &self.id).await?;
            // It may have ended by itself, and is being removed by the engine: its ports are taken until then.
            while self.engine.life(&self.id).await?.is_some() {
                tokio::time::sleep(GLANCE).await;
            }
            Ok::<_, Error>(())
        };
        match tokio::time::timeout(REMOVAL, gone).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the agent stays");
                Some(self.left())
            }
            Err(_) => Some(self.left()),
        }
    }

    fn left(&self) -> String {
        let id = self.id.get(..12).unwrap_or(&self.id);
        format!("the agent `{id}` could not be removed; the next start of credrun tries again")
    }

    /// Starts it, and waits until it listens: on which port.
    async fn start(&self, hello: Hello) -> Result<(Wire, u16)> {
        let mut wire = Wire::attach(self.engine, &self.id).await.map_err(with_advice)?;
        self.engine.start(&self.id).await.map_err(in_its_own_words).map_err(with_advice)?;
        let port = wire.greet(hello).await?;
        Ok((wire, port))
    }
}

/// What cannot be started is the agent: `docker run` has codes of its own for the user's command.
fn in_its_own_words(error: Error) -> Error {
    match error.kind() {
        ErrorKind::CommandNotFound | ErrorKind::CommandNotExecutable => Error::new(ErrorKind::Engine, error)
            .context("the agent, which would serve the credentials, cannot be started"),
        _ => error,
    }
}

/// Somebody may have removed it already.
fn with_advice(error: Error) -> Error {
    if error.hints().is_empty() { error.hint(LOOK) } else { error }
}

/// Both containers of a run.
struct Pair<'a> {
    with: &'a WithAgent<'a>,
    agent: &'a Agent<'a>,
    halves: &'a Halves,
    labels: &'a Labels,
    image: &'a ImageFacts,
}

impl Pair<'_> {
    /// Lives with the container to its end.
    async fn live(
        &self,
        identity: &mut Identity,
        signals: &mut SignalQueue,
        extras: Extras,
        background: Option<&Background>,
        kept: &mut Option<Keeper>,
    ) -> Result<ContainerExit> {
        let run = self.with.run;
        let (wire, id) = self.start_agent(identity, signals).await?;
        let session = Session { engine: run.engine, id: &id, client: &run.request.client };
        let ready = async {
            extras.put_in(run.engine, &id).await?;
            run.fetch_spent_again(identity, signals).await
        };
        if let Err(error) = ready.await {
            return Err(session.clean_up(error).await);
        }
        let (failed, failure) = oneshot::channel();
        let (dead, far) = self.with.is_remote().then(|| watch::channel(0)).unzip();
        let mut keeper = match signals.through(self.keep(wire, identity, dead, failed)).await {
            Some(Ok(keeper)) => keeper,
            Some(Err(error)) => return Err(session.clean_up(error).await),
            None => return Err(session.clean_up(gave_up()).await),
        };
        let mut beside = Beside { failure: Some(failure), background, far };
        let ended = lived(&session, signals, &mut beside).await;
        let is_told = beside.failure.is_none();
        let ended = if is_told { ended } else { self.judge(ended, &keeper).await };
        keeper.rest().await;
        *kept = Some(keeper);
        ended
    }

    /// The agent's stream and the target's id. One is started while the other is created, where the port of the endpoint
    /// is known before.
    async fn start_agent(
        &self,
        identity: &mut Identity,
        signals: &mut SignalQueue,
    ) -> Result<(Wire, String)> {
        let (run, token) = (self.with.run, self.with.token);
        let hello = self.hello();
        if let EndpointPort::Fixed(port) = self.halves.port {
            identity.move_endpoint(&run.request.spec, port, token);
            let mut start = std::pin::pin!(self.agent.start(hello));
            let mut started = None;
            let created = {
                let create = self.create_target(identity, signals);
                let mut create = std::pin::pin!(create);
                loop {
                    tokio::select! {
                        created = &mut create => break created,
                        done = &mut start, if started.is_none() => started = Some(done),
                    }
                }
            };
            let id = created?;
            let session = Session { engine: run.engine, id: &id, client: &run.request.client };
            let started = async {
                match started {
                    Some(done) => done,
                    None => start.await,
                }
            };
            let both = signals.through(async { tokio::join!(started, self.look(&id)).0 });
            return match both.await {
                Some(Ok((wire, _))) => Ok((wire, id)),
                Some(Err(error)) => Err(session.clean_up(error).await),
                None => Err(session.clean_up(gave_up()).await),
            };
        }
        let started = signals.through(self.agent.start(hello)).await;
        let (wire, port) = started.ok_or_else(gave_up)??;
        identity.move_endpoint(&run.request.spec, port, token);
        let id = self.create_target(identity, signals).await?;
        let session = Session { engine: run.engine, id: &id, client: &run.request.client };
        match signals.through(self.look(&id)).await {
            Some(()) => Ok((wire, id)),
            None => Err(session.clean_up(gave_up()).await),
        }
    }

    /// Warns of credentials that SDKs would find in the container before they ask the endpoint.
    async fn look(&self, id: &str) {
        let run = self.with.run;
        if !run.request.client.quiet {
            let warnings = own_files::warnings(run.engine, id, &run.request.spec, self.image);
            run.notices.warn(&warnings.await);
        }
    }

    async fn create_target(&self, identity: &mut Identity, signals: &mut SignalQueue) -> Result<String> {
        let mut spec = self.halves.target(&self.agent.id);
        self.labels.put_on(Role::Target, &mut spec);
        let created = self.with.run.create_of_present(&spec, identity, signals).await?;
        engine_warnings(&created.warnings, &self.with.run.request.spec);
        Ok(created.id)
    }

    fn hello(&self) -> Hello {
        let (port, other_port) = match self.halves.port {
            EndpointPort::Fixed(port) => (port, false),
            EndpointPort::Free => (halves::PORT, true),
        };
        Hello {
            at_end: if self.labels.mode.holds() { AtEnd::Hold } else { AtEnd::Exit },
            port,
            other_port,
            heartbeat_ms: u32::try_from(HEARTBEAT.as_millis()).unwrap_or(u32::MAX),
            token: Wiped::copy_of(self.with.token.expose().as_bytes()),
        }
    }

    async fn keep(
        &self,
        wire: Wire,
        identity: &Identity,
        far: Option<watch::Sender<u32>>,
        failed: oneshot::Sender<Error>,
    ) -> Result<Keeper> {
        let (run, with) = (self.with.run, self.with);
        let none = || Error::new(ErrorKind::Credentials, "there are no credentials to serve");
        let first = identity.credentials.as_ref().ok_or_else(none)?;
        let source = Unattended::new(&run.request.aws, run.environment, with.began);
        let charge = Charge {
            engine: run.engine.clone(),
            id: self.agent.id.clone(),
            far,
            quiet: run.request.client.quiet,
        };
        Keeper::start(charge, wire, first, Box::new(source), failed).await
    }

    /// A container that fails when its network has gone has not failed by itself, nor one that cannot be started then.
    async fn judge(&self, ended: Result<ContainerExit>, keeper: &Keeper) -> Result<ContainerExit> {
        use ErrorKind::{CommandNotExecutable, CommandNotFound, Engine};
        let event = match &ended {
            Ok(ContainerExit::Status(1..)) if keeper.is_lost() => Event::NetworkGone,
            Err(error) if matches!(error.kind(), Engine | CommandNotFound | CommandNotExecutable) => {
                Event::AgentLost { cause: Some(error.to_string()) }
            }
            _ => return ended,
        };
        let life = tokio::time::timeout(LAST_CALLS, self.agent.engine.life(&self.agent.id)).await;
        match life {
            Ok(Ok(life)) if !life.is_some_and(|life| life.state.is_up()) => {
                let left = ended.as_ref().err().filter(|error| error.kind() == Engine).map(Error::hints);
                let error = event.error().map(|error| left.into_iter().flatten().fold(error, Error::hint));
                error.map_or(ended, Err)
            }
            _ => ended,
        }
    }
}

fn gave_up() -> Error {
    Error::new(ErrorKind::Abandoned, "got 3 SIGTERM/SIGINTs while the container was being made")
}
