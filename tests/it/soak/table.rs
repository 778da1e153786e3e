//! All that is measured, its limits, and the table of it.

use std::fmt;

use super::growth::Series;

/// What is measured, and how much it may rise in the time that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Memory,
    Descriptors,
    Threads,
    /// Of the engine: containers, networks, volumes, images.
    Things,
    /// Of the engine itself, which has its own ways.
    EngineDescriptors,
    EngineRoutines,
}

impl Unit {
    fn limit(self) -> f64 {
        match self {
            Self::Memory => 1024.0,
            Self::Descriptors | Self::Threads => 1.5,
            Self::Things => 0.5,
            Self::EngineDescriptors => 8.0,
            Self::EngineRoutines => 16.0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory (KiB)",
            Self::Descriptors | Self::EngineDescriptors => "descriptors",
            Self::Threads => "threads",
            Self::Things => "count",
            Self::EngineRoutines => "goroutines",
        }
    }
}

struct Row {
    of: String,
    unit: Unit,
    series: Series,
}

/// It.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// One more sample.
    pub fn add(&mut self, of: &str, unit: Unit, seconds: f64, value: f64) {
        let known = self.0.iter().position(|row| row.of == of && row.unit == unit);
        let at = known.unwrap_or_else(|| {
            self.0.push(Row { of: of.to_owned(), unit, series: Series::default() });
            self.0.len() - 1
        });
        self.0[at].series.samples.push((seconds, value));
    }

    /// How many samples there are of each.
    pub fn len(&self) -> usize {
        self.0.first().map_or(0, |row| row.series.samples.len())
    }

    /// What rises by more than it may.
    pub fn grown(&self) -> Vec<String> {
        let grown = self.0.iter().filter(|row| row.series.trend().rise > row.unit.limit());
        grown.map(|row| format!("{}: {}", row.of, row.unit.name())).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} samples of each; the first third is the warm-up", self.len())?;
        let heads = ["first", "last", "least", "most", "rise", "limit", "an hour"];
        write!(f, "{:34} {:13}", "what", "unit")?;
        heads.iter().try_for_each(|head| write!(f, " {head:>9}"))?;
        writeln!(f)?;
        for row in &self.0 {
            let (trend, all) = (row.series.trend(), row.series.values());
            let all: Vec<f64> = all.collect();
            let (first, last) = (all.first().unwrap_or(&0.0), all.last().unwrap_or(&0.0));
            let lowest = all.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = all.iter().copied().fold(0.0, f64::max);
            write!(f, "{:34} {:13} {first:9} {last:9} {lowest:9} {highest:9}", row.of, row.unit.name())?;
            writeln!(f, " {:9.1} {:9.1} {:9.1}", trend.rise, row.unit.limit(), trend.an_hour)?;
        }
        Ok(())
    }
}

#[test]
fn what_rises_is_named() {
    let mut table = Table::default();
    for n in (0..30).map(f64::from) {
        table.add("one", Unit::Descriptors, n, 9.0);
        table.add("two", Unit::Descriptors, n, 9.0 + n);
        table.add("two", Unit::Memory, n, 9000.0 + n);
    }
    assert_eq!(table.grown(), ["two: descriptors"]);
    assert!(table.to_string().contains("two"), "{table}");
}
