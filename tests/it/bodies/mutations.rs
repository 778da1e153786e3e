//! The test of the test: small mistakes in the table of flags, each of which the comparison must find.

use credrun::cli::flags::{Effect, Flag, Kind, Section, TABLE, Table};

/// A mistake: the flag that it is made in, and the mistake.
pub struct Mutation {
    /// Its long name.
    pub flag: &'static str,
    /// What is wrong.
    pub what: &'static str,
    mutate: fn(&mut Flag),
}

const fn m(flag: &'static str, what: &'static str, mutate: fn(&mut Flag)) -> Mutation {
    Mutation { flag, what, mutate }
}

/// Twenty of them, of every kind that a row can have.
pub const ALL: [Mutation; 20] = [
    m("memory", "another field", |flag| flag.effect = Effect::Size("HostConfig.MemoryReservation")),
    m("memory-reservation", "no effect", |flag| flag.effect = Effect::Weighed),
    m("cpu-quota", "a neighbour's field", |flag| flag.effect = Effect::Integer("HostConfig.CpuPeriod")),
    m("cpuset-mems", "a misspelt field", |flag| flag.effect = Effect::Text("HostConfig.CpusetMem")),
    m("domainname", "a field of another object", |flag| flag.effect = Effect::Text("HostConfig.Domainname")),
    m("group-add", "text where a list is asked for", |flag| {
        flag.effect = Effect::Text("HostConfig.GroupAdd");
    }),
    m("init", "its opposite's field", |flag| flag.effect = Effect::Switch("HostConfig.Privileged")),
    m("publish-all", "no letter", |flag| flag.short = None),
    m("user", "another letter", |flag| flag.short = Some('U')),
    m("dns-option", "no alias", |flag| flag.aliases = &[]),
    m("annotation", "no gate", |flag| flag.api = (1, 41)),
    m("health-start-interval", "a late gate", |flag| flag.api = (1, 45)),
    m("stop-signal", "a gate too many", |flag| flag.api = (1, 44)),
    m("cpu-count", "not for Windows only", |flag| flag.windows_only = false),
    m("ulimit", "its last value only", |flag| flag.kind = Kind::Scalar),
    m("workdir", "no value", |flag| flag.kind = Kind::Switch),
    m("read-only", "a value of its own", |flag| flag.kind = Kind::Scalar),
    m("mount", "no check", |flag| flag.check = |_| Err("never right".into())),
    m("cgroupns", "a check too many", |flag| {
        flag.check = |text| if text.is_empty() { Err("empty".into()) } else { Ok(()) }
    }),
    m("label", "another long name", |flag| flag.long = "labels"),
];

impl Mutation {
    /// The table with this mistake in it. It stays in memory: there are twenty of them.
    pub fn table(&self) -> Table {
        let section = |section: &Section| {
            let mut rows = section.rows.to_vec();
            rows.iter_mut().filter(|flag| flag.long == self.flag).for_each(self.mutate);
            Section { title: section.title, rows: Vec::leak(rows) }
        };
        Vec::leak(TABLE.iter().map(section).collect())
    }
}
