//! JSON in which no name stands twice in an object: readers differ in which of the two counts, so that a policy could
//! mean one thing here and another to AWS.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::Parsed;

/// Reads JSON. Names that differ in case only are the same: so they are to IAM, in a condition
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>).
///
/// # Errors
/// What is no JSON, or the name that stands twice; and the line and the column.
pub fn parse(text: &str) -> Parsed<Value> {
    serde_json::from_str(text).map(|Unique(value)| value).map_err(|error| match error.classify() {
        Category::Data => error.to_string(),
        _ => format!("it is not JSON: {error}"),
    })
}

/// A value without such objects.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

/// What puts a value together again, as `serde_json::Value` does.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let (mut all, mut seen) = (Map::new(), BTreeMap::new());
        while let Some(name) = members.next_key::<String>()? {
            if let Some(other) = seen.insert(name.to_lowercase(), name.clone()) {
                return Err(A::Error::custom(twice(&other, &name)));
            }
            let Unique(value) = members.next_value()?;
            all.insert(name, value);
        }
        Ok(Value::Object(all))
    }
}

fn twice(one: &str, other: &str) -> String {
    let (one, other) = (one.escape_debug().to_string(), other.escape_debug().to_string());
    if one == other {
        format!("the name `{one}` stands twice in one object")
    } else {
        format!("the names `{one}` and `{other}`, which differ in case only, stand in one object")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_serde_json() {
        for text in [
            "null",
            r#"{"a":[1,-1,1.5,18446744073709551615,true,"é\n\u0041",null,{}],"b":{"a":{"a":[]}}}"#,
            r#"[{"Effect":"Allow"},{"Effect":"Deny"}]"#,
            " \"x\" ",
        ] {
            assert_eq!(parse(text).expect(text), serde_json::from_str::<Value>(text).expect(text));
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_told_with_its_place() {
        for (text, expected) in [
            (
                r#"{"Effect":"Deny","Effect":"Allow"}"#,
                "the name `Effect` stands twice in one object at line 1 column 25",
            ),
            (
                "{\"Statement\": [{\n\"Action\": 1,\n\"Action\": 2}]}",
                "the name `Action` stands twice in one object at line 3 column 8",
            ),
            (r#"{"a":{"x\n":1,"x\n":1}}"#, r"the name `x\n` stands twice"),
            (
                r#"{"aws:username":"a","aws:UserName":"b"}"#,
                "the names `aws:username` and `aws:UserName`, which differ in case only,",
            ),
            ("{", "it is not JSON: EOF"),
            ("{a:1}", "it is not JSON: key must be a string"),
            ("{} {}", "it is not JSON: trailing characters"),
            ("1e999", "it is not JSON: number out of range"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        // Of a time that grows as the text does.
        let names = (0..20_000).map(|number| format!("\"n{number}\":0,")).collect::<String>();
        let error = parse(&format!("{{{names}\"N7\":0}}")).expect_err("twice");
        assert!(error.starts_with("the names `n7` and `N7`"), "{error}");
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).expect_err("too deep").contains("recursion limit"));
    }
}
