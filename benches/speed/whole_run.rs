//! `credrun IMAGE true` beside `docker run --rm IMAGE true`, and beside the floor.

use super::Bench;
use super::floor;
use super::report::Goal::AtMost;
use super::sample::{CPU, Figure, PEAK, WALL, in_turn, middle, ratio, sample};

pub fn measure(bench: &mut Bench) {
    let image = bench.image.clone();
    let [ours, docker, least] = in_turn(
        bench.runs,
        [
            &mut || sample(&mut bench.credrun(&[&image, "true"])),
            &mut || sample(&mut bench.docker(&[&image, "true"])),
            &mut || sample(&mut floor::command(&image, "true")),
        ],
    );
    let what = "`credrun IMAGE true`, credentials from the endpoint";
    let goals: [(&str, Figure, f64, f64, &str); 3] = [
        ("wall", WALL, 0.98, 1e3, "ms"),
        ("CPU of the client", CPU, 0.25, 1e3, "ms"),
        ("peak memory", PEAK, 0.5, 1.0 / 1024.0, "MiB"),
    ];
    for (name, figure, goal, scale, unit) in goals {
        let (one, other) = (middle(&ours, figure) * scale, middle(&docker, figure) * scale);
        let from = format!("{one:.1} to {other:.1} {unit}");
        bench.report.add(
            what,
            &format!("`docker run --rm`: {name}"),
            ratio(&ours, &docker, figure),
            AtMost(goal),
            &from,
        );
    }
    let from = format!("{:.1} to {:.1} ms", middle(&ours, WALL) * 1e3, middle(&least, WALL) * 1e3);
    bench.report.add(what, "the floor: wall", ratio(&ours, &least, WALL), AtMost(1.02), &from);
}
