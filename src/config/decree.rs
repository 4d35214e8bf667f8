//! Decrees, `condemn` and `unban`, as the operator writes them.

use super::node::{Node, Table};
use super::policy::Present;
use crate::policy::{
    DecreeRule, Facet, FingerprintId, LASTING, MOST_DECREES, Network, NoNetwork, Policy, RuledAs, Secret,
    Target,
};

const TARGETS: [&str; 4] = ["network", "fingerprint", "campaign", "session"];
const MOST_WHY_CHARS: usize = 200;
const SECOND_MS: u64 = 1_000;
const YEAR_MS: u64 = 366 * 86_400 * SECOND_MS;

/// What decides whether a decree can be about anyone.
pub(super) struct Grounds<'p> {
    pub(super) present: Present,
    pub(super) policies: &'p [Policy],
}

type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Reads `condemn` and `unban`.
pub(super) fn read(nodes: &[Option<Node<'_>>; 2], grounds: &Grounds<'_>, env: Env<'_>) -> Vec<DecreeRule> {
    let [condemn, unban] = nodes;
    let mut read: Vec<(String, DecreeRule)> = Vec::new();
    for (node, condemns) in [(condemn, true), (unban, false)] {
        let Some(node) = node else { continue };
        let remedy = "write a list of decrees, such as [{network: 203.0.113.0/24}]";
        for item in node.list(MOST_DECREES, remedy).iter().flatten() {
            let found = read_one(item, condemns, grounds, env);
            read.extend(found.map(|rule| (item.path.clone(), rule)));
        }
    }
    let last = [unban, condemn].into_iter().flatten().next();
    if let Some(node) = last.filter(|_| read.len() > MOST_DECREES) {
        let found = format!("condemn and unban together have {} decrees", read.len());
        node.mistake(found, format!("at most {MOST_DECREES} are allowed"));
    }
    if let Some(node) = last {
        check_use(node, &read);
    }
    read.into_iter().map(|(_, rule)| rule).collect()
}

fn read_one(node: &Node<'_>, condemns: bool, grounds: &Grounds<'_>, env: Env<'_>) -> Option<DecreeRule> {
    let example =
        if condemns { "{network: 203.0.113.0/24, action: block, for: 1d}" } else { "{campaign: 1a2b3c4d}" };
    let mut table = node.table(&format!("write a decree such as {example}"))?;
    let before = node.findings.count();
    let target = read_target(&mut table, condemns, grounds, env);
    let ruled = if condemns { read_condemned(&mut table) } else { RuledAs::Unban };
    let why = table.take("why").and_then(|node| read_why(&node));
    table.finish();
    let target = target.filter(|_| node.findings.count() == before)?;
    Some(DecreeRule { target, ruled, why })
}

fn read_condemned(table: &mut Table<'_>) -> RuledAs {
    let actions: Vec<_> = LASTING.iter().map(|action| (*action, *action)).collect();
    let action = table.take("action").and_then(|node| node.choice(&actions)).unwrap_or("block");
    let for_ms = table.take("for").and_then(|node| node.duration_ms(SECOND_MS..=YEAR_MS));
    RuledAs::Condemn { action, for_ms }
}

fn read_why(node: &Node<'_>) -> Option<String> {
    let text = node.text("write why, in quotes")?;
    if text.chars().count() > MOST_WHY_CHARS || text.chars().any(char::is_control) {
        node.wrong(format!("write one line of at most {MOST_WHY_CHARS} characters"));
        return None;
    }
    Some(text.to_owned())
}

fn read_target(
    table: &mut Table<'_>,
    condemns: bool,
    grounds: &Grounds<'_>,
    env: Env<'_>,
) -> Option<Target<Secret>> {
    let (kind, node) = table.one_of(&TARGETS)?;
    match kind {
        "network" => network(&node, condemns),
        "fingerprint" => read_fingerprint(&node, grounds),
        "campaign" => read_campaign(&node, grounds),
        _ => read_session(&node, grounds, env),
    }
}

/// Reads a network that is not everybody's.
// Not compiled into each of its callers.
#[inline(never)]
pub(super) fn read_network(node: &Node<'_>) -> Option<Network> {
    let remedy = "write a network such as 203.0.113.0/24 or 2001:db8::/32, or an address";
    let network: Network = match node.text(remedy)?.parse() {
        Ok(network) => network,
        Err(NoNetwork::Form) => {
            node.wrong(remedy);
            return None;
        }
        Err(NoNetwork::Inside(network)) => {
            node.wrong(format!(
                "did you mean {network}? write the network without what is behind its length"
            ));
            return None;
        }
    };
    if network.length() == 0 {
        node.mistake("everyone has an address in it", "write the network that is meant");
        return None;
    }
    Some(network)
}

fn network(node: &Node<'_>, condemns: bool) -> Option<Target<Secret>> {
    let network = read_network(node)?;
    if condemns {
        let note = "everyone with an address in it is refused, whoever that is: address alone decides only where it \
                    is written";
        node.findings.note(&node.path, note);
    }
    Some(Target::Network(network))
}

fn read_fingerprint(node: &Node<'_>, grounds: &Grounds<'_>) -> Option<Target<Secret>> {
    let remedy = "write a fingerprint as it is printed, with 0 for each part that does not matter";
    let parts: FingerprintId = match node.text(remedy)?.parse() {
        Ok(parts) => parts,
        Err(why) => {
            node.mistake(why.to_string(), remedy);
            return None;
        }
    };
    if parts.is_empty() {
        node.mistake("all parts are 0, so that it is everyone's", "write the parts that are meant");
        return None;
    }
    if parts.has(Facet::Tls) && !grounds.present.tls {
        node.mistake(
            "it has a part tls, and there is no client.tls: it could never fire",
            "add client.tls, or write 0 for the fifth part",
        );
        return None;
    }
    if parts.has(Facet::Payload) && !grounds.policies.iter().any(Policy::reads_body) {
        node.mistake(
            "it has a part payload, and no policy reads a body: it could never fire",
            "write 0 for the sixth part",
        );
        return None;
    }
    Some(Target::Fingerprint(parts))
}

fn read_campaign(node: &Node<'_>, grounds: &Grounds<'_>) -> Option<Target<Secret>> {
    let remedy = "write the eight hex digits of a campaign as it is logged, in quotes, such as \"1a2b3c4d\"";
    // Unquoted digits reach Envoy as a number, of which it is not known how it was written.
    let text = node.text(remedy)?;
    let is_hex = text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let id = u32::from_str_radix(text, 16).ok().filter(|id| is_hex && *id != 0);
    let Some(id) = id else {
        node.wrong(remedy);
        return None;
    };
    if !grounds.policies.iter().any(|policy| policy.learning.is_some()) {
        node.mistake("no policy learns, so that there are no campaigns", "let a policy learn, or remove it");
        return None;
    }
    Some(Target::Campaign(id))
}

fn read_session(node: &Node<'_>, grounds: &Grounds<'_>, env: Env<'_>) -> Option<Target<Secret>> {
    if !grounds.present.session {
        node.mistake("there is no client.session: it could never fire", "add client.session, or remove it");
        return None;
    }
    let remedy = "write {env: BAD_SESSION}, or the value of the session in quotes";
    let text = match node.value.as_str() {
        Some(text) => text.to_owned(),
        None => super::read_variable(node, remedy, "BAD_SESSION", env)?.2,
    };
    if text.is_empty() {
        node.mistake("it is empty", remedy);
        return None;
    }
    Some(Target::Session(Secret(text.into_bytes())))
}

/// Reports decrees that could never fire, since another rules the same.
fn check_use(node: &Node<'_>, read: &[(String, DecreeRule)]) {
    for (place, (path, rule)) in read.iter().enumerate() {
        let (before, after) = read.split_at(place);
        let twice = before.iter().find(|(_, other)| other.target == rule.target);
        if let Some((other, _)) = twice {
            node.findings.mistake(path, format!("{other} is about the same"), "keep one of them");
            continue;
        }
        let others = before.iter().chain(after.iter().skip(1));
        let wider = others.into_iter().find(|(_, other)| hides(other, rule));
        if let Some((other, wide)) = wider {
            let kind = wide.target.kind();
            let problem =
                format!("{other} condemns all of it ({kind} {}), so it could never fire", shown(wide));
            node.findings.mistake(path, problem, "keep one of them, or narrow the other");
        }
    }
}

fn shown(rule: &DecreeRule) -> String {
    rule.target.shown().unwrap_or_else(|| "that is not shown".to_owned())
}

/// Whether whoever a rule is about is condemned by another without end, as severely at least.
fn hides(wide: &DecreeRule, rule: &DecreeRule) -> bool {
    let RuledAs::Condemn { action, for_ms: None } = wide.ruled else { return false };
    let severity = |action: &str| LASTING.iter().position(|known| *known == action);
    let as_severe = match rule.ruled {
        RuledAs::Condemn { action: own, .. } => severity(action) >= severity(own),
        RuledAs::Unban => true,
    };
    as_severe && wide.target.covers(&rule.target)
}
