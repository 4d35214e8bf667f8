//! A `google.protobuf.Struct` in its wire form, as JSON.

use prost::Message;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct};
use serde_json::{Map, Value};

/// Decodes a struct with at least one field; `None` where the bytes are none. Nesting is bounded
/// by the decoder, at 100.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    let decoded = Struct::decode(bytes).ok().filter(|decoded| !decoded.fields.is_empty())?;
    Some(object(decoded))
}

fn object(decoded: Struct) -> Value {
    Value::Object(decoded.fields.into_iter().map(|(name, v)| (name, value(v))).collect::<Map<_, _>>())
}

fn value(decoded: prost_types::Value) -> Value {
    match decoded.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::NumberValue(number)) => number.into(),
        Some(Kind::StringValue(text)) => text.into(),
        Some(Kind::BoolValue(truth)) => truth.into(),
        Some(Kind::StructValue(inner)) => object(inner),
        Some(Kind::ListValue(ListValue { values })) => values.into_iter().map(value).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// `{"a": [1, true, null, {"b": "c"}]}`, by the encoding rules of protobuf.dev.
    const BYTES: &[u8] = b"\x0a\x28\x0a\x01a\x12\x23\x32\x21\x0a\x09\x11\0\0\0\0\0\0\xf0\x3f\x0a\x02\x20\x01\x0a\x02\x08\0\x0a\x0c\x2a\x0a\x0a\x08\x0a\x01b\x12\x03\x1a\x01c";

    #[test]
    fn a_struct_is_read() {
        assert_eq!(decode(BYTES), Some(json!({"a": [1.0, true, null, {"b": "c"}]})));
        assert_eq!(decode(b""), None);
        assert_eq!(decode(b"{nonsense"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
