//! What the origin's answer says of each operation of a request.

use std::borrow::Cow;

use serde_json::Value;

use super::Operation;
use crate::facts::{Headers, Outcome, json, outcome};
use crate::policy::{Pointer, Policy};

/// How each operation ended, as if it had been alone in its request and without an alias: with its own data,
/// and its own errors before those that are of no operation. So what tells a failure of one request, such as
/// `/errors/0/message` or `/data/login/ok`, tells that of each operation. One of which the answer says nothing was
/// not carried out, and is neither success nor failure.
///
/// Empty where there are no operations, or the answer's body is no JSON. Specification of an answer: GraphQL, October 2021, section 7.1.
#[must_use]
pub fn outcomes(
    policy: &Policy,
    operations: &[Operation],
    headers: &Headers<'_>,
    body: &[u8],
) -> Vec<Outcome> {
    if operations.is_empty() {
        return Vec::new();
    }
    let Ok(answer) = json::whole(body) else { return Vec::new() };
    let mut element = Element::new(&answer, 0);
    let mut each = Vec::with_capacity(operations.len());
    for operation in operations {
        if element.place != operation.element {
            element = Element::new(&answer, operation.element);
        }
        let find = |pointer: &Pointer| element.find(operation, pointer.tokens()).map(Cow::Borrowed);
        let found = outcome::from_answer(policy, headers, body, &find);
        let is_told = found != Outcome::Success || element.tells_of(operation);
        each.push(if is_told { found } else { Outcome::Error });
    }
    each
}

/// The answer to one element of a batch.
struct Element<'a> {
    place: usize,
    whole: &'a Value,
    /// With the key of their operation; that of those that are of none is empty.
    errors: Vec<(&'a str, &'a Value)>,
}

impl<'a> Element<'a> {
    fn new(answer: &'a Value, place: usize) -> Self {
        // A server that refuses a batch says so once.
        let whole = match answer {
            Value::Array(batch) => batch.get(place).unwrap_or(&Value::Null),
            whole => whole,
        };
        let key = |error: &'a Value| error.get("path").and_then(|path| path.get(0)).and_then(Value::as_str);
        let errors = whole.get("errors").and_then(Value::as_array).into_iter().flatten();
        Self { place, whole, errors: errors.map(|error| (key(error).unwrap_or_default(), error)).collect() }
    }

    /// One of the errors of an operation, by its number among them.
    fn error(&self, operation: &Operation, number: usize) -> Option<&'a Value> {
        let of = |key| self.errors.iter().filter(move |(of, _)| *of == key).map(|(_, error)| *error);
        of(operation.key.as_str()).chain(of("")).nth(number)
    }

    fn data(&self, operation: &Operation) -> Option<&'a Value> {
        self.whole.get("data")?.get(&operation.key)
    }

    fn tells_of(&self, operation: &Operation) -> bool {
        operation.key.is_empty() || self.data(operation).is_some() || self.error(operation, 0).is_some()
    }

    /// The scalar that names and indices lead to in what is said of an operation; of one of which nothing is known,
    /// in all that is said.
    fn find(&self, operation: &Operation, way: &[String]) -> Option<&'a Value> {
        let (value, rest) = match way {
            [errors, index, rest @ ..] if errors == "errors" && !operation.key.is_empty() => {
                (self.error(operation, index.parse().ok()?)?, rest)
            }
            [data, field, rest @ ..] if data == "data" && !operation.key.is_empty() => {
                (self.data(operation).filter(|_| *field == operation.field)?, rest)
            }
            way => (self.whole, way),
        };
        json::at(value, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use proptest::prelude::*;
    use serde_json::json;

    fn policy(failure: &Value) -> Policy {
        let written = json!({
            "secret": "long enough for a test",
            "policies": {"login": {"role": "login", "graphql": true, "failure": failure, "learn": false}},
        });
        config::read(&written, &|_| None).unwrap().settings.policies.remove(0)
    }

    fn operation(element: usize, key: &str) -> Operation {
        let field = if key.is_empty() { "" } else { "login" };
        Operation { element, key: key.to_owned(), field: field.to_owned(), ..Operation::default() }
    }

    fn read(failure: &Value, operations: &[Operation], answer: &Value) -> Vec<Outcome> {
        let headers = Headers::new(vec![(b":status", b"200")]);
        outcomes(&policy(failure), operations, &headers, answer.to_string().as_bytes())
    }

    use Outcome::{Error, Failure, Success};

    #[test]
    fn each_alias_has_its_own_errors_and_data() {
        let failed = json!({"message": "no", "path": ["b", "token"]});
        let answer = json!({"data": {"a": {"ok": true}, "b": null, "d": {"ok": false}}, "errors": [failed]});
        let operations = ["a", "b", "c", "d", ""].map(|key| operation(0, key));
        let by_error = json!({"json": {"pointer": "/errors/0/message"}});
        assert_eq!(read(&by_error, &operations, &answer), [Success, Failure, Error, Success, Failure]);
        let by_data = json!({"json": {"pointer": "/data/login/ok", "value": false}});
        assert_eq!(read(&by_data, &operations, &answer), [Success, Success, Error, Failure, Success]);
        let other = json!({"json": {"pointer": "/data/logout/ok", "value": false}});
        assert_eq!(read(&other, &operations[3..4], &answer), [Success], "of another field");
    }

    #[test]
    fn each_element_of_a_batch_has_its_own_answer() {
        let by_error = json!({"json": {"pointer": "/errors/0/message"}});
        let answer = json!([{"data": {"login": 1}}, {"errors": [{"message": "no"}]}]);
        let operations =
            [(0, "login"), (1, "login"), (1, ""), (2, "a"), (0, "login")].map(|(n, key)| operation(n, key));
        assert_eq!(read(&by_error, &operations, &answer), [Success, Failure, Failure, Error, Success]);
    }

    #[test]
    fn what_is_refused_as_a_whole_is_refused_for_each() {
        let operations = [operation(0, "a"), operation(5, "b")];
        let answer = json!({"errors": [{"message": "no batches"}, {"message": "really"}]});
        assert_eq!(
            read(&json!({"json": {"pointer": "/errors/1/message"}}), &operations, &answer),
            [Failure; 2]
        );
        let answer = json!({"code": "no"});
        assert_eq!(
            read(&json!({"json": {"pointer": "/code"}}), &operations, &answer),
            [Failure; 2],
            "no GraphQL"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\":,a-b0-9]{0,100}") {
            let operations = [operation(0, "a"), operation(99, "")];
            let policy = policy(&json!({"json": {"pointer": "/errors/0/message"}}));
            let headers = Headers::new(vec![(b":status", b"200")]);
            for body in [&body[..], text.as_bytes()] {
                let found = outcomes(&policy, &operations, &headers, body);
                prop_assert!(found.is_empty() || found.len() == 2);
            }
        }
    }
}
