//! The syntax of `~/.aws/config` and `~/.aws/credentials`: what Python's `RawConfigParser` takes, and the nested settings
//! that botocore reads out of its values.
//!
//! Anchor: CPython `Lib/configparser.py`, `_read`; botocore `configloader.py`, `raw_config_parse`. No text of a line
//! becomes part of an error: lines hold keys.

use std::collections::{BTreeMap, HashSet};

use zeroize::Zeroizing;

use crate::credentials::Secret;

/// The settings of a section, by name in lower case.
pub(crate) type Section = BTreeMap<String, Value>;

/// What stands after the `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Text, which may be a key.
    Text(Secret),
    /// `name = value` lines that are indented below the setting, names as they are.
    Nested(BTreeMap<String, Secret>),
}

impl Value {
    /// The text; `None` for nested settings.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.expose()),
            Self::Nested(_) => None,
        }
    }
}

/// Why a file cannot be read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Defect {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) cause: &'static str,
}

/// The sections of a file, in its order.
///
/// # Errors
/// The first line that Python's parser, or botocore after it, would refuse the file for.
pub(crate) fn parse(text: &str) -> Result<Vec<(String, Section)>, Defect> {
    let mut reader = Reader::default();
    let lines = Zeroizing::new(text.replace("\r\n", "\n"));
    let lines = Zeroizing::new(lines.replace('\r', "\n"));
    for (index, line) in lines.split('\n').enumerate() {
        reader.line(index + 1, line)?;
    }
    reader.sections.iter().map(|(name, options)| Ok((name.clone(), reader.finished(options)?))).collect()
}

/// A setting while its file is read.
#[derive(Debug, Clone)]
struct Raw {
    at: usize,
    lines: Vec<Secret>,
}

type Options = BTreeMap<String, Raw>;

/// Which options the lines belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// `[DEFAULT]`, whose options hold for every section.
    Defaults,
    /// The section of this index.
    Section(usize),
}

#[derive(Debug, Default)]
struct Reader {
    sections: Vec<(String, Options)>,
    defaults: Options,
    place: Option<Place>,
    option: Option<String>,
    indent: usize,
    names: HashSet<String>,
}

impl Reader {
    fn line(&mut self, at: usize, line: &str) -> Result<(), Defect> {
        let value = line.trim_matches(is_space);
        if value.starts_with(['#', ';']) {
            return Ok(());
        }
        if value.is_empty() {
            // The last line of a file ends with its newline, and then there is nothing after it.
            self.continued(value);
            return Ok(());
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        if indent > self.indent && self.continued(value) {
            return Ok(());
        }
        self.indent = indent;
        match header(value) {
            Some(name) => self.section(at, name),
            None => self.option(at, value),
        }
    }

    /// Adds a line to the value before it, if there is one.
    fn continued(&mut self, value: &str) -> bool {
        let Some(option) = self.option.clone() else { return false };
        let Some(raw) = self.options().and_then(|options| options.get_mut(&option)) else { return false };
        raw.lines.push(Secret::new(value));
        true
    }

    fn options(&mut self) -> Option<&mut Options> {
        match self.place? {
            Place::Defaults => Some(&mut self.defaults),
            Place::Section(index) => self.sections.get_mut(index).map(|(_, options)| options),
        }
    }

    fn section(&mut self, line: usize, name: &str) -> Result<(), Defect> {
        self.option = None;
        if name == "DEFAULT" {
            self.place = Some(Place::Defaults);
            return Ok(());
        }
        if !self.names.insert(name.to_owned()) {
            return Err(Defect { line, cause: "the section was there before" });
        }
        self.place = Some(Place::Section(self.sections.len()));
        self.sections.push((name.to_owned(), Options::new()));
        Ok(())
    }

    fn option(&mut self, line: usize, value: &str) -> Result<(), Defect> {
        if self.place.is_none() {
            return Err(Defect { line, cause: "it comes before the first section, which is `[NAME]`" });
        }
        let Some((name, text)) = value.split_once(['=', ':']) else {
            return Err(Defect { line, cause: "it is neither `[NAME]` nor `key = value`" });
        };
        let name = name.trim_end_matches(is_space).to_lowercase();
        if name.is_empty() {
            return Err(Defect { line, cause: "there is no name before the `=`" });
        }
        let raw = Raw { at: line, lines: vec![Secret::new(text.trim_matches(is_space))] };
        if self.options().and_then(|options| options.insert(name.clone(), raw)).is_some() {
            return Err(Defect { line, cause: "its section has this setting already" });
        }
        self.option = Some(name);
        Ok(())
    }

    /// A section with what holds for all of them.
    fn finished(&self, options: &Options) -> Result<Section, Defect> {
        let all: BTreeMap<_, _> = self.defaults.iter().chain(options).collect();
        all.into_iter().map(|(name, raw)| Ok((name.clone(), value(raw)?))).collect()
    }
}

/// `[NAME]`, up to the last bracket; what follows it is ignored.
fn header(value: &str) -> Option<&str> {
    let (name, _) = value.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

fn value(raw: &Raw) -> Result<Value, Defect> {
    let joined = raw.lines.iter().map(Secret::expose).collect::<Vec<_>>().join("\n");
    let joined = Secret::new(joined);
    let text = joined.expose().trim_end_matches(is_space);
    if !text.starts_with('\n') {
        return Ok(Value::Text(Secret::new(text)));
    }
    let lines =
        text.split(is_line_end).map(|line| line.trim_matches(is_space)).filter(|line| !line.is_empty());
    let nested = lines.map(|line| {
        let (name, value) = line.split_once('=').ok_or(Defect {
            line: raw.at,
            cause: "of the lines that are indented below it, one is not `key = value`",
        })?;
        Ok((name.trim_matches(is_space).to_owned(), Secret::new(value.trim_matches(is_space))))
    });
    Ok(Value::Nested(nested.collect::<Result<_, Defect>>()?))
}

/// What Python's `str.isspace` takes for white space: four separators more than Unicode's own property.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Where Python's `str.splitlines` ends a line.
pub(crate) fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(all(test, target_os = "linux"))]
mod against_python;

#[cfg(test)]
mod tests {
    use super::*;

    /// `section/name=value`, nested values as `{name=value,}`.
    fn told(text: &str) -> Vec<String> {
        let sections = parse(text).expect("a good file");
        let all = sections.iter().flat_map(|(section, options)| {
            options.iter().map(move |(name, value)| match value {
                Value::Text(text) => format!("{section}/{name}={}", text.expose()),
                Value::Nested(nested) => {
                    let nested = nested.iter().map(|(name, value)| format!("{name}={},", value.expose()));
                    format!("{section}/{name}={{{}}}", nested.collect::<String>())
                }
            })
        });
        all.collect()
    }

    #[test]
    fn what_files_say() {
        for (text, expected) in [
            ("", &[][..]),
            ("# c\n;c\n\n", &[]),
            ("[a]\nx = 1\ny: 2\nz=3=4:5\n", &["a/x=1", "a/y=2", "a/z=3=4:5"]),
            ("[a]\r\nX = 1\r\n", &["a/x=1"]),
            // Neither inline comments nor quotes are known.
            ("[a] # c\nx = 1 # d ; e\ny = \"1\"\n", &["a/x=1 # d ; e", "a/y=\"1\""]),
            ("[a [b] c\nx=1\n", &["a [b/x=1"]),
            ("[ a ]\nx=\n", &[" a /x="]),
            ("[a]\nx = 1\n  2\n# c\n\n  3\n\n", &["a/x=1\n2\n\n3"]),
            ("[a]\n  x = 1\n  y = 2\n    z = 3\n w = 4\n", &["a/w=4", "a/x=1", "a/y=2\nz = 3"]),
            ("[a]\ns3 =\n  Max = 1\n  \n  min=2=3\n", &["a/s3={Max=1,min=2=3,}"]),
            (
                "[DEFAULT]\nx = 1\ny = 1\n[a]\ny = 2\n[DEFAULT]\nz = 3\n[b]\n",
                &["a/x=1", "a/y=2", "a/z=3", "b/x=1", "b/y=1", "b/z=3"],
            ),
            // A header that is indented starts a section; only a value goes on.
            ("  [a]\nx = 1\n [b]\n", &["a/x=1\n[b]"]),
            ("[a]\n\u{1f}x\u{a0}=\u{1f}1\n", &["a/x=1"]),
        ] {
            assert_eq!(told(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_defect_has_its_line_and_shows_nothing_of_it() {
        for (text, line, part) in [
            ("\nx = MARK\n", 2, "before the first section"),
            ("\u{feff}[a]\n", 1, "before the first section"),
            ("[a]\n\nMARK\n", 3, "neither"),
            ("[a]\n[MARK\n", 2, "neither"),
            ("[a]\n = MARK\n", 2, "no name"),
            ("[a]\nx = 1\nX : MARK\n", 3, "already"),
            ("[DEFAULT]\nx = 1\n[DEFAULT]\nx = MARK\n", 4, "already"),
            ("[MARK]\n[b]\n[MARK]\n", 3, "there before"),
            ("[a]\nx = 1\ny =\n  a = 1\n  MARK\n", 3, "indented below"),
        ] {
            let defect = parse(text).expect_err(text);
            assert_eq!(defect.line, line, "{text:?}");
            assert!(defect.cause.contains(part) && !format!("{defect:?}").contains("MARK"), "{defect:?}");
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", parse("[a]\nx = MARK\ny =\n  z = MARK\n").expect("good"));
        assert!(shown.contains('x') && !shown.contains("MARK"), "{shown}");
    }
}
