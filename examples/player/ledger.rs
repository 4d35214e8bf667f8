//! The shop's own ledger, and whether it agrees with what the player saw in the answers.
//!
//! They disagree when something between the two lost, repeated or invented an answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Deserialize;

use super::outcome::Outcome;
use super::plan::{Plan, Side};
use super::wire::Connection;

/// The part of the shop's ledger that an attacker's winnings show in.
#[derive(Default, Deserialize)]
pub(crate) struct Ledger {
    sign_ins: BTreeMap<String, u64>,
    accounts_created: Vec<String>,
    gift_cards_found: BTreeMap<String, u64>,
}

impl Ledger {
    /// Asks the shop's admin listener.
    ///
    /// # Errors
    /// It does not answer, or not with a ledger.
    pub(crate) async fn read(admin: SocketAddr) -> Result<Self, String> {
        let path = format!("http://{admin}/__shop/ledger");
        let request = format!("GET /__shop/ledger HTTP/1.1\r\nhost: {admin}\r\n\r\n");
        let reply = Connection::new(admin).exchange(request.as_bytes()).await;
        let reply = reply.map_err(|e| format!("{path}: {e}; was the shop started with --admin?"))?;
        serde_json::from_slice(&reply.body).map_err(|e| format!("{path}: not a ledger: {e}"))
    }

    /// Sign-ins that succeeded, whoever did it.
    pub(crate) fn signed_in(&self) -> u64 {
        self.sign_ins.values().sum()
    }

    /// Where this ledger, read after a play, disagrees with what the player saw; `before` is the
    /// ledger from before the play.
    pub(crate) fn disagreements(&self, before: &Self, plan: &Plan, outcomes: &[Outcome]) -> Vec<String> {
        let mut found = Vec::new();
        let here = self.signed_in().saturating_sub(before.signed_in());
        let seen: u64 = outcomes.iter().map(|outcome| outcome.signed_in).sum();
        if here != seen {
            found.push(format!("the shop counted {here} sign-ins, the player {seen}"));
        }
        for (scenario, outcome) in plan.scenarios.iter().zip(outcomes) {
            let Side::Attackers(what) = scenario.side else { continue };
            for name in outcome.won.iter().filter(|name| !self.confirms(what, name)) {
                found.push(format!("{}: the shop knows nothing of {name} ({what})", scenario.name));
            }
        }
        found
    }

    fn confirms(&self, what: &str, name: &str) -> bool {
        match what {
            "accounts entered" => self.sign_ins.contains_key(name),
            "accounts created" => self.accounts_created.iter().any(|created| created == name),
            "gift cards with money" => self.gift_cards_found.contains_key(name),
            // Of paths there is no record, and of cards only how many.
            _ => true,
        }
    }
}
