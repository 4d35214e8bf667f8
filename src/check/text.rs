//! The findings of a check, for people.

use core::fmt::{self, Write};

use super::{Checked, Plugin, describe, sparing};
use crate::config::{LeftOut, show_bytes, show_duration};
use crate::policy::{Policy, RouteMatch, Settings};

/// The whole report. Mistakes are not in it: they have lines of their own.
pub(super) fn report(checked: &Checked) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_report(&mut out, checked);
    out
}

fn write_report(out: &mut String, checked: &Checked) -> fmt::Result {
    let source = &checked.source;
    if checked.mistakes.is_empty() {
        writeln!(out, "OK: {source}, {}", checked.kind)?;
    }
    for note in &checked.notes {
        writeln!(out, "note: {note}")?;
    }
    for plugin in &checked.plugins {
        if !plugin.path.is_empty() {
            writeln!(out, "\nat {}", plugin.path)?;
        }
        for policy in &plugin.config.settings.policies {
            write_policy(out, &plugin.config.left_out, policy)?;
        }
        write_routes(out, plugin)?;
        write_sparing(out, plugin)?;
        write_decrees(out, plugin)?;
        write_memory(out, &plugin.config.settings)?;
        write_candidate(out, &plugin.config.settings)?;
    }
    Ok(())
}

fn write_policy(out: &mut String, left_out: &[LeftOut], policy: &Policy) -> fmt::Result {
    let (role, mode) = (describe::role(policy.role), describe::mode(policy.mode));
    let on_trouble = describe::on_trouble(policy.on_trouble);
    writeln!(out, "\npolicy {}: role {role}, mode {mode}, on_trouble {on_trouble}", policy.name)?;
    if let Some(subject) = &policy.subject {
        let (kind, place) = describe::subject(subject);
        writeln!(out, "  subject   {kind} {place}")?;
    }
    for (word, what) in describe::read(policy) {
        writeln!(out, "  {word:<9} {what}")?;
    }
    writeln!(out, "  failure   {}", describe::answer(&policy.failure))?;
    if let Some(success) = &policy.success {
        writeln!(out, "  success   {}", describe::answer(success))?;
    }
    for (word, what) in describe::flow(policy) {
        writeln!(out, "  {word:<8}  {what}")?;
    }
    write_rules(out, policy)?;
    for left in left_out.iter().filter(|left| left.policy == policy.name) {
        writeln!(out, "  left out  {}: {}", left.rule, left.because)?;
    }
    writeln!(out, "  ladder    {}", describe::ladder(policy))?;
    if let Some(decoy) = &policy.decoy {
        writeln!(out, "  decoy     {}", describe::decoy(decoy))?;
    }
    writeln!(out, "  highest   {}", describe::reach(policy))
}

fn write_rules(out: &mut String, policy: &Policy) -> fmt::Result {
    let mut rows = Vec::new();
    for (rule, tally) in describe::rules(policy) {
        let (finds, score) = match (describe::count(rule, tally), tally.failure_test) {
            (Some((word, at_least)), _) => {
                let times = describe::times_usual(rule).map(|times| format!(" and {times} times the usual"));
                (format!("{at_least} {word}{}", times.unwrap_or_default()), rule.finding.most().to_string())
            }
            (None, Some(test)) => {
                (format!("failure test, {} or {}", test.usual, test.hostile), "up to 32".into())
            }
            (None, None) => continue,
        };
        rows.push([
            rule.name.clone(),
            describe::key(&tally.key),
            show_duration(tally.window_ms),
            finds,
            score,
        ]);
    }
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    for (i, [name, key, within, finds, score]) in rows.iter().enumerate() {
        let title = if i == 0 { "rules" } else { "" };
        let [a, b, c, d] = widths;
        writeln!(out, "  {title:<9} {name:<a$}  {key:<b$}  {within:<c$}  {finds:<d$}  score {score}")?;
    }
    Ok(())
}

fn write_routes(out: &mut String, plugin: &Plugin) -> fmt::Result {
    let settings = &plugin.config.settings;
    if settings.routes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nroutes, the first match counts")?;
    for route in &settings.routes {
        let policy = settings.policies.get(usize::from(route.policy.0)).map_or("", |policy| &policy.name);
        writeln!(out, "  {} -> {policy}", describe_match(&route.matches))?;
    }
    Ok(())
}

fn write_decrees(out: &mut String, plugin: &Plugin) -> fmt::Result {
    let decrees = &plugin.config.settings.decrees;
    if decrees.is_empty() {
        return Ok(());
    }
    writeln!(out, "\ndecrees, whatever was counted")?;
    for rule in decrees {
        let (whom, ruled) = describe::decree(rule);
        let why = rule.why.as_ref().map(|why| format!(", {why:?}")).unwrap_or_default();
        writeln!(out, "  {whom}: {ruled}{why}")?;
    }
    Ok(())
}

fn write_sparing(out: &mut String, plugin: &Plugin) -> fmt::Result {
    let settings = &plugin.config.settings;
    let entries = sparing::allow(settings);
    let width = entries.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    if !entries.is_empty() {
        writeln!(out, "\nallowed before anything else, the first that fits is noted")?;
    }
    for (name, what) in entries {
        writeln!(out, "  {name:<width$}  {what}")?;
    }
    match sparing::trust(settings) {
        Some(earned) => writeln!(out, "\ntrust earned by sessions {earned}"),
        None => Ok(()),
    }
}

fn describe_match(matches: &RouteMatch) -> String {
    let any = |list: &[String], any: &str| if list.is_empty() { any.to_owned() } else { list.join(" or ") };
    let path = matches.path.as_ref().map_or("any path", |path| path.text());
    format!("{} {} {path}", any(&matches.hosts, "any host"), any(&matches.methods, "any method"))
}

/// The candidate, and what it changes: limits and trust are not said, since they are as they were written.
fn write_candidate(out: &mut String, live: &Settings) -> fmt::Result {
    let Some(candidate) = &live.candidate else { return Ok(()) };
    writeln!(out, "\ncandidate beside all of this: {}", describe::share(candidate))?;
    for policy in describe::changed(live, candidate) {
        write_policy(out, &[], policy)?;
    }
    write_memory(out, &candidate.settings)
}

fn write_memory(out: &mut String, settings: &Settings) -> fmt::Result {
    let asked = settings.memory_bytes;
    let bound = super::bound(settings);
    writeln!(
        out,
        "\nmemory at most {} bytes in the Envoy process ({} configured, {} pages, {} tallies), and at most {} bytes in each worker",
        bound.bytes,
        show_bytes(asked),
        bound.pages,
        bound.records,
        bound.worker_bytes
    )
}
