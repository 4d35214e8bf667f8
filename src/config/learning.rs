//! Whether a policy learns which behaviors are hostile, and what has to follow a success.

use std::collections::BTreeMap;

use super::node::{Node, Table};
use super::preset::Preset;
use super::routes::read_policy;
use super::rules::WEEK_MS;
use crate::policy::{FollowUp, Learning, PolicyId};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Most policies that a follow-up may name.
const MOST_POLICIES: usize = 8;

/// The share of customers who never go on with what they began, where the role says nothing of it.
const LAPSING: f64 = 0.2;

/// What the operator wrote of it, taken from the policy's table.
pub(super) struct Written<'a> {
    learn: Option<Node<'a>>,
    follow_up: Option<Node<'a>>,
}

impl<'a> Written<'a> {
    pub(super) fn take(table: &mut Table<'a>) -> Self {
        Self { learn: table.take("learn"), follow_up: table.take("follow_up") }
    }

    /// Reads it. A role whose failures tell something learns unless it is told not to; any other
    /// learns where something has to follow.
    pub(super) fn read(
        self,
        preset: Option<&Preset>,
        names: &BTreeMap<String, PolicyId>,
        has_subject: bool,
        has_session: bool,
    ) -> Option<Learning> {
        let learn = self.learn.as_ref().map_or(Some(true), Node::truth)?;
        let follow_up =
            self.follow_up.as_ref().and_then(|node| read_follow_up(node, names, has_subject, has_session));
        if !learn {
            if let Some(node) = &self.follow_up {
                node.mistake("the policy does not learn", "remove it, or learn: false");
            }
            return None;
        }
        let usual = preset.and_then(|preset| preset.usual);
        let lapsing = preset.and_then(|preset| preset.lapsing).unwrap_or(LAPSING);
        if let (None, None, Some(node)) = (usual, &self.follow_up, &self.learn) {
            node.mistake(
                "failures of this role tell nothing of who made them",
                "remove it, or name what has to follow in follow_up",
            );
        }
        match (usual, follow_up) {
            (None, None) => None,
            (usual, follow_up) => {
                Some(Learning { usual: usual.unwrap_or(lapsing), learns_usual: usual.is_some(), follow_up })
            }
        }
    }
}

fn read_follow_up(
    node: &Node<'_>,
    names: &BTreeMap<String, PolicyId>,
    has_subject: bool,
    has_session: bool,
) -> Option<FollowUp> {
    let mut table = node.table("write {policies: [verify-email, login], within: 1h}")?;
    let before = node.findings.count();
    let policies = table.need("policies", "write the policies under any of which a success has to follow");
    let within = table.take("within").map_or(Some(HOUR_MS), |node| node.duration_ms(MINUTE_MS..=WEEK_MS));
    let by = table.take("by");
    table.finish();
    let items = policies.and_then(|node| node.list(MOST_POLICIES, "write a list of policies"));
    let policies = items.iter().flatten().filter_map(|item| read_policy(item, names)).collect();
    let by_session = match &by {
        Some(node) => node.choice(&[("subject", false), ("session", true)])?,
        None => false,
    };
    let place = by.as_ref().unwrap_or(node);
    if by_session && !has_session {
        place.mistake("there is no client.session", "add client.session, or write by: subject");
    } else if !by_session && !has_subject {
        place.mistake("the policy has no subject", "add one, or write by: session");
    }
    (node.findings.count() == before).then_some(FollowUp { policies, by_session, within_ms: within? })
}
