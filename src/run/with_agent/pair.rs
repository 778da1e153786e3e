//! Both containers of a run: the target is started when the agent serves, and lived with to its end.

use tokio::sync::{oneshot, watch};

use super::{Extras, Identity, WithAgent, lived, own_files};
use crate::agent::frame::{AtEnd, Hello};
use crate::background::Background;
use crate::engine::{ImageFacts, WaitCondition};
use crate::error::{Error, ErrorKind, Result};
use crate::notice::engine_warnings;
use crate::provider::unattended::Unattended;
use crate::refresh::agent_container::{self, Agent};
use crate::refresh::event::Event;
use crate::refresh::halves::{EndpointPort, Halves};
use crate::refresh::keeper::Keeper;
use crate::refresh::labels::{Labels, Network, Role};
use crate::refresh::link::Charge;
use crate::refresh::wire::Wire;
use crate::session::signals::SignalQueue;
use crate::session::{Beside, ContainerExit, LAST_CALLS, Session};

/// Both containers of a run.
pub(super) struct Pair<'a> {
    pub(super) with: &'a WithAgent<'a>,
    pub(super) agent: &'a Agent,
    pub(super) halves: &'a Halves,
    pub(super) labels: &'a Labels,
    pub(super) image: &'a ImageFacts,
}

impl Pair<'_> {
    /// Lives with the container to its end.
    pub(super) async fn live(
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
        identity.forget();
        let exited = self.exited(&id).await;
        let mut beside = Beside { failure: Some(failure), background, far };
        let (ended, is_sound) = {
            let mut lived = std::pin::pin!(lived(&session, signals, &mut beside));
            tokio::select! {
                ended = &mut lived => (ended, false),
                // The engine removes the container; the agent takes it longer, and need not wait for that.
                () = exited => tokio::join!(lived, self.go(&mut keeper)),
            }
        };
        let is_judged = is_sound || beside.failure.is_none();
        let ended = if is_judged { ended } else { self.judge(ended, &keeper).await };
        keeper.rest().await;
        *kept = Some(keeper);
        ended
    }

    /// Returns when the container has run and exited, which is before the engine has removed it; never where that is not to
    /// be had. Podman removes no agent while its target is there.
    async fn exited(&self, id: &str) -> impl Future<Output = ()> + use<> {
        let engine = &self.with.run.engine;
        let wanted = !engine.is_podman() && !self.with.is_remote();
        let waiting = if wanted { engine.wait(id, WaitCondition::NextExit).await.ok() } else { None };
        async move {
            let exited = match waiting {
                Some(waiting) => waiting.exit().await.is_ok(),
                None => false,
            };
            if !exited {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Removes the agent of a container that has exited, if it is well: why the other ones' have ended is found out first.
    async fn go(&self, keeper: &mut Keeper) -> bool {
        let life = tokio::time::timeout(LAST_CALLS, self.agent.engine.life(&self.agent.id)).await;
        let is_well = !keeper.is_lost() && matches!(life, Ok(Ok(Some(life))) if life.state.is_up());
        if is_well {
            keeper.rest().await;
            self.agent.remove().await;
        }
        is_well
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
        let at_end = if self.labels.mode.holds() { AtEnd::Hold } else { AtEnd::Exit };
        let port = match self.halves.port {
            EndpointPort::Fixed(port) => Some(port),
            EndpointPort::Free => None,
        };
        agent_container::hello(at_end, port, self.with.token)
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
            network: self.labels.network,
            quiet: run.request.client.quiet,
        };
        Keeper::start(charge, wire, first, Box::new(source), failed).await
    }

    /// A container that fails when its network has gone has not failed by itself, nor one that cannot be started then.
    async fn judge(&self, ended: Result<ContainerExit>, keeper: &Keeper) -> Result<ContainerExit> {
        use ErrorKind::{CommandNotExecutable, CommandNotFound, Engine};
        let event = match &ended {
            Ok(ContainerExit::Status(1..)) if keeper.is_lost() && self.labels.network == Network::Agents => {
                Event::NetworkGone
            }
            Err(error) if matches!(error.kind(), Engine | CommandNotFound | CommandNotExecutable) => {
                Event::AgentLost { cause: Some(error.to_string()), network: self.labels.network }
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
