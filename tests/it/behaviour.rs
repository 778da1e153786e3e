//! Both programs through the same scenarios, on Docker and on Podman: what they ask of the engine and in which order,
//! what they write, how they end, and what they leave behind. Where credrun is other on purpose is in
//! [`crate::differences`].

mod scenarios;
mod stage;

use std::collections::BTreeSet;
use std::sync::Mutex;

use self::scenarios::{ALL, Scenario};
use self::stage::{Engine, Play, Stage};
use crate::differences::{OF_RUNS, ON_PODMAN, Ran, RunDifference};
use crate::harness::host::{BOTH, Host, Program, image};

/// Plays a scenario with both programs.
fn both(engine: Engine, scenario: &Scenario) -> [Ran; 2] {
    BOTH.map(|program| {
        let stage = Stage::new(engine, program, scenario.topic, (scenario.host)());
        (scenario.ready)(&stage);
        let own = ["--name", &stage.name];
        let image = scenario.image.unwrap_or_else(image);
        stage.play(scenario.play, &[&own[..], scenario.options, &[image], scenario.command].concat())
    })
}

/// The rule that explains the difference; `Err` with both sides where there is one and no rule.
fn judge(engine: Engine, topic: &str, [docker, credrun]: &[Ran; 2]) -> Result<Option<&'static str>, String> {
    if docker == credrun {
        return Ok(None);
    }
    let podman: &[RunDifference] = if engine == Engine::Podman { ON_PODMAN } else { &[] };
    let rule = OF_RUNS.iter().chain(podman).find(|rule| (rule.explains)(docker, credrun));
    rule.map(|rule| Some(rule.what)).ok_or_else(|| {
        let short = |ran: &Ran| Ran { output: ran.output.chars().take(400).collect(), ..ran.clone() };
        format!("{topic} on {engine:?}:\n  docker  {:?}\n  credrun {:?}", short(docker), short(credrun))
    })
}

/// Plays all scenarios, a few at a time: most of a run is waiting for the engine.
fn play_all(engine: Engine) {
    let next = Mutex::new(ALL.iter());
    let found = Mutex::new((Vec::new(), BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(scenario) = next.lock().expect("no panic").next() else { break };
                    let played = std::panic::catch_unwind(|| both(engine, scenario));
                    let judged = match played {
                        Ok(played) => judge(engine, scenario.topic, &played),
                        Err(_) => Err(format!("{} on {engine:?} did not come to its end", scenario.topic)),
                    };
                    let mut found = found.lock().expect("no panic");
                    match judged {
                        Ok(rule) => found.1.extend(rule),
                        Err(difference) => found.0.push(difference),
                    }
                }
            });
        }
    });
    let (different, used) = found.into_inner().expect("no panic");
    assert!(different.is_empty(), "{} scenarios differ:\n{}", different.len(), different.join("\n"));
    // A rule that explains nothing any more is to go.
    let needed = if engine == Engine::Podman { ON_PODMAN } else { OF_RUNS };
    for rule in needed {
        assert!(used.contains(rule.what), "no scenario needs the rule `{}`: {}", rule.what, rule.reason);
    }
}

#[test]
fn on_docker() {
    play_all(Engine::Docker);
}

#[test]
fn on_podman() {
    play_all(Engine::Podman);
}

#[test]
fn pulls_on_both_engines() {
    let (pushed, cases) = scenarios::pulls();
    for engine in [Engine::Docker, Engine::Podman] {
        for (topic, options, host) in cases {
            let played = BOTH.map(|program| {
                let stage = Stage::new(engine, program, topic, host());
                stage.docker(&["rmi", "--force", &pushed.reference]);
                let own = ["--name", &stage.name];
                stage.play(Play::Watch, &[&own[..], options, &[&pushed.reference]].concat())
            });
            judge(engine, topic, &played).unwrap_or_else(|difference| panic!("{difference}"));
        }
        Stage::new(engine, Program::Docker, "pulled", Host::new()).docker(&[
            "rmi",
            "--force",
            &pushed.reference,
        ]);
    }
}
