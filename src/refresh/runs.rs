//! The runs that an engine knows of, by the labels of their containers.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use time::{Duration, OffsetDateTime};

use super::labels::{Labels, Network, OWNER, Role};
use super::owner::{Place, Standing};
use crate::engine::{Engine, LabelMap, Labelled, Listing};
use crate::error::Result;

/// How long after its creation a container is left alone when nobody here can tell what has become of its owner.
/// By the engine's clock.
const YOUNG: Duration = Duration::seconds(30);
/// The same where one of the two containers is still to be created or started: an image may be pulled meanwhile.
const IN_THE_MAKING: Duration = Duration::hours(1);

/// One run.
#[derive(Debug, Clone)]
pub struct Run {
    /// What its labels say.
    pub labels: Labels,
    /// The container that serves its credentials.
    pub agent: Option<Labelled>,
    /// The container that was asked for.
    pub target: Option<Labelled>,
    /// What has become of its owner.
    pub standing: Standing,
    /// How old it is, by the engine's clock, to the second.
    pub age: Duration,
}

/// What of a run is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// Nothing: somebody looks after it, or it goes on by itself.
    Nothing,
    /// The agent alone: it serves nobody any more.
    Agent,
    /// Both containers.
    Both,
}

impl Run {
    /// Whether the container that was asked for runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.state.is_up())
    }

    fn agent_is_up(&self) -> bool {
        self.agent.as_ref().is_some_and(|agent| agent.state.is_up())
    }

    /// Whether its agent is neither up nor still to be started.
    fn agent_has_ended(&self) -> bool {
        use crate::engine::State::{Exited, Removing};
        self.agent.as_ref().is_none_or(|agent| matches!(agent.state, Exited | Removing))
    }

    /// Whether nobody looks after it any more. Of an owner that cannot be seen from here the agent tells: it ends with
    /// credrun in the foreground, and a run that only its owner could still start is given up after an hour.
    fn is_over(&self) -> bool {
        match self.standing {
            Standing::Alive => false,
            Standing::Gone => true,
            Standing::OtherMachine | Standing::OtherNamespace | Standing::Unknown
                if self.agent_has_ended() =>
            {
                self.age >= YOUNG
            }
            _ => !self.is_up() && self.age >= IN_THE_MAKING,
        }
    }

    /// What of it is to go.
    #[must_use]
    pub fn remains(&self) -> Remains {
        if !self.is_over() {
            return Remains::Nothing;
        }
        // It was never started, or has ended; every one of them is a `--rm`.
        if !self.is_up() {
            return Remains::Both;
        }
        if self.labels.mode.holds() && self.agent_is_up() {
            return Remains::Nothing;
        }
        match self.labels.network {
            // It has lost it, or is about to.
            Network::Agents => Remains::Both,
            Network::Shared if self.agent.is_some() => Remains::Agent,
            Network::Shared => Remains::Nothing,
        }
    }
}

/// All runs that the engine knows of, the oldest first, judged from `place`.
///
/// # Errors
/// [`crate::error::ErrorKind::Engine`] when it does not answer.
pub async fn all(engine: &Engine, place: &Place) -> Result<Vec<Run>> {
    let listing = engine.labelled(OWNER).await?;
    let images = image_labels(engine, &listing).await;
    Ok(runs(listing, &images, place))
}

/// The labels of the images of these containers, by the images' ids. One whose image cannot be asked is left out:
/// what its labels are worth cannot be told.
async fn image_labels(engine: &Engine, listing: &Listing) -> BTreeMap<String, LabelMap> {
    let nothing = LabelMap::new();
    let seems = |container: &&Labelled| Labels::of_container(&container.labels, &nothing).is_some();
    let mut ids: Vec<_> = listing.containers.iter().filter(seems).map(|one| one.image_id.clone()).collect();
    ids.sort();
    ids.dedup();
    let asked = ids.into_iter().map(async |id| match engine.image_labels(&id).await {
        Ok(labels) => Some((id, labels)),
        Err(error) => {
            tracing::debug!(image = id, %error, "the labels of an image cannot be told");
            None
        }
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Sorts containers into runs. Where a container has the labels of an older one, somebody has copied them: the older
/// one is the run's.
fn runs(listing: Listing, images: &BTreeMap<String, LabelMap>, place: &Place) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for container in listing.containers {
        let found = images
            .get(&container.image_id)
            .and_then(|of_image| Labels::of_container(&container.labels, of_image));
        let Some((role, labels)) = found else { continue };
        let known = runs.iter().position(|run| run.labels == labels);
        let at = known.unwrap_or_else(|| {
            runs.push(empty(labels, &container, listing.now, place));
            runs.len() - 1
        });
        let slot = match role {
            Role::Agent => &mut runs[at].agent,
            Role::Target => &mut runs[at].target,
        };
        slot.get_or_insert(container);
    }
    runs
}

fn empty(labels: Labels, first: &Labelled, now: OffsetDateTime, place: &Place) -> Run {
    let standing = labels.owner.standing(&labels.run, place);
    Run { labels, agent: None, target: None, standing, age: now - first.created }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::labels::Mode;
    use super::*;
    use crate::engine::State;

    /// A container of this role; `age` in seconds before [`NOW`].
    pub fn container(labels: &Labels, role: Role, state: State, age: i64) -> Labelled {
        let pairs = labels.pairs(role).map(|(name, value)| (name.to_owned(), value));
        Labelled {
            id: format!("{}{}", if role == Role::Agent { "a" } else { "b" }, labels.run),
            name: format!("{role:?}-{}", labels.run).to_lowercase(),
            image: "busybox".into(),
            image_id: "sha256:1".into(),
            state,
            created: NOW - Duration::seconds(age),
            labels: pairs.into_iter().collect(),
        }
    }

    pub const NOW: OffsetDateTime = time::macros::datetime!(2024-10-10 08:30:00 UTC);

    /// A run with containers in these states.
    pub fn run(agent: Option<State>, target: Option<State>, standing: Standing, age: i64) -> Run {
        let labels = Labels::new(Mode::Foreground, Network::Agents);
        let part = |role, state: Option<State>| state.map(|state| container(&labels, role, state, age));
        let (agent, target) = (part(Role::Agent, agent), part(Role::Target, target));
        Run { labels, agent, target, standing, age: Duration::seconds(age) }
    }

    const UP: Option<State> = Some(State::Running);
    const NEW: Option<State> = Some(State::Created);
    const ENDED: Option<State> = Some(State::Exited);

    #[test]
    fn what_somebody_looks_after_stays() {
        for agent in [None, UP, NEW, ENDED] {
            for target in [None, UP, NEW, ENDED] {
                for mode in [Mode::Foreground, Mode::Detached, Mode::Hold] {
                    let mut run = run(agent, target, Standing::Alive, 100_000);
                    run.labels.mode = mode;
                    assert_eq!(run.remains(), Remains::Nothing, "{agent:?} {target:?} {mode}");
                }
            }
        }
    }

    #[test]
    fn what_is_left_of_one_whose_owner_is_gone() {
        use {Mode::*, Network::*, Remains::*};
        for (agent, target, mode, network, expected) in [
            // Never started, or ended.
            (UP, None, Foreground, Agents, Both),
            (NEW, None, Foreground, Agents, Both),
            (NEW, NEW, Detached, Agents, Both),
            (None, NEW, Foreground, Shared, Both),
            (ENDED, ENDED, Hold, Agents, Both),
            (UP, None, Detached, Agents, Both),
            (UP, ENDED, Detached, Shared, Both),
            // Without a network, or about to be.
            (UP, UP, Foreground, Agents, Both),
            (ENDED, UP, Foreground, Agents, Both),
            (None, UP, Foreground, Agents, Both),
            (ENDED, UP, Detached, Agents, Both),
            (None, UP, Hold, Agents, Both),
            // Held.
            (UP, UP, Detached, Agents, Nothing),
            (UP, UP, Hold, Agents, Nothing),
            (UP, UP, Detached, Shared, Nothing),
            // The network is another's.
            (UP, UP, Foreground, Shared, Agent),
            (ENDED, UP, Foreground, Shared, Agent),
            (ENDED, UP, Detached, Shared, Agent),
            (None, UP, Foreground, Shared, Nothing),
        ] {
            let mut run = run(agent, target, Standing::Gone, 0);
            (run.labels.mode, run.labels.network) = (mode, network);
            assert_eq!(run.remains(), expected, "{agent:?} {target:?} {mode} {network:?}");
        }
    }

    #[test]
    fn of_an_owner_elsewhere_the_agent_tells() {
        use Remains::*;
        for (agent, target, age, expected) in [
            (UP, UP, 100_000, Nothing),
            (ENDED, UP, 29, Nothing),
            (ENDED, UP, 30, Both),
            (None, UP, 30, Both),
            (None, NEW, 29, Nothing),
            (None, NEW, 30, Both),
            (ENDED, None, 30, Both),
            // It may be pulling.
            (NEW, None, 3599, Nothing),
            (NEW, NEW, 3599, Nothing),
            (UP, None, 3599, Nothing),
            (NEW, None, 3600, Both),
            (UP, None, 3600, Both),
            (UP, NEW, 3600, Both),
            // The engine's clock was set back.
            (ENDED, UP, -60, Nothing),
        ] {
            for standing in [Standing::OtherMachine, Standing::OtherNamespace, Standing::Unknown] {
                let run = run(agent, target, standing, age);
                assert_eq!(run.remains(), expected, "{agent:?} {target:?} {age} s {standing:?}");
            }
        }
    }

    #[test]
    fn containers_are_sorted_into_runs() {
        let [one, two, copied] = [(); 3].map(|()| Labels::new(Mode::Detached, Network::Agents));
        let mut of_image = container(&copied, Role::Target, State::Exited, 5);
        of_image.image_id = "sha256:copied".into();
        let mut unknown = container(&copied, Role::Target, State::Exited, 5);
        unknown.image_id = "sha256:gone".into();
        let mut copy = container(&one, Role::Target, State::Running, 10);
        copy.id = "copy".into();
        let containers = vec![
            container(&one, Role::Agent, State::Running, 90),
            container(&one, Role::Target, State::Running, 80),
            container(&two, Role::Target, State::Created, 20),
            copy,
            of_image,
            unknown,
        ];
        let images = [
            ("sha256:1".to_owned(), LabelMap::new()),
            ("sha256:copied".to_owned(), containers[4].labels.clone()),
        ];
        let listing = Listing { containers, now: NOW };
        let runs = runs(listing, &images.into_iter().collect(), &Place::here());
        let shown: Vec<_> = runs
            .iter()
            .map(|run| {
                let state = |part: &Option<Labelled>| part.as_ref().map(|part| part.state);
                (run.labels.run.clone(), state(&run.agent), state(&run.target), run.age.whole_seconds())
            })
            .collect();
        assert_eq!(shown, [(one.run.clone(), UP, UP, 90), (two.run, None, NEW, 20)]);
        assert_eq!(runs[0].target.as_ref().map(|target| &target.id[..1]), Some("b"), "and not the copy");
    }
}
