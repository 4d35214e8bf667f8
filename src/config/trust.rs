//! What sessions earn by doing business, as the operator writes it.

use std::collections::BTreeMap;

use super::node::{Findings, Node};
use super::routes::read_policy;
use crate::policy::{Policy, PolicyId, Role, Trust};

const MOST_POLICIES: usize = 64;
const SECOND_MS: u64 = 1000;
const HOUR_MS: u64 = 3600 * SECOND_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

const DEFAULT_WITHIN_MS: u64 = 30 * DAY_MS;
const DEFAULT_REQUESTS: u32 = 30;
const DEFAULT_PER_MS: u64 = 600 * SECOND_MS;

/// `trust` as it was written.
#[derive(Default)]
pub(super) struct Written<'v> {
    node: Option<Node<'v>>,
    after: Option<Vec<PolicyId>>,
    within_ms: Option<u64>,
    requests: Option<u32>,
    per_ms: Option<u64>,
}

impl<'v> Written<'v> {
    /// Reads what is written; `names` holds every policy that was written.
    pub(super) fn read(node: Option<Node<'v>>, names: &BTreeMap<String, PolicyId>) -> Self {
        let Some(node) = node else { return Self::default() };
        if node.is_off() {
            return Self { node: Some(node), ..Self::default() };
        }
        let Some(mut table) = node.table("write {after: [checkout]}, or off") else { return Self::default() };
        let after = table.take("after").map(|node| {
            let (remedy, mut after) = ("write a list of policies whose success earns trust", Vec::new());
            node.each(MOST_POLICIES, remedy, &mut |item| after.extend(read_policy(item, names)));
            after
        });
        let within_ms = table.take("within").and_then(|node| node.duration_ms(HOUR_MS..=90 * DAY_MS));
        let requests = table.take("requests").and_then(|node| node.whole(1..=1000));
        let per_ms = table.take("per").and_then(|node| node.duration_ms(3 * SECOND_MS..=DAY_MS));
        table.finish();
        Self { node: Some(node), after, within_ms, requests, per_ms }
    }

    /// What is enforced: without a word of it, sessions earn trust by paying. The policies have no mistake.
    pub(super) fn complete(
        self,
        policies: &[Policy],
        has_session: bool,
        findings: &Findings,
    ) -> Option<Trust> {
        if self.node.as_ref().is_some_and(Node::is_off) {
            return None;
        }
        let ids = (0..=u16::MAX).map(PolicyId);
        let paying = ids.zip(policies).filter(|(_, policy)| policy.role == Role::Checkout).map(|(id, _)| id);
        let (written, after) = (self.node.is_some(), self.after.unwrap_or_else(|| paying.collect()));
        let path = self.node.map(|node| node.path).unwrap_or_default();
        let wrong = |problem: &str, remedy: &str| {
            if written {
                findings.mistake(&path, problem, remedy);
            }
        };
        if !has_session {
            wrong("there is no client.session, and sessions earn trust", "add client.session, or remove it");
            return None;
        }
        if after.is_empty() {
            wrong(
                "no policy has the role checkout",
                "name the policies whose success earns trust: {after: [...]}",
            );
            return None;
        }
        let is_honeypot =
            |id: &PolicyId| policies.get(usize::from(id.0)).is_some_and(|p| p.role == Role::Honeypot);
        if after.iter().any(is_honeypot) {
            wrong("nobody does business with a honeypot", "name other policies");
        }
        Some(Trust {
            after,
            within_ms: self.within_ms.unwrap_or(DEFAULT_WITHIN_MS),
            requests: self.requests.unwrap_or(DEFAULT_REQUESTS),
            per_ms: self.per_ms.unwrap_or(DEFAULT_PER_MS),
        })
    }
}
