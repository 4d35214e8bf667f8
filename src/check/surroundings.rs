//! What a plugin configuration and the document around it have to agree on.

use core::cell::RefCell;

use serde_json::Value;

use super::Plugin;
use super::certificates;
use super::routes::Host;
use super::site::Site;
use crate::config::{Config, Mistake, Mistakes, Note, below, read, read_text, show_bytes};
use crate::policy::Policy;

/// What a listener buffers where it does not say, and what Envoy reads of a connection at once.
const LEAST_BUFFER_BYTES: f64 = 1_048_576.0;

/// A way to look up a variable of the environment that the check runs in.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Environment variables that the configuration asked for, and what came of it.
#[derive(Default)]
pub(super) struct Asked {
    /// Names that are not set here.
    unset: RefCell<Vec<String>>,
    /// Names that the virtual machine is not given.
    withheld: RefCell<Vec<String>>,
}

impl Asked {
    /// Stands in for a secret that only Envoy's environment has. Never leaves the check.
    fn stand_in(list: &RefCell<Vec<String>>, name: &str) -> String {
        list.borrow_mut().push(name.to_owned());
        format!("a stand-in for the value of {name}")
    }

    /// Notes what is not set in the environment of the check.
    pub(super) fn notes(self, path: &str) -> Vec<Note> {
        let note = |name: String| Note {
            path: path.to_owned(),
            text: format!(
                "the environment variable {name} is not set here, so its value was not checked; it has to be at least 16 bytes"
            ),
        };
        self.unset.into_inner().into_iter().map(note).collect()
    }
}

/// Reads a bare plugin configuration.
pub(super) fn read_bare(value: &Value, env: Environment<'_>, asked: &Asked) -> Result<Config, Mistakes> {
    read(value, &|name| Some(env(name).unwrap_or_else(|| Asked::stand_in(&asked.unset, name))))
}

/// Reads the configuration at a site, and checks it against what stands around it.
pub(super) fn read_site(
    site: &Site<'_>,
    env: Environment<'_>,
    mistakes: &mut Vec<Mistake>,
    notes: &mut Vec<Note>,
) -> Option<Plugin> {
    let (path, content) = content(site, mistakes)?;
    let asked = Asked::default();
    let lookup = |name: &str| {
        let given = site.given_env.iter().find(|(key, _)| *key == name);
        Some(match given {
            Some((_, value)) => (*value).to_owned(),
            None if !site.host_env.contains(&name) => Asked::stand_in(&asked.withheld, name),
            None => env(name).unwrap_or_else(|| Asked::stand_in(&asked.unset, name)),
        })
    };
    let config = match content {
        Content::Value(value) => read(value, &lookup),
        Content::Text(text) => read_text(text.as_bytes(), &lookup),
    };
    for name in asked.withheld.borrow().iter() {
        mistakes.push(Mistake {
            path: site.host_env_path.clone(),
            problem: format!("{name} is not listed, so the filter does not see it"),
            remedy: format!("add {name}"),
        });
    }
    notes.extend(asked.notes(&path));
    match config {
        Err(found) => {
            mistakes.extend(found.0.into_iter().map(|mistake| mistake.within(&path)));
            None
        }
        Ok(config) => {
            check_hold(site, &config, &path, mistakes);
            check_buffer(site, &config, &path, mistakes);
            certificates::check(site, &config, &path, mistakes);
            Some(Plugin { path, config, unnamed: None })
        }
    }
}

enum Content<'v> {
    Value(&'v Value),
    Text(&'v str),
}

/// The configuration out of its protobuf wrapping.
fn content<'v>(site: &Site<'v>, mistakes: &mut Vec<Mistake>) -> Option<(String, Content<'v>)> {
    const REMEDY: &str = "write {\"@type\": type.googleapis.com/google.protobuf.Struct, value: {...}}";
    let mut wrong = |path: String, problem: &str| {
        mistakes.push(Mistake { path, problem: problem.into(), remedy: REMEDY.into() });
        None
    };
    let Some((path, configuration)) = &site.configuration else {
        return wrong(below(&site.path, "configuration"), "missing");
    };
    if site.may_hold.is_none() {
        return Some((path.clone(), Content::Value(configuration)));
    }
    let kind = configuration.get("@type").and_then(Value::as_str).unwrap_or_default();
    let Some(value) = configuration.get("value") else {
        return wrong(below(path, "value"), "missing");
    };
    let path = below(path, "value");
    match (kind.rsplit('/').next(), value) {
        (Some("google.protobuf.Struct"), value) => Some((path, Content::Value(value))),
        (Some("google.protobuf.StringValue"), Value::String(text)) => Some((path, Content::Text(text))),
        (Some("google.protobuf.StringValue"), _) => wrong(path, "not a text"),
        _ => wrong(format!("{}.configuration.@type", site.path), "neither a Struct nor a StringValue"),
    }
}

/// Envoy's flag and the filter's have to say the same: with one alone, headers would either reach
/// the origin before the verdict, or wait for a body that never comes.
fn check_hold(site: &Site<'_>, config: &Config, path: &str, mistakes: &mut Vec<Mistake>) {
    let path = below(path, "hold_headers");
    match (config.settings.hold_headers, site.may_hold) {
        (true, None) => mistakes.push(Mistake {
            path,
            problem: "Istio cannot let a plugin hold headers".into(),
            remedy: "remove hold_headers".into(),
        }),
        (true, Some(false)) => mistakes.push(Mistake {
            path,
            problem: "true, but Envoy does not let the filter hold headers".into(),
            remedy: format!(
                "add allow_on_headers_stop_iteration: true to {}, or remove hold_headers",
                site.path
            ),
        }),
        (false, Some(true)) => mistakes.push(Mistake {
            path,
            problem: format!("not true, but {}.allow_on_headers_stop_iteration is", site.path),
            remedy: "write hold_headers: true, or remove allow_on_headers_stop_iteration".into(),
        }),
        _ => {}
    }
}

fn listener_buffer(site: &Site<'_>) -> f64 {
    site.buffer_limit.unwrap_or(LEAST_BUFFER_BYTES)
}

/// A virtual host has to take what Envoy reads at once beside what is held already, or a body of
/// unknown length that passes the limit may be answered 413. By default it takes what the listener does.
pub(super) fn note_host_buffers(site: &Site<'_>, config: &Config, hosts: &[Host<'_>], notes: &mut Vec<Note>) {
    let settings = &config.settings;
    let reads_body = |policy: &Policy| policy.reads_body();
    // The plugin's own routes may be for any host.
    let by_plugin = settings
        .routes
        .iter()
        .any(|route| settings.policies.get(usize::from(route.policy.0)).is_some_and(reads_body));
    let least = listener_buffer(site) + settings.body_limit as f64;
    for host in hosts {
        let named = |policy: &Policy| host.policies.contains(&policy.name.as_str());
        let held = by_plugin || settings.policies.iter().any(|policy| reads_body(policy) && named(policy));
        if held && host.buffer_limit.is_none_or(|limit| limit < least) {
            notes.push(Note {
                path: below(&host.path, "request_body_buffer_limit"),
                text: format!(
                    "below {least:.0}, the listener's buffer and body_limit together: a chunked body longer than \
                     body_limit may be answered 413"
                ),
            });
        }
    }
}

/// Envoy answers 413 where more is held than the listener's buffer takes.
fn check_buffer(site: &Site<'_>, config: &Config, path: &str, mistakes: &mut Vec<Mistake>) {
    let limit = listener_buffer(site);
    let body_limit = config.settings.body_limit;
    if body_limit as f64 > limit {
        mistakes.push(Mistake {
            path: below(path, "body_limit"),
            problem: format!(
                "{} is more than the listener buffers (per_connection_buffer_limit_bytes: {limit})",
                show_bytes(body_limit as u64)
            ),
            remedy: "lower body_limit, or raise the listener's limit".into(),
        });
    }
}
