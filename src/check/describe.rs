//! Parts of a checked configuration in the words of the configuration language.

use crate::config::{Config, show_duration};
use crate::policy::{
    AnswerMatch, Candidate, Decoy, DecreeRule, Facet, Finding, Mode, OnTrouble, Policy, Rate, Role, Rule,
    RuledAs, Rung, Settings, SubjectSource, TallySpec, WHOLE_SHARE,
};

/// The role as operators write it.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Login => "login",
        Role::Signup => "signup",
        Role::Verification => "verification",
        Role::SendCode => "send-code",
        Role::PasswordReset => "password-reset",
        Role::GiftCard => "gift-card",
        Role::Object => "object",
        Role::AddPayment => "add-payment",
        Role::Checkout => "checkout",
        Role::AddToCart => "add-to-cart",
        Role::Comment => "comment",
        Role::Content => "content",
        Role::Honeypot => "honeypot",
    }
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Enforce => "enforce",
    }
}

pub(super) fn on_trouble(on_trouble: OnTrouble) -> &'static str {
    match on_trouble {
        OnTrouble::Allow => "allow",
        OnTrouble::Block => "block",
    }
}

/// Kind and place of the subject.
pub(super) fn subject(subject: &SubjectSource) -> (&'static str, &str) {
    match subject {
        SubjectSource::Json(pointer) => ("json", pointer.text()),
        SubjectSource::Form(name) => ("form", name),
        SubjectSource::Query(name) => ("query", name),
        SubjectSource::Path(path) => ("path", path.text()),
        SubjectSource::Header(name) => ("header", name),
        SubjectSource::Cookie(name) => ("cookie", name),
    }
}

/// What else a policy reads in its requests, and the bounds on it: a word and what goes with it.
pub(super) fn read(policy: &Policy) -> Vec<(&'static str, String)> {
    let shown = |source: &SubjectSource| {
        let (kind, place) = subject(source);
        format!("{kind} {place}")
    };
    let mut lines = Vec::new();
    if !policy.secret.is_empty() {
        let parts: Vec<_> = policy.secret.iter().map(shown).collect();
        lines.push(("secret", parts.join(", and ")));
    }
    lines.extend(policy.text.as_ref().map(|source| ("text", shown(source))));
    let bounded = |(source, at_most): &(SubjectSource, u32)| format!("{}, at most {at_most}", shown(source));
    lines.extend(policy.small.as_ref().map(|small| ("small", bounded(small))));
    if let Some(graphql) = &policy.graphql {
        let fields =
            if graphql.fields.is_empty() { "all fields".to_owned() } else { graphql.fields.join(", ") };
        let argument = |what: &str, way: &[String]| match way {
            [] => String::new(),
            way => format!(", {what} in argument {}", way.join(".")),
        };
        let (subject, secret) = (argument("subject", &graphql.subject), argument("secret", &graphql.secret));
        lines.push(("graphql", format!("{fields}{subject}{secret}")));
    }
    lines.extend(policy.sizes.items.map(|at_most| ("max items", at_most.to_string())));
    lines.extend(policy.sizes.page.as_ref().map(|page| ("max page", bounded(page))));
    lines
}

/// The marks of an answer, any of which is enough.
pub(super) fn answer(answer: &AnswerMatch) -> String {
    let mut marks = Vec::new();
    if !answer.status.is_empty() {
        marks.push(format!("status {}", statuses(&answer.status).join(", ")));
    }
    if let Some((name, value)) = &answer.header {
        let value = value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
        marks.push(format!("header {name}{value}"));
    }
    if let Some((pointer, value)) = &answer.json {
        let value = value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        marks.push(format!("json {}{value}", pointer.text()));
    }
    if let Some(text) = &answer.body {
        marks.push(format!("body holds {text:?}"));
    }
    marks.join(", or ")
}

/// What a policy has to do with business flows: a word and what goes with it.
pub(super) fn flow(policy: &Policy) -> Vec<(&'static str, String)> {
    let Some(flow) = &policy.flow else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(account) = &flow.account {
        let (kind, place) = subject(account);
        lines.push(("account", format!("{kind} {place}")));
    }
    let issues = [("account", &flow.issues_account), ("session", &flow.issues_session)];
    let issues = issues.into_iter().filter_map(|(what, pointer)| Some((what, pointer.as_ref()?)));
    lines.extend(issues.map(|(what, pointer)| ("issues", format!("{what} in json {}", pointer.text()))));
    for proof in &flow.proves {
        let by = proof.answer.as_ref().map_or("every success".to_owned(), answer);
        lines.push(("proves", format!("{} by {by}", proof.step)));
    }
    for required in &flow.requires {
        let within = required.within_ms.map_or(String::new(), |ms| format!(" within {}", show_duration(ms)));
        let gap = match required.min_gap_ms {
            0 => String::new(),
            ms => format!(", at least {} ago", show_duration(ms)),
        };
        lines.push(("requires", format!("{}{within}{gap}", required.step)));
    }
    lines
}

/// Codes, those of a whole class as the class.
fn statuses(status: &[u16]) -> Vec<String> {
    let whole = |class: u16| (class * 100..class * 100 + 100).all(|code| status.contains(&code));
    let mut shown = Vec::new();
    for &code in status {
        if !whole(code / 100) {
            shown.push(code.to_string());
        } else if code % 100 == 0 {
            shown.push(format!("{}xx", code / 100));
        }
    }
    shown
}

pub(super) fn key(key: &[Facet]) -> String {
    key.iter().map(|facet| facet.name()).collect::<Vec<_>>().join(" + ")
}

/// The rules as they were written: one on texts is there for each of a text's values.
pub(super) fn rules(policy: &Policy) -> impl Iterator<Item = (&Rule, &TallySpec)> {
    let with_tally = policy.rules.iter().filter_map(|rule| Some((rule, policy.tallies.get(rule.tally)?)));
    let further = |facet: &Facet| matches!(facet, Facet::TextSecond | Facet::TextThird);
    with_tally.filter(move |(_, tally)| !tally.key.iter().any(further))
}

/// The configuration's word for what a rule counts, and its threshold. `None` for a failure test, which has
/// neither.
pub(super) fn count(rule: &Rule, tally: &TallySpec) -> Option<(&'static str, u32)> {
    match rule.finding {
        Finding::FailureTest => None,
        Finding::Failures { at_least, .. } => Some(("failures", at_least)),
        Finding::Successes { at_least, .. } => Some(("successes", at_least)),
        Finding::Requests { at_least, .. } | Finding::Unusual { at_least, .. } => {
            Some(("requests", at_least))
        }
        Finding::InOrder { at_least, .. } => Some(("in_order", at_least)),
        Finding::Steady { at_least, .. } => Some(("steady", at_least)),
        Finding::UntilSuccess { at_least, .. } => Some(("until_success", at_least)),
        Finding::FanOut { at_least, .. } => Config::fan_out_word(tally.fan_out).map(|word| (word, at_least)),
    }
}

/// How many times what is usual a rule asks for as well.
pub(super) fn times_usual(rule: &Rule) -> Option<f64> {
    match rule.finding {
        Finding::Unusual { times_usual, .. } => Some(times_usual),
        _ => None,
    }
}

/// Each rung with its score, repeats and times, and when repeats are forgotten.
pub(super) fn ladder(policy: &Policy) -> String {
    let ladder = &policy.ladder;
    let mut rungs: Vec<String> = Vec::new();
    rungs.extend(ladder.observe.map(|at| format!("observe at {at}")));
    rungs.extend(ladder.tag.map(|at| format!("tag at {at}")));
    let held = format!(", held {}", show_duration(ladder.hold_ms));
    let rate = ladder.rate.map_or(String::new(), |rate| format!(", {} pass", self::rate(rate)));
    let standing = [
        ("delay", ladder.delay, held),
        ("limit", ladder.limit, rate),
        ("deceive", ladder.deceive, String::new()),
        ("block", ladder.block, String::new()),
    ];
    for (name, rung, more) in standing {
        let Some(Rung { at, after, for_ms, up_to_ms }) = rung else { continue };
        let of_accounts = policy.flow.as_ref().is_some_and(|flow| flow.subject_is_account);
        if at.is_none() && after.is_none() && !of_accounts {
            continue;
        }
        let begins = match (at, after) {
            (Some(at), Some(after)) => format!(" at {at} or after {after} repeats"),
            (Some(at), None) => format!(" at {at}"),
            (None, Some(after)) => format!(" after {after} repeats"),
            (None, None) => " of accounts only".to_owned(),
        };
        let (first, most) = (show_duration(for_ms), show_duration(up_to_ms));
        rungs.push(format!("{name}{begins} for {first} up to {most}{more}"));
    }
    format!("{}; a repeat is forgotten after {}", rungs.join(", "), show_duration(ladder.forget_ms))
}

/// Which answer deceives, and when it comes.
pub(super) fn decoy(decoy: &Decoy) -> String {
    let learned = decoy.learn.then(|| "the origin's own failures, once they are known".to_owned());
    let written = decoy.written.as_ref().map(|template| format!("status {} as written", template.status));
    let otherwise = written.is_none().then(|| "403".to_owned());
    let answers: Vec<_> = learned.into_iter().chain(written).chain(otherwise).collect();
    let takes = match decoy.takes_ms {
        Some((from, to)) => format!("{} to {}", show_duration(from), show_duration(to)),
        None => "as long as the origin takes to refuse".to_owned(),
    };
    format!("{}; after {takes}", answers.join(", until then "))
}

/// A rate as it is written, and what can be saved up where that is another number.
pub(super) fn rate(rate: Rate) -> String {
    let Rate { tokens, period_ms, burst } = rate;
    let burst = if burst == tokens { String::new() } else { format!(", {burst} at once") };
    format!("{tokens}/{}{burst}", show_duration(period_ms))
}

/// The highest score, and the rungs it reaches.
pub(super) fn reach(policy: &Policy) -> String {
    let highest = Config::highest_score(policy);
    let rungs = Config::rungs(policy);
    let reached: Vec<_> = rungs.iter().filter(|(_, at)| highest >= *at).map(|(name, _)| *name).collect();
    format!("{highest}, which reaches {}", reached.join(", "))
}

/// For whom a candidate decides.
pub(super) fn share(candidate: &Candidate) -> String {
    let by = key(&candidate.by);
    match f64::from(candidate.share) * 100.0 / f64::from(WHOLE_SHARE) {
        0.0 => format!("it only watches; clients are told apart by {by}"),
        percent => format!("it decides for {percent} % of clients, told apart by {by}"),
    }
}

/// The policies that a candidate changes.
pub(super) fn changed<'c>(live: &'c Settings, candidate: &'c Candidate) -> impl Iterator<Item = &'c Policy> {
    let pairs = live.policies.iter().zip(&candidate.settings.policies);
    pairs.filter(|(live, candidate)| live != candidate).map(|(_, candidate)| candidate)
}

/// What a decree rules, and of whom.
pub(super) fn decree(rule: &DecreeRule) -> (String, String) {
    let whom = rule.target.shown().unwrap_or_else(|| "(not shown)".to_owned());
    let ruled = match rule.ruled {
        RuledAs::Unban => "unban".to_owned(),
        RuledAs::Condemn { action, for_ms: Some(for_ms) } => {
            format!("{action} for {}", show_duration(for_ms))
        }
        RuledAs::Condemn { action, for_ms: None } => format!("{action} while it is here"),
    };
    (format!("{} {whom}", rule.target.kind()), ruled)
}
