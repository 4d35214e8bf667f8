//! Limits as the operator writes them: how much passes of a key's requests, whatever they come to; and what
//! a policy's requests cost.

use super::ladder::read_rate;
use super::node::{Node, Table};
use super::policy::Present;
use super::rules::{self, read_key};
use crate::policy::Limit;

/// Most limits: each that a request is under costs it a conditional write.
const MOST_LIMITS: usize = 8;

/// The dearest that a request can be.
const MOST_COST: u32 = 1_000_000;

/// Reads `limits`, in order of their names.
pub(super) fn read(node: &Node<'_>, present: Present) -> Vec<Limit> {
    let remedy = "write a mapping from names to limits, such as per-session: {key: [session], rate: 60/1m}";
    let Some(table) = node.table(remedy) else { return Vec::new() };
    let entries = table.entries();
    if entries.is_empty() {
        node.wrong(remedy);
    }
    if entries.len() > MOST_LIMITS {
        node.mistake(format!("{} limits", entries.len()), format!("at most {MOST_LIMITS} are allowed"));
    }
    // A policy without a subject has no requests under a limit by subject.
    let present = Present { subject: true, ..present };
    entries.into_iter().filter_map(|(name, node)| read_one(name, &node, present)).collect()
}

fn read_one(name: &str, node: &Node<'_>, present: Present) -> Option<Limit> {
    let named = rules::check_name(name, node, "limit");
    let mut table = node.table("write a limit such as {key: [session], rate: 60/1m, burst: 20}")?;
    let key = table.need("key", "write a list of facets, such as [session]");
    let key = key.and_then(|node| read_key(&node, present));
    let rate = read_rate(&mut table, true);
    let announce = table.take("announce").map(|node| node.truth());
    table.finish();
    let (key, rate) = (key?, rate?);
    named.then_some(Limit { name: name.to_owned(), key, rate, announce: announce.flatten().unwrap_or(false) })
}

/// Reads what a policy's requests cost of each limit: one token, where it says nothing.
pub(super) fn read_costs(table: &mut Table<'_>, limits: &[Limit]) -> Vec<u32> {
    let mut costs = vec![1; limits.len()];
    let Some(node) = table.take("costs") else { return costs };
    let remedy = "write a mapping from limits to tokens, such as {per-session: 5}";
    let Some(table) = node.table(remedy) else { return costs };
    for (name, node) in table.entries() {
        let Some(place) = limits.iter().position(|limit| limit.name == name) else {
            node.mistake("there is no such limit", "name one of limits, or add it there");
            continue;
        };
        let cost = if node.is_off() { Some(0) } else { node.whole(0..=MOST_COST) };
        let burst = limits.get(place).map_or(0, |limit| limit.rate.burst);
        if let Some(cost) = cost.filter(|&cost| cost > burst) {
            node.mistake(
                format!("costs {cost}, but no more than {burst} can be saved up, so it would never pass"),
                "raise the limit's burst, or lower the cost",
            );
        }
        if let (Some(cost), Some(slot)) = (cost, costs.get_mut(place)) {
            *slot = cost;
        }
    }
    costs
}
