//! The findings of a check, for programs.

use serde_json::{Value, json};

use super::{Checked, Plugin, describe, sparing};
use crate::config::{Config, LeftOut};
use crate::policy::{
    AnswerMatch, Candidate, DecreeRule, Policy, Rule, RuledAs, Rung, Settings, TallySpec, WHOLE_SHARE,
};

/// The whole report, mistakes included.
pub(super) fn report(checked: &Checked) -> Value {
    let mistakes = checked
        .mistakes
        .iter()
        .map(|mistake| json!({ "path": mistake.path, "problem": mistake.problem, "remedy": mistake.remedy }));
    let notes = checked.notes.iter().map(|note| json!({ "path": note.path, "text": note.text }));
    json!({
        "source": checked.source,
        "kind": checked.kind,
        "ok": checked.mistakes.is_empty(),
        "mistakes": mistakes.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
        "plugins": checked.plugins.iter().map(plugin).collect::<Vec<_>>(),
    })
}

fn plugin(plugin: &Plugin) -> Value {
    let settings = &plugin.config.settings;
    let routes = settings.routes.iter().map(|route| {
        json!({
            "hosts": route.matches.hosts,
            "methods": route.matches.methods,
            "path": route.matches.path.as_ref().map(|path| path.text()),
            "policy": settings.policies.get(usize::from(route.policy.0)).map(|policy| &policy.name),
        })
    });
    json!({
        "path": plugin.path,
        "memory": memory(settings),
        "body_limit_bytes": settings.body_limit,
        "hold_headers": settings.hold_headers,
        "propose_flows": settings.propose_flows,
        "policies": settings.policies.iter().map(|p| policy(p, &plugin.config.left_out)).collect::<Vec<_>>(),
        "routes": routes.collect::<Vec<_>>(),
        "allow": sparing::allow_to_json(settings),
        "trust": sparing::trust_to_json(settings),
        "decrees": settings.decrees.iter().map(decree).collect::<Vec<_>>(),
        "candidate": settings.candidate.as_ref().map(|own| candidate(settings, own)),
    })
}

fn memory(settings: &Settings) -> Value {
    let bound = super::bound(settings);
    json!({
        "configured_bytes": settings.memory_bytes,
        "bytes": bound.bytes,
        "worker_bytes": bound.worker_bytes,
        "pages": bound.pages,
        "tallies": bound.records,
    })
}

fn candidate(live: &Settings, candidate: &Candidate) -> Value {
    let changed = describe::changed(live, candidate).map(|changed| policy(changed, &[]));
    json!({
        "share": f64::from(candidate.share) / f64::from(WHOLE_SHARE),
        "by": candidate.by.iter().map(|facet| facet.name()).collect::<Vec<_>>(),
        "memory": memory(&candidate.settings),
        "policies": changed.collect::<Vec<_>>(),
    })
}

fn decree(rule: &DecreeRule) -> Value {
    let (action, for_ms) = match rule.ruled {
        RuledAs::Condemn { action, for_ms } => (action, for_ms),
        RuledAs::Unban => ("unban", None),
    };
    json!({
        "kind": rule.target.kind(),
        "target": rule.target.shown(),
        "action": action,
        "for_ms": for_ms,
        "why": rule.why,
    })
}

fn policy(policy: &Policy, left_out: &[LeftOut]) -> Value {
    let left_out = left_out.iter().filter(|left| left.policy == policy.name);
    let left_out = left_out.map(|left| json!({ "rule": left.rule, "because": left.because }));
    let subject = policy.subject.as_ref().map(|subject| {
        let (kind, place) = describe::subject(subject);
        json!({ kind: place })
    });
    let rung = |rung: Option<Rung>| {
        rung.map(|rung| {
            json!({ "at": rung.at, "after": rung.after, "for_ms": rung.for_ms, "up_to_ms": rung.up_to_ms })
        })
    };
    json!({
        "name": policy.name,
        "role": describe::role(policy.role),
        "mode": describe::mode(policy.mode),
        "on_trouble": describe::on_trouble(policy.on_trouble),
        "subject": subject,
        "reads": describe::read(policy).into_iter().map(|(word, what)| json!({ word: what })).collect::<Vec<_>>(),
        "flow": describe::flow(policy).into_iter().map(|(word, what)| json!({ word: what })).collect::<Vec<_>>(),
        "failure": answer(&policy.failure),
        "success": policy.success.as_ref().map(answer),
        "rules": rules(policy),
        "left_out": left_out.collect::<Vec<_>>(),
        "ladder": {
            "observe": policy.ladder.observe,
            "tag": policy.ladder.tag,
            "delay": rung(policy.ladder.delay),
            "hold_ms": policy.ladder.hold_ms,
            "limit": rung(policy.ladder.limit),
            "rate": policy.ladder.rate.map(describe::rate),
            "deceive": rung(policy.ladder.deceive),
            "block": rung(policy.ladder.block),
            "forget_ms": policy.ladder.forget_ms,
        },
        "decoy": policy.decoy.as_ref().map(describe::decoy),
        "highest_score": Config::highest_score(policy),
    })
}

fn rules(policy: &Policy) -> Vec<Value> {
    let rule = |(rule, tally): (&Rule, &TallySpec)| {
        let mut shown = json!({
            "name": rule.name,
            "key": tally.key.iter().map(|facet| facet.name()).collect::<Vec<_>>(),
            "window_ms": tally.window_ms,
            "tally": rule.tally,
        });
        let map = shown.as_object_mut()?;
        if let Some((word, at_least)) = describe::count(rule, tally) {
            let count = match describe::times_usual(rule) {
                Some(times) => json!({ "times_usual": times, "at_least": at_least }),
                None => at_least.into(),
            };
            map.insert(word.to_owned(), count);
            map.insert("score".to_owned(), rule.finding.most().into());
        } else if let Some(test) = tally.failure_test {
            let test = json!({ "usual": test.usual, "hostile": test.hostile });
            map.insert("failure_test".to_owned(), test);
        }
        Some(shown)
    };
    describe::rules(policy).filter_map(rule).collect()
}

fn answer(answer: &AnswerMatch) -> Value {
    json!({
        "status": answer.status,
        "header": answer.header.as_ref().map(|(name, value)| json!({ "name": name, "value": value })),
        "json": answer.json.as_ref().map(|(pointer, value)| json!({ "pointer": pointer.text(), "value": value })),
        "body": answer.body,
    })
}
