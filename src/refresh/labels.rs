//! What is remembered of a run, on its two containers and nowhere else.
//!
//! A container has the labels of its image as well, and `docker commit` makes an image of a container with its labels:
//! what stands in the image too is not what credrun has put on the container.

use std::fmt;

use serde_json::Value;
use time::OffsetDateTime;

use super::owner::{Owner, RunId};
use crate::engine::LabelMap;
use crate::spec::ContainerSpec;

/// On an agent: its run.
pub const AGENT: &str = "credrun.agent";
/// On a target: its run.
pub const TARGET: &str = "credrun.target";
/// On both: who looks after the run. By this one they are looked for.
pub const OWNER: &str = "credrun.owner";
/// On both: when the run began, in seconds since 1970 by the owner's clock.
pub const CREATED: &str = "credrun.created";
/// On both: how the run is lived with.
pub const MODE: &str = "credrun.mode";
/// On both: whose network the target has.
pub const NETWORK: &str = "credrun.network";

/// What all of ours begin with.
const PREFIX: &str = "credrun.";

/// By what the container of a run's request is found: `credrun.agent=RUN`.
pub(crate) fn mark(spec: &ContainerSpec) -> Option<String> {
    let labels = spec.get("Labels")?;
    [AGENT, TARGET].into_iter().find_map(|name| Some(format!("{name}={}", labels[name].as_str()?)))
}

/// Which of a run's two containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one that serves the credentials.
    Agent,
    /// The one that was asked for.
    Target,
}

impl Role {
    fn label(self) -> &'static str {
        match self {
            Self::Agent => AGENT,
            Self::Target => TARGET,
        }
    }
}

/// How a run is lived with, and so what its agent does when credrun has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// credrun stays in the foreground; the agent ends with it.
    Foreground,
    /// `-d`: credrun stays in the background; the agent holds on without keys when it dies.
    Detached,
    /// credrun stays in the foreground until the detach keys are pressed; the agent holds on as above.
    Hold,
}

impl Mode {
    /// All of them.
    const ALL: [Self; 3] = [Self::Foreground, Self::Detached, Self::Hold];

    /// As the label has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Foreground => "foreground",
            Self::Detached => "detached",
            Self::Hold => "hold",
        }
    }

    /// Whether the agent holds on when credrun has gone.
    #[must_use]
    pub fn holds(self) -> bool {
        self != Self::Foreground
    }
}

/// Whose network the target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// The agent's own: without the agent there is none.
    Agents,
    /// The host's or another container's (`--network host`, `container:X`), which stays when the agent goes.
    Shared,
}

impl Network {
    const ALL: [Self; 2] = [Self::Agents, Self::Shared];

    fn name(self) -> &'static str {
        match self {
            Self::Agents => "agent",
            Self::Shared => "shared",
        }
    }
}

/// What the labels of a run say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Its id.
    pub run: RunId,
    /// Who looks after it.
    pub owner: Owner,
    /// How.
    pub mode: Mode,
    /// Whose network its target has.
    pub network: Network,
    /// When it began, in seconds since 1970 by the owner's clock.
    pub created: i64,
}

impl Labels {
    /// Those of a new run that begins now, and that this process looks after.
    #[must_use]
    pub fn new(mode: Mode, network: Network) -> Self {
        let run = RunId::random();
        let owner = Owner::of_this_process(&run);
        Self { run, owner, mode, network, created: OffsetDateTime::now_utc().unix_timestamp() }
    }

    /// Names and values, for a container in this role.
    #[must_use]
    pub fn pairs(&self, role: Role) -> [(&'static str, String); 5] {
        [
            (role.label(), self.run.to_string()),
            (OWNER, self.owner.to_string()),
            (CREATED, self.created.to_string()),
            (MODE, self.mode.name().to_owned()),
            (NETWORK, self.network.name().to_owned()),
        ]
    }

    /// Puts them on a container that is to be created. A user's own of these names give way: they would make one run
    /// look like another.
    pub fn put_on(&self, role: Role, spec: &mut ContainerSpec) {
        let all = spec.object("Labels");
        all.retain(|name, _| !name.starts_with(PREFIX));
        all.extend(self.pairs(role).map(|(name, value)| (name.to_owned(), Value::from(value))));
    }

    /// What the labels of a container say, if they are a run's: all are there, in the form that credrun gives them,
    /// and the one with the run's id is not its image's.
    #[must_use]
    pub fn of_container(labels: &LabelMap, of_its_image: &LabelMap) -> Option<(Role, Self)> {
        let is_own = |role: &Role| {
            let value = labels.get(role.label());
            value != of_its_image.get(role.label()) && value.is_some_and(|id| RunId::parse(id).is_some())
        };
        let roles: Vec<_> = [Role::Agent, Role::Target].into_iter().filter(is_own).collect();
        let &[role] = &roles[..] else { return None };
        let text = |name: &str| labels.get(name).map(String::as_str);
        let said = Self {
            run: RunId::parse(text(role.label())?)?,
            owner: Owner::parse(text(OWNER)?)?,
            mode: named(&Mode::ALL, Mode::name, text(MODE)?)?,
            network: named(&Network::ALL, Network::name, text(NETWORK)?)?,
            created: text(CREATED)?.parse().ok()?,
        };
        Some((role, said))
    }
}

fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Option<T> {
    all.iter().copied().find(|one| name(*one) == text)
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: impl IntoIterator<Item = (&'static str, String)>) -> LabelMap {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn they_are_read_as_they_were_written() {
        for role in [Role::Agent, Role::Target] {
            for mode in Mode::ALL {
                for network in Network::ALL {
                    let labels = Labels::new(mode, network);
                    let read = Labels::of_container(&map(labels.pairs(role)), &LabelMap::new());
                    assert_eq!(read, Some((role, labels)));
                }
            }
        }
    }

    #[test]
    fn what_the_image_has_makes_no_run() {
        let labels = Labels::new(Mode::Foreground, Network::Agents);
        let of_image = map(labels.pairs(Role::Target));
        assert_eq!(Labels::of_container(&of_image, &of_image), None);
        // A run of such an image has an id of its own.
        let own = Labels::new(Mode::Detached, Network::Shared);
        assert_eq!(
            Labels::of_container(&map(own.pairs(Role::Target)), &of_image),
            Some((Role::Target, own.clone()))
        );
        // An agent that was committed, and is run.
        let mut both = map(labels.pairs(Role::Agent));
        both.extend(map(own.pairs(Role::Target)));
        let read = Labels::of_container(&both, &map(labels.pairs(Role::Agent)));
        assert_eq!(read, Some((Role::Target, own)));
        // The agent's image itself has a label of this name.
        let image = map([(AGENT, "something else".to_owned())]);
        let agent = map(labels.pairs(Role::Agent));
        assert_eq!(Labels::of_container(&agent, &image), Some((Role::Agent, labels)));
    }

    #[test]
    fn some_of_them_are_not_all() {
        let labels = Labels::new(Mode::Foreground, Network::Agents);
        let whole = map(labels.pairs(Role::Target));
        for name in [TARGET, OWNER, CREATED, MODE, NETWORK] {
            for value in [None, Some(""), Some("x")] {
                let mut part = whole.clone();
                part.remove(name);
                part.extend(value.map(|value| (name.to_owned(), value.to_owned())));
                assert_eq!(Labels::of_container(&part, &LabelMap::new()), None, "{name} {value:?}");
            }
        }
        let mut both = whole;
        both.extend(map(labels.pairs(Role::Agent)));
        assert_eq!(Labels::of_container(&both, &LabelMap::new()), None, "one container is not both");
    }

    #[test]
    fn a_user_s_own_give_way() {
        let mut spec = ContainerSpec::new("x");
        for (name, value) in [("credrun.agent", "0123456789abcdef"), ("credrun.mode", "x"), ("team", "tools")]
        {
            spec.object("Labels").insert(name.into(), value.into());
        }
        let labels = Labels::new(Mode::Foreground, Network::Agents);
        labels.put_on(Role::Target, &mut spec);
        let put = spec.get("Labels").and_then(Value::as_object).expect("an object");
        assert_eq!(put.len(), 6, "{put:?}");
        assert_eq!(put["team"], "tools");
        assert_eq!(put[TARGET], labels.run.as_str());
        assert_eq!(put[MODE], "foreground");
    }
}
