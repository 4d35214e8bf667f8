//! Routes that the plugin configuration itself gives a policy.

use std::collections::BTreeMap;

use super::client::read_path;
use super::node::{Node, is_token};
use super::words;
use crate::policy::{PolicyId, Route, RouteMatch};

const MOST_ROUTES: usize = 1024;
const MOST_ALTERNATIVES: usize = 64;

/// Reads `routes`. `names` holds every policy that was written, even one with a mistake.
pub(super) fn read(node: &Node<'_>, names: &BTreeMap<String, PolicyId>) -> Vec<Route> {
    let items =
        node.list(MOST_ROUTES, "write a list such as [{match: {path: /api/v1/login}, policy: login}]");
    let mut routes: Vec<(String, Route)> = Vec::new();
    for item in items.iter().flatten() {
        let Some(route) = read_one(item, names) else {
            continue;
        };
        if let Some((first, _)) = routes.iter().find(|(_, earlier)| covers(&earlier.matches, &route.matches))
        {
            item.mistake(
                format!("{first} matches every request of this route, and the first match counts"),
                "remove one of them, or put the narrower one first",
            );
        }
        routes.push((item.path.clone(), route));
    }
    routes.into_iter().map(|(_, route)| route).collect()
}

fn read_one(node: &Node<'_>, names: &BTreeMap<String, PolicyId>) -> Option<Route> {
    let mut table = node.table("write {match: {methods: [POST], path: /api/v1/login}, policy: login}")?;
    let matches = table
        .need("match", "write which requests are meant, such as {path: /api/v1/login}")
        .and_then(|node| read_match(&node));
    let policy =
        table.need("policy", "write the name of a policy").and_then(|node| read_policy(&node, names));
    table.finish();
    Some(Route { matches: matches?, policy: policy? })
}

pub(super) fn read_policy(node: &Node<'_>, names: &BTreeMap<String, PolicyId>) -> Option<PolicyId> {
    let name = node.text("write the name of a policy")?;
    let policy = names.get(name).copied();
    if policy.is_none() {
        node.wrong(no_such_policy(name, names.keys().map(String::as_str)));
    }
    policy
}

/// The remedy where a route names a policy that does not exist.
#[must_use]
pub fn no_such_policy<'n>(name: &str, names: impl Iterator<Item = &'n str> + Clone) -> String {
    let known = words::all_of(names.clone());
    match words::nearest(name, names) {
        Some(meant) => format!("did you mean {meant}? known policies: {known}"),
        None if known.is_empty() => "there is no policy; add it to policies".into(),
        None => format!("known policies: {known}"),
    }
}

fn read_match(node: &Node<'_>) -> Option<RouteMatch> {
    let mut table = node.table("write a mapping of hosts, methods and path; {} matches every request")?;
    let before = node.findings.count();
    let hosts = table.take("hosts").map(|node| {
        let items = node.list(MOST_ALTERNATIVES, "write a list of hosts, or leave it out for any");
        items.iter().flatten().filter_map(read_host).collect::<Vec<_>>()
    });
    let methods = table.take("methods").map(|node| {
        let items = node.list(MOST_ALTERNATIVES, "write a list of methods, or leave it out for any");
        items.iter().flatten().filter_map(read_method).collect::<Vec<_>>()
    });
    let path = table.take("path").and_then(|node| read_path(&node));
    table.finish();
    let matches = RouteMatch { hosts: hosts.unwrap_or_default(), methods: methods.unwrap_or_default(), path };
    (node.findings.count() == before).then_some(matches)
}

fn read_host(node: &Node<'_>) -> Option<String> {
    let remedy = "write a host without scheme and port, such as shop.example or \"*.shop.example\"";
    let host = node.text(remedy)?;
    let name = host.strip_prefix("*.").unwrap_or(host);
    let literal = name.starts_with('[') && name.ends_with(']') && name.len() == host.len();
    let of_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let of_literal = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'[' | b']');
    let fits = name.bytes().all(|b| if literal { of_literal(b) } else { of_name(b) });
    if name.is_empty() || host.len() > 255 || !fits {
        node.wrong(remedy);
        return None;
    }
    Some(host.to_ascii_lowercase())
}

fn read_method(node: &Node<'_>) -> Option<String> {
    let remedy = "write a method in upper case, such as POST";
    let method = node.text(remedy)?;
    if is_token(method) && !method.bytes().any(|b| b.is_ascii_lowercase()) {
        return Some(method.to_owned());
    }
    node.wrong(remedy);
    None
}

/// Whether every request that `later` allows is one that `earlier` allows. Paths are compared by
/// their text, so that some covered routes go unnoticed and no other is called covered.
fn covers(earlier: &RouteMatch, later: &RouteMatch) -> bool {
    let all = |wide: &[String], narrow: &[String], same: fn(&str, &str) -> bool| {
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|n| wide.iter().any(|w| same(w, n))))
    };
    let path = match (&earlier.path, &later.path) {
        (None, _) => true,
        (Some(wide), None) => wide.text() == "/**",
        (Some(wide), Some(narrow)) => {
            wide.text() == "/**" || without_names(wide.text()) == without_names(narrow.text())
        }
    };
    path && all(&earlier.hosts, &later.hosts, host_covers)
        && all(&earlier.methods, &later.methods, |a, b| a == b)
}

fn host_covers(wide: &str, narrow: &str) -> bool {
    wide == narrow
        || wide.strip_prefix('*').is_some_and(|suffix| {
            let narrow = narrow.strip_prefix('*').unwrap_or(narrow);
            narrow.len() > suffix.len() && narrow.ends_with(suffix)
        })
}

/// A path template with every `{name}` as `{}`.
fn without_names(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PathPattern;

    fn route(hosts: &[&str], methods: &[&str], path: Option<&str>) -> RouteMatch {
        let own = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect();
        RouteMatch {
            hosts: own(hosts),
            methods: own(methods),
            path: path.map(|path| PathPattern::parse(path).unwrap()),
        }
    }

    #[test]
    fn a_wider_match_covers_a_narrower_one() {
        let any = route(&[], &[], None);
        let login = route(&["shop.example"], &["POST"], Some("/login"));
        assert!(covers(&any, &login) && !covers(&login, &any));
        assert!(covers(&login, &login));
        assert!(covers(&route(&["*.example"], &["GET", "POST"], Some("/**")), &login));
        assert!(!covers(&route(&["*.shop.example"], &[], None), &login));
        assert!(!covers(&route(&[], &["GET"], None), &login));
        assert!(!covers(&route(&["shop.example"], &[], None), &route(&[], &[], Some("/login"))));
        assert!(covers(&route(&[], &[], Some("/a/{x}")), &route(&[], &[], Some("/a/{y}"))));
        assert!(!covers(&route(&[], &[], Some("/a/b")), &route(&[], &[], Some("/a/{y}"))));
        assert!(covers(&route(&["*.example"], &[], None), &route(&["*.shop.example"], &[], None)));
    }
}
