//! The subject of a request: the account, card or code that it acts on. With it comes the secret that
//! is tried on it, and the text that is posted; of each only keyed hashes are kept.

use std::borrow::Cow;

use super::body::BodyTrouble;
use super::{Facets, Hashes, Headers, likeness, neighborhood, size, source};
use crate::policy::{Facet, Policy, Role, SubjectSource, TEXTS};

/// Longest subject or secret that is told from others, in bytes; what follows is cut off.
const TOLD_BYTES: usize = 256;

/// Reads what the request's head holds of it.
pub fn from_head(policy: &Policy, headers: &Headers<'_>, hashes: &Hashes, facets: &mut Facets) {
    // Nothing in a head is unreadable.
    let _ = read(policy, false, &|source| Ok(source::in_head(source, headers)), hashes, facets);
}

/// Reads what the request's decoded body holds of it.
///
/// # Errors
/// The body is not JSON though the policy reads JSON.
pub fn from_body(
    policy: &Policy,
    body: &[u8],
    hashes: &Hashes,
    facets: &mut Facets,
) -> Result<(), BodyTrouble> {
    read(policy, true, &|source| source::in_body(source, body), hashes, facets)
}

/// Reads what one operation of the request names.
pub(super) fn from_operation(
    policy: &Policy,
    subject: Option<String>,
    secret: Option<String>,
    hashes: &Hashes,
    facets: &mut Facets,
) {
    set_subject(facets, hashes, policy.role, subject.as_ref().map(String::as_bytes));
    set_secret(facets, hashes, secret.map(|secret| vec![Cow::Owned(secret.into_bytes())]));
}

type Value<'v> = Option<Cow<'v, [u8]>>;

fn read<'v>(
    policy: &Policy,
    in_body: bool,
    value: &dyn Fn(&SubjectSource) -> Result<Value<'v>, BodyTrouble>,
    hashes: &Hashes,
    facets: &mut Facets,
) -> Result<(), BodyTrouble> {
    let is_here = |source: &&SubjectSource| source.is_in_body() == in_body;
    if let Some(source) = policy.subject.as_ref().filter(is_here) {
        set_subject(facets, hashes, policy.role, value(source)?.as_deref());
    }
    if !policy.secret.is_empty() && policy.secret.iter().all(|source| is_here(&source)) {
        let mut parts = Vec::with_capacity(policy.secret.len());
        for source in &policy.secret {
            parts.push(value(source)?);
        }
        set_secret(facets, hashes, parts.into_iter().collect::<Option<Vec<_>>>());
    }
    if let Some((source, at_most)) = policy.small.as_ref().filter(|(source, _)| is_here(&source)) {
        let small = value(source)?.is_some_and(|value| size::is_small(&value, *at_most));
        facets.set(Facet::Small, small.then_some(1));
    }
    if let Some(source) = policy.text.as_ref().filter(is_here) {
        set_text(facets, hashes, value(source)?.as_deref());
    }
    Ok(())
}

/// One account, however it is typed: outer space and ASCII case do not count; `None`: nothing is left.
fn plain(value: &[u8]) -> Option<Vec<u8>> {
    let value = shortened(value.trim_ascii()).to_ascii_lowercase();
    (!value.is_empty()).then_some(value)
}

/// The hash of an account that is named elsewhere than where the subject is.
#[must_use]
pub fn account(value: &[u8], hashes: &Hashes) -> Option<u64> {
    plain(value).map(|value| hashes.personal("subject", &value))
}

fn set_subject(facets: &mut Facets, hashes: &Hashes, role: Role, value: Option<&[u8]>) {
    let value = value.and_then(plain);
    facets.set(Facet::Subject, value.as_ref().map(|value| hashes.personal("subject", value)));
    let kept = value.as_ref().and_then(|value| match role {
        Role::AddPayment => neighborhood::issuer(value).map(Cow::Owned),
        _ => neighborhood::of(value),
    });
    facets.set(Facet::Neighborhood, kept.map(|kept| hashes.personal("neighborhood", &kept)));
}

fn set_secret(facets: &mut Facets, hashes: &Hashes, parts: Option<Vec<Cow<'_, [u8]>>>) {
    let parts = parts.unwrap_or_default();
    let hashed = parts.iter().map(|part| hashes.personal("secret", shortened(part)));
    facets.set(Facet::Secret, hashed.reduce(|one, other| hashes.pair(one, other)));
}

fn set_text(facets: &mut Facets, hashes: &Hashes, value: Option<&[u8]>) {
    let likeness = value.and_then(|value| likeness::of(value, hashes));
    for (n, facet) in TEXTS.into_iter().enumerate() {
        facets.set(facet, likeness.and_then(|likeness| likeness.values.get(n).copied()));
    }
    facets.set(Facet::Links, likeness.filter(|likeness| likeness.links).map(|_| 1));
}

fn shortened(value: &[u8]) -> &[u8] {
    value.get(..TOLD_BYTES).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Secret;

    fn hashes() -> Hashes {
        Hashes::new(&Secret(b"0123456789abcdef".to_vec()))
    }

    fn facets(set: impl Fn(&mut Facets, &Hashes)) -> Facets {
        let mut facets = Facets::default();
        set(&mut facets, &hashes());
        facets
    }

    #[test]
    fn one_account_however_it_is_typed() {
        let subject = |text: &str| facets(|f, h| set_subject(f, h, Role::Login, Some(text.as_bytes())));
        assert_eq!(subject(" A@b.example "), subject("a@B.example"));
        assert_ne!(subject("a@b.example"), subject("a2@b.example"));
        assert_eq!(subject("  "), Facets::default());
        assert_eq!(facets(|f, h| set_subject(f, h, Role::Login, None)), Facets::default());
    }

    #[test]
    fn a_secret_of_parts_is_whole_or_none() {
        let secret = |parts: &[&str]| {
            let parts = parts.iter().map(|part| Cow::Owned(part.as_bytes().to_vec())).collect::<Vec<_>>();
            facets(|f, h| set_secret(f, h, Some(parts.clone()))).get(Facet::Secret)
        };
        assert_ne!(secret(&["12/30", "123"]), secret(&["12/31", "123"]));
        assert_ne!(secret(&["12/30", "123"]), secret(&["12/301", "23"]));
        assert_ne!(secret(&["Secret"]), secret(&["secret"]), "case counts");
        assert_eq!(facets(|f, h| set_secret(f, h, None)), Facets::default());
    }
}
