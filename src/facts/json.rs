//! One value out of a JSON text, without building the rest of it.
//!
//! The text is read once, by serde_json; nesting past its limit of 128 is an error, so no input
//! can exhaust the stack. Of repeated names the last counts, as most servers have it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::policy::Pointer;

/// The scalar that a pointer leads to; `Ok(None)` where nothing is there, or an object or array.
///
/// # Errors
/// The text is not JSON.
pub fn find(pointer: &Pointer, text: &[u8]) -> Result<Option<Value>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let found = Pick { tokens: pointer.tokens() }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(found)
}

/// The whole of a text.
///
/// # Errors
/// The text is not JSON.
pub fn whole(text: &[u8]) -> Result<Value, serde_json::Error> {
    crate::config::lenient(text)
}

/// The scalar inside a value to which names and indices lead.
pub fn at<'v>(value: &'v Value, way: &[String]) -> Option<&'v Value> {
    let found = way.iter().try_fold(value, |value, name| match value {
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    })?;
    (!found.is_array() && !found.is_object()).then_some(found)
}

/// The number of elements of the longest array in a text; 0 where there is none, or it is no JSON.
#[must_use]
pub fn longest_array(text: &[u8]) -> usize {
    let mut longest = 0;
    let mut reader = serde_json::Deserializer::from_slice(text);
    // What came before the mistake counts.
    let _ = Longest(&mut longest).deserialize(&mut reader);
    longest
}

struct Longest<'l>(&'l mut usize);

impl<'de> DeserializeSeed<'de> for Longest<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Longest<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let mut length = 0;
        while array.next_element_seed(Longest(self.0))?.is_some() {
            length += 1;
            *self.0 = length.max(*self.0);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(Longest(self.0))?;
        }
        Ok(())
    }
}

/// Reads a value and keeps only what the remaining tokens lead to.
struct Pick<'t> {
    tokens: &'t [String],
}

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Pick<'_> {
    /// A scalar counts only where the pointer ends.
    fn scalar(&self, value: Value) -> Option<Value> {
        self.tokens.is_empty().then_some(value)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Self::Value, E> {
        Ok(self.scalar(v.into()))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok(self.scalar(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
        Ok(self.scalar(v.into()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
        Ok(self.scalar(v.into()))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(self.tokens.is_empty().then(|| v.into()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let wanted = self.tokens.split_first().and_then(|(t, rest)| Some((t.parse::<usize>().ok()?, rest)));
        let mut found = None;
        for index in 0.. {
            let more = match wanted {
                Some((at, rest)) if at == index => {
                    seq.next_element_seed(Pick { tokens: rest })?.map(|value| found = value).is_some()
                }
                _ => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let wanted = self.tokens.split_first();
        let mut found = None;
        while let Some(hit) = map.next_key_seed(IsName(wanted.map(|(t, _)| t.as_str())))? {
            match wanted {
                Some((_, rest)) if hit => found = map.next_value_seed(Pick { tokens: rest })?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Compares a name while it is read, so that other names are never copied.
struct IsName<'t>(Option<&'t str>);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, v: &str) -> Result<bool, E> {
        Ok(self.0 == Some(v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn find(pointer: &str, text: &str) -> Option<Value> {
        super::find(&Pointer::parse(pointer), text.as_bytes()).unwrap()
    }

    #[test]
    fn finds_scalars_in_objects_and_arrays() {
        let text = r#"{"a": {"b": [1, {"c": "x"}]}, "m~n/o": true, "z": null}"#;
        assert_eq!(find("/a/b/1/c", text), Some(json!("x")));
        assert_eq!(find("/a/b/0", text), Some(json!(1)));
        assert_eq!(find("/m~0n~1o", text), Some(json!(true)));
        assert_eq!(find("/z", text), Some(Value::Null));
        assert_eq!(find("/a", text), None);
        assert_eq!(find("/q", text), None);
        assert_eq!(find("/z/deeper", text), None);
    }

    #[test]
    fn the_last_of_repeated_names_counts() {
        assert_eq!(find("/a", r#"{"a": 1, "a": 2}"#), Some(json!(2)));
        assert_eq!(find("/a", r#"{"a": 1, "a": {}}"#), None);
        assert_eq!(find("/a", r#"{"\u0061": 3}"#), Some(json!(3)));
    }

    #[test]
    fn what_is_not_json_is_an_error() {
        for text in ["", "{", "{}x", "[1,]"] {
            assert!(super::find(&Pointer::parse("/a"), text.as_bytes()).is_err(), "{text:?}");
        }
        let deep = "[".repeat(100_000);
        assert!(super::find(&Pointer::parse("/0"), deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(keys in prop::collection::vec("[ab]", 1..4), pointer in "(/[ab01]){1,3}") {
            let mut value = json!("leaf");
            for key in &keys {
                value = if key == "a" { json!({"a": value, "b": 1}) } else { json!([value, 2]) };
            }
            let expected = value.pointer(&pointer).filter(|v| !v.is_object() && !v.is_array()).cloned();
            prop_assert_eq!(super::find(&Pointer::parse(&pointer), value.to_string().as_bytes()).unwrap(), expected);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = super::find(&Pointer::parse("/a/0"), &bytes);
        }
    }
}
