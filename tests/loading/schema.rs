//! Checks a YAML file against a JSON schema, with every object closed: what a schema does not name
//! is a mistake, though Kubernetes would only drop it silently.

use serde_json::{Value, json};

/// A file of this project, as a tree.
pub(crate) fn read(path: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every place where `document` is not what `schema` says.
pub(crate) fn mistakes(mut schema: Value, document: &Value) -> Vec<String> {
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let named = fields
                .get("properties")
                .is_some_and(|named| named.as_object().is_some_and(|n| !n.is_empty()));
            if named
                && fields.get("type") == Some(&json!("object"))
                && !fields.contains_key("patternProperties")
            {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn a_field_that_the_schema_does_not_name_is_a_mistake() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    assert_eq!(mistakes(schema.clone(), &json!({"a": "x"})), Vec::<String>::new());
    assert_eq!(mistakes(schema.clone(), &json!({"a": 1})).len(), 1);
    assert_eq!(mistakes(schema, &json!({"b": "x"})).len(), 1);
}
