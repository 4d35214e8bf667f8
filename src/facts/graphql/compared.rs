//! What is found in documents, compared with what another parser finds.

use std::collections::BTreeMap;

use apollo_parser::{Parser, cst};
use proptest::prelude::*;

use super::document::Document;
use crate::policy::Graphql;

/// What another parser makes of a document: of each operation the keys and names of its fields.
fn reference(document: &str) -> Vec<(String, String)> {
    let tree = Parser::new(document).parse();
    assert_eq!(tree.errors().len(), 0, "{document}: {:?}", tree.errors().next());
    let name = |name: Option<cst::Name>| name.map(|name| name.text().to_string()).unwrap_or_default();
    let (mut sets, mut fragments) = (Vec::new(), BTreeMap::new());
    for definition in tree.document().definitions() {
        match definition {
            cst::Definition::OperationDefinition(operation) => sets.extend(operation.selection_set()),
            cst::Definition::FragmentDefinition(fragment) => {
                let key = name(fragment.fragment_name().and_then(|f| f.name()));
                fragments.insert(key, fragment.selection_set());
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for set in sets {
        let (mut open, mut seen, mut keys) = (vec![set], Vec::new(), BTreeMap::new());
        while let Some(set) = open.pop() {
            for selection in set.selections() {
                match selection {
                    cst::Selection::Field(field) => {
                        let field_name = name(field.name());
                        let key = field.alias().map(|alias| name(alias.name()));
                        keys.entry(key.unwrap_or_else(|| field_name.clone())).or_insert(field_name);
                    }
                    cst::Selection::InlineFragment(inline) => open.extend(inline.selection_set()),
                    cst::Selection::FragmentSpread(spread) => {
                        let key = name(spread.fragment_name().and_then(|f| f.name()));
                        let fragment = fragments.get(&key).filter(|_| !seen.contains(&key));
                        open.extend(fragment.cloned().flatten());
                        seen.push(key);
                    }
                }
            }
        }
        found.extend(keys);
    }
    found.sort();
    found
}

fn selection() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("1".to_owned()),
        Just("-1.5e3".to_owned()),
        Just("$v".to_owned()),
        Just("ENUM".to_owned()),
        Just(r#""text } ) { a: b \" # \\""#.to_owned()),
        Just("\"\"\"block } \n \\\"\"\" \" { x\"\"\"".to_owned()),
        Just(r#"{a: [1, {b: ")"}], c: null}"#.to_owned()),
    ];
    let tail = prop_oneof![
        Just(String::new()),
        Just("{ x y: z { w } ...F1 }".to_owned()),
        Just("@include(if: $v) @other".to_owned()),
        Just("@skip(if: true) { x }".to_owned()),
    ];
    let arguments = prop_oneof![Just(String::new()), value.prop_map(|value| format!("(v: {value}, w: 2)"))];
    // Of one key only one field, as a valid document has it.
    let field =
        (0..6_u8, any::<bool>(), arguments, tail).prop_map(|(n, alias, arguments, tail)| match alias {
            true => format!("k{n} : field{n} {arguments} {tail}"),
            false => format!("field{n}{arguments}{tail}"),
        });
    let leaf = prop_oneof![
        4 => field,
        1 => (0..4_u8).prop_map(|n| format!("...F{n}")),
        1 => (0..4_u8).prop_map(|n| format!("... F{n} @x(a: \"}}\")")),
        1 => Just("# comment { a: b\n field9".to_owned()),
        1 => Just("# comment { a: b\r on: fragment".to_owned()),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let heads = prop_oneof![Just("... on T"), Just("..."), Just("... @x(a: {b: 1})"), Just("...on T @y")];
        (heads, prop::collection::vec(inner, 1..4))
            .prop_map(|(head, inside)| format!("{head} {{ {} }}", inside.join(", ")))
    })
}

fn set() -> impl Strategy<Value = String> {
    prop::collection::vec(selection(), 1..6).prop_map(|inside| format!("{{ {} }}", inside.join("\n")))
}

fn document() -> impl Strategy<Value = String> {
    let heads = prop_oneof![
        Just(""),
        Just("query "),
        Just("mutation M "),
        Just("query Q($v: [T!]! = [{a: \"}\"}] @d, $w: Int) @x(a: {b: \"{\"}) "),
        Just("subscription query "),
    ];
    let operation = (heads, set()).prop_map(|(head, set)| format!("{head}{set}"));
    let fragments = prop::collection::vec(set(), 0..4).prop_map(|sets| {
        let fragment = |(n, set)| format!("fragment F{n} on T @x(a: 1) {set}");
        sets.into_iter().enumerate().map(fragment).collect::<Vec<_>>()
    });
    (prop::collection::vec(operation, 1..3), fragments)
        .prop_map(|(operations, fragments)| [operations, fragments].concat().join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn another_parser_finds_the_same_fields(document in document()) {
        let all = Graphql::default();
        let mut read = Document::read(&document, &all);
        let mut found = Vec::new();
        for place in 0..read.operations.len() {
            let fields = read.unfold(place);
            found.extend(fields.iter().map(|field| (field.key.to_owned(), field.name.to_owned())));
        }
        found.sort();
        prop_assert_eq!(found, reference(&document));
    }
}
