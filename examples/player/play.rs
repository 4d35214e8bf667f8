//! Playing: every actor at its own pace on its own connection, all at once.
//!
//! It never sends faster than the plan says, and gives up on a target that does not answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::family::{Bare, Keeps};
use super::outcome::Outcome;
use super::plan::{Actor, Plan, Side};
use super::progress::Progress;
use super::wire::{Connection, Reply};

/// Requests without an answer, one after the other, after which an actor gives up.
const PATIENCE: u32 = 3;

/// Plays the plan at a target and tells how each scenario went, in the plan's order.
pub(crate) async fn play(plan: Arc<Plan>, target: SocketAddr, progress: Arc<Progress>) -> Vec<Outcome> {
    let began = Instant::now();
    let mut actors = JoinSet::new();
    for (scenario, part) in plan.scenarios.iter().enumerate() {
        for actor in 0..part.actors.len() {
            let (plan, progress) = (Arc::clone(&plan), Arc::clone(&progress));
            actors.spawn(async move {
                let part = plan.scenarios.get(scenario);
                let Some((side, actor)) = part.and_then(|p| Some((p.side, p.actors.get(actor)?))) else {
                    return (scenario, Outcome::default());
                };
                (scenario, act(side, actor, target, began, &progress).await)
            });
        }
    }
    let mut outcomes = vec![Outcome::default(); plan.scenarios.len()];
    while let Some(done) = actors.join_next().await {
        if let Ok((scenario, outcome)) = done
            && let Some(sum) = outcomes.get_mut(scenario)
        {
            sum.add(outcome);
        }
    }
    outcomes
}

async fn act(side: Side, actor: &Actor, target: SocketAddr, began: Instant, progress: &Progress) -> Outcome {
    let mut outcome = Outcome::default();
    let mut connection = Connection::new(target);
    let mut session = None;
    let mut silence = 0;
    for step in &actor.steps {
        progress.advance();
        if silence >= PATIENCE {
            outcome.count_unanswered(side, step, "not sent, as nothing answers any more");
            continue;
        }
        tokio::time::sleep_until(began + Duration::from_millis(step.at_ms)).await;
        let request = actor.family.write(&Bare {
            method: step.method,
            path: &step.path,
            body: step.body.as_deref(),
            address: &actor.address,
            session: session.as_deref(),
        });
        match connection.exchange(&request).await {
            Ok(reply) => {
                silence = 0;
                outcome.count(side, step, &reply);
                session = new_session(actor.family.keeps, &reply).or(session);
            }
            Err(why) => {
                silence += 1;
                outcome.count_unanswered(side, step, &format!("no answer: {why}"));
            }
        }
    }
    outcome
}

/// The session that an answer begins.
fn new_session(keeps: Keeps, reply: &Reply) -> Option<String> {
    match keeps {
        Keeps::Nothing => None,
        Keeps::Cookie => reply.session().map(str::to_owned),
        Keeps::Token => {
            let body: serde_json::Value = serde_json::from_slice(&reply.body).ok()?;
            body.get("token")?.as_str().map(str::to_owned)
        }
    }
}
