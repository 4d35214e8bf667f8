//! The fields at the top of a GraphQL document's operations, whatever fragments they are dressed in.
//!
//! No parser: the origin parses, and refuses what is malformed. Nothing recurses, and work and memory
//! grow with the document's length, which the body limit bounds.

use std::collections::BTreeMap;

use super::MOST_OPERATIONS;
use super::token::{Token, Tokens, Written, entry};
use crate::policy::Graphql;

/// How often fragments are gone into before operations that follow are no longer looked at: each of them then
/// counts as one field of unknown name. Only one that is named is ever carried out, and where there is but one it
/// is read to its end.
const MOST_VISITS: usize = 20_000;

/// What was seen, by its name; the number is of use where names stand for something.
type Names<'t> = BTreeMap<&'t str, u64>;

/// A field at the top of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Field<'t, 'w> {
    /// What the answer calls it: its alias, or its name. Empty where the field is not known.
    pub(super) key: &'t str,
    pub(super) name: &'t str,
    pub(super) subject: Option<Written<'t, 'w>>,
    pub(super) secret: Option<Written<'t, 'w>>,
}

/// An operation or fragment: what is at its top.
#[derive(Default)]
pub(super) struct Definition<'t, 'w> {
    name: Option<&'t str>,
    /// What stands between the brackets after its name.
    pub(super) variables: &'t str,
    /// Those that count, each of another key; at most [`MOST_OPERATIONS`].
    fields: Vec<Field<'t, 'w>>,
    /// The fragments that are spread there.
    spreads: Vec<&'t str>,
    /// Whether there are fields that do not count.
    others: bool,
}

#[derive(Default)]
pub(super) struct Document<'t, 'w> {
    pub(super) operations: Vec<Definition<'t, 'w>>,
    fragments: Vec<Definition<'t, 'w>>,
    /// Places of fragments.
    places: Names<'t>,
    visits: usize,
    /// Whether the operations that were unfolded have fields that do not count.
    pub(super) others: bool,
}

impl<'t, 'w> Document<'t, 'w> {
    pub(super) fn read(text: &'t str, wanted: &'w Graphql) -> Self {
        let mut reader = Reader { tokens: Tokens { rest: text }, ahead: None, wanted };
        let mut document = Self::default();
        while let Some(token) = reader.next() {
            match token {
                Token::Name("fragment") => {
                    let name = reader.name().unwrap_or_default();
                    let next = document.fragments.len();
                    let place = document.places.get(name).map_or(next, |place| *place as usize);
                    if place == next {
                        document.places.insert(name, next as u64);
                        document.fragments.push(Definition::default());
                    }
                    // Of several of one name a server takes none, the first or the last: all count.
                    if let Some(fragment) = document.fragments.get_mut(place) {
                        reader.definition(fragment);
                    }
                }
                Token::Name("query" | "mutation" | "subscription") => {
                    let mut operation = Definition { name: reader.name(), ..Definition::default() };
                    reader.definition(&mut operation);
                    document.operations.push(operation);
                }
                Token::Sign(b'{') => {
                    let mut operation = Definition::default();
                    reader.selections(&mut operation);
                    document.operations.push(operation);
                }
                _ => {}
            }
        }
        document
    }

    /// Leaves the operation that has this name, if one has.
    pub(super) fn keep(&mut self, name: &str) {
        if self.operations.iter().any(|operation| operation.name == Some(name)) {
            self.operations.retain(|operation| operation.name == Some(name));
        }
    }

    /// What an operation does that counts: at most [`MOST_OPERATIONS`] fields.
    pub(super) fn unfold(&mut self, operation: usize) -> Vec<Field<'t, 'w>> {
        if self.visits > MOST_VISITS {
            return vec![Field::default()];
        }
        let mut found = Vec::new();
        // Each fragment and each key once: one that spreads itself comes to an end, and a server does once what
        // is asked for twice under one key.
        let (mut seen, mut keys) = (Names::new(), Names::new());
        let mut open: Vec<_> = self.operations.get(operation).into_iter().collect();
        while let Some(top) = open.pop() {
            self.others |= top.others;
            for field in &top.fields {
                if found.len() < MOST_OPERATIONS && keys.insert(field.key, 0).is_none() {
                    found.push(*field);
                }
            }
            self.visits += top.spreads.len();
            for spread in &top.spreads {
                if seen.insert(spread, 0).is_none()
                    && let Some(&place) = self.places.get(spread)
                {
                    open.extend(self.fragments.get(place as usize));
                }
            }
        }
        found
    }
}

/// The text that begins with a variable's default value: `$name: Type = value`; and how much was read for it.
pub(super) fn default<'t>(variables: &'t str, wanted: &str) -> (Option<&'t str>, usize) {
    let mut tokens = Tokens { rest: variables };
    let mut name = "";
    let mut found = None;
    while let Some(token) = tokens.next() {
        match token {
            Token::Sign(b'$') => {
                if let Some(Token::Name(next)) = tokens.next() {
                    name = next;
                }
            }
            Token::Sign(b'=') if name == wanted => {
                found = Some(tokens.rest);
                break;
            }
            Token::Sign(b'{') => _ = tokens.enclosed(b'{', b'}'),
            Token::Sign(b'(') => _ = tokens.enclosed(b'(', b')'),
            _ => {}
        }
    }
    (found, variables.len() - tokens.rest.len())
}

struct Reader<'t, 'w> {
    tokens: Tokens<'t>,
    ahead: Option<Token<'t>>,
    wanted: &'w Graphql,
}

impl<'t, 'w> Reader<'t, 'w> {
    fn next(&mut self) -> Option<Token<'t>> {
        self.ahead.take().or_else(|| self.tokens.next())
    }

    fn name(&mut self) -> Option<&'t str> {
        match self.next()? {
            Token::Name(name) => Some(name),
            other => {
                self.ahead = Some(other);
                None
            }
        }
    }

    /// Reads a definition from behind its name on: past its type and directives to its selections.
    fn definition(&mut self, into: &mut Definition<'t, 'w>) {
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'(') => {
                    let inside = self.tokens.enclosed(b'(', b')');
                    if into.variables.is_empty() {
                        into.variables = inside;
                    }
                }
                Token::Sign(b'{') => return self.selections(into),
                _ => {}
            }
        }
    }

    /// Reads selections up to the brace that ends them. Inline fragments are no level of their own.
    fn selections(&mut self, top: &mut Definition<'t, 'w>) {
        let mut keys = Names::new();
        // How many inline fragments are open.
        let mut inline = 0_u32;
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'}') if inline == 0 => break,
                Token::Sign(b'}') => inline -= 1,
                // The arguments of a directive, and the selections of a field that was read.
                Token::Sign(b'(') => _ = self.tokens.enclosed(b'(', b')'),
                Token::Sign(b'{') => _ = self.tokens.enclosed(b'{', b'}'),
                Token::Sign(b'@') => _ = self.name(),
                Token::Spread => match self.name() {
                    Some("on") | None => inline += u32::from(self.opens()),
                    Some(fragment) => top.spreads.push(fragment),
                },
                Token::Name(key) => {
                    let field = self.field(key);
                    let Graphql { fields, .. } = self.wanted;
                    if !fields.is_empty() && !fields.iter().any(|wanted| wanted == field.name) {
                        top.others = true;
                    } else if keys.len() < MOST_OPERATIONS && keys.insert(key, 0).is_none() {
                        top.fields.push(field);
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads a field from its alias or name on to the end of its arguments.
    fn field(&mut self, key: &'t str) -> Field<'t, 'w> {
        let mut name = key;
        let mut next = self.next();
        if next == Some(Token::Sign(b':')) {
            name = self.name().unwrap_or_default();
            next = self.next();
        }
        let mut arguments = "";
        if next == Some(Token::Sign(b'(')) {
            arguments = self.tokens.enclosed(b'(', b')');
        } else {
            self.ahead = next;
        }
        let argument = |way| entry(&mut Tokens { rest: arguments }, way);
        let (subject, secret) = (argument(&self.wanted.subject), argument(&self.wanted.secret));
        Field { key, name, subject, secret }
    }

    /// Goes to the brace that opens an inline fragment; whether there is one.
    fn opens(&mut self) -> bool {
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'{') => return true,
                Token::Sign(b'}') => {
                    self.ahead = Some(token);
                    return false;
                }
                Token::Sign(b'(') => _ = self.tokens.enclosed(b'(', b')'),
                _ => {}
            }
        }
        false
    }
}
