//! `palisade check`: everything that can be known of a configuration before Envoy loads it.
//!
//! It reads with the very code that runs in Envoy, and adds what only the surrounding document can
//! tell. It prints nothing and reads no file: text in, findings out.

mod certificates;
mod describe;
mod document;
mod json;
mod routes;
mod site;
mod sparing;
mod surroundings;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use document::Unreadable;
pub use surroundings::Environment;

use crate::config::{Config, Mistake, Note, no_such_policy};
use crate::memory::Bound;
use crate::policy::{DecreeRule, RuledAs, Settings};
use crate::{learn, respond};
use routes::Named;
use site::Sites;
use surroundings::Asked;

/// What was found in one file.
pub struct Checked {
    /// The file, as the operator named it.
    pub source: String,
    /// What it is, such as `an Envoy configuration`.
    pub kind: &'static str,
    /// The plugin configurations in it that could be read.
    pub plugins: Vec<Plugin>,
    /// Every mistake; none where the file can be used.
    pub mistakes: Vec<Mistake>,
    /// What is worth knowing.
    pub notes: Vec<Note>,
}

/// One plugin configuration.
pub struct Plugin {
    /// Where it is in the file; empty where it is the whole file.
    pub path: String,
    /// What it says.
    pub config: Config,
    /// The policies that no route in the file names; `None` where routes are elsewhere.
    pub unnamed: Option<BTreeSet<String>>,
}

impl Checked {
    /// How many mistakes there are, in words.
    #[must_use]
    pub fn count(&self) -> String {
        match self.mistakes.len() {
            1 => "1 mistake".into(),
            count => format!("{count} mistakes"),
        }
    }

    /// For people, without the mistakes.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::report(self)
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json::report(self)
    }
}

/// The most memory that these settings come to.
fn bound(settings: &Settings) -> Bound {
    let mut bound = learn::bound(settings);
    bound.worker_bytes += respond::CORS_BYTES;
    bound
}

/// Checks the text of a file.
///
/// # Errors
/// Where the text is neither YAML nor JSON.
pub fn check(source: &str, text: &str, env: Environment<'_>) -> Result<Checked, Unreadable> {
    let document = document::read(source, text)?;
    let mut checked = Checked {
        source: source.to_owned(),
        kind: "a plugin configuration",
        plugins: Vec::new(),
        mistakes: Vec::new(),
        notes: Vec::new(),
    };
    let sites = site::in_envoy(&document);
    if document.get("kind").and_then(Value::as_str) == Some("WasmPlugin") {
        checked.kind = "an Istio WasmPlugin";
        let site = site::in_istio(&document);
        checked.plugins.extend(surroundings::read_site(
            &site,
            env,
            &mut checked.mistakes,
            &mut checked.notes,
        ));
        note_unnamed(&mut checked);
    } else if is_envoy(&document, &sites) {
        checked.kind = "an Envoy configuration";
        check_envoy(&sites, env, &mut checked);
    } else {
        check_bare(&document, env, &mut checked);
    }
    for plugin in &checked.plugins {
        let notes = plugin.config.notes.iter().cloned();
        checked.notes.extend(notes.map(|note| Note { path: within(&plugin.path, &note.path), ..note }));
    }
    Ok(checked)
}

fn within(outer: &str, inner: &str) -> String {
    if outer.is_empty() { inner.to_owned() } else { format!("{outer}.{inner}") }
}

fn is_envoy(document: &Value, sites: &Sites<'_>) -> bool {
    const KEYS: [&str; 5] = ["static_resources", "dynamic_resources", "admin", "node", "resources"];
    !sites.managers.is_empty()
        || !sites.sites.is_empty()
        || KEYS.iter().any(|key| document.get(key).is_some())
}

fn check_bare(document: &Value, env: Environment<'_>, checked: &mut Checked) {
    let asked = Asked::default();
    match surroundings::read_bare(document, env, &asked) {
        Ok(config) => checked.plugins.push(Plugin { path: String::new(), config, unnamed: None }),
        Err(mistakes) => checked.mistakes.extend(mistakes.0),
    }
    checked.notes.extend(asked.notes(""));
    note_unnamed(checked);
}

/// Where Envoy's routes are elsewhere, a policy that nothing names here may be named there.
fn note_unnamed(checked: &mut Checked) {
    for plugin in &checked.plugins {
        for name in unnamed(&plugin.config, &BTreeSet::new()) {
            checked.notes.push(Note {
                path: within(&plugin.path, &format!("policies.{name}")),
                text: "no route names it here; it is used where the metadata of a route in Envoy names it"
                    .into(),
            });
        }
    }
}

/// The policies that are named neither in `routes` nor by Envoy's routes.
fn unnamed(config: &Config, by_envoy: &BTreeSet<&str>) -> BTreeSet<String> {
    let settings = &config.settings;
    let names = settings.by_name.iter();
    names
        .filter(|(name, id)| {
            !by_envoy.contains(name.as_str()) && !settings.routes.iter().any(|route| route.policy == **id)
        })
        .map(|(name, _)| name.clone())
        .collect()
}

fn check_envoy(sites: &Sites<'_>, env: Environment<'_>, checked: &mut Checked) {
    if sites.sites.is_empty() {
        checked.mistakes.push(Mistake {
            path: String::new(),
            problem: "no Palisade filter in it".into(),
            remedy:
                "add an HTTP filter of the type envoy.extensions.filters.http.wasm.v3.Wasm whose config has \
                     name: palisade"
                    .into(),
        });
    }
    let named: Vec<_> = sites.managers.iter().map(|m| routes::read(m, &mut checked.mistakes)).collect();
    check_unguarded(sites, &named, &mut checked.mistakes);
    let mut read = Vec::new();
    for site in &sites.sites {
        if let Some(plugin) = surroundings::read_site(site, env, &mut checked.mistakes, &mut checked.notes) {
            read.push((site, plugin));
        }
    }
    check_shared(&read, &mut checked.mistakes);
    for (site, plugin) in &read {
        let hosts = site.manager.and_then(|manager| named.get(manager)).map_or(&[][..], |named| &named.hosts);
        surroundings::note_host_buffers(site, &plugin.config, hosts, &mut checked.notes);
    }
    for i in 0..read.len() {
        let unnamed = check_names(&read, i, &named, &mut checked.mistakes);
        if let Some((site, plugin)) = read.get_mut(i) {
            if unnamed.is_none() {
                checked.notes.push(Note {
                    path: site.path.clone(),
                    text: "its routes are not in this file, so the policies they name were not checked"
                        .into(),
                });
            }
            plugin.unnamed = unnamed;
        }
    }
    checked.plugins.extend(read.into_iter().map(|(_, plugin)| plugin));
}

type Read<'r, 'v> = (&'r site::Site<'v>, Plugin);

/// Checks the names of policies both ways: those that routes use, and those that no route uses.
/// The same configuration may stand in several listeners; then a route of any of them will do.
fn check_names(
    read: &[Read<'_, '_>],
    index: usize,
    named: &[Named<'_>],
    mistakes: &mut Vec<Mistake>,
) -> Option<BTreeSet<String>> {
    let (site, plugin) = read.get(index)?;
    let by_name = &plugin.config.settings.by_name;
    let own = named.get(site.manager?)?;
    for (path, name) in own.policies.iter().filter(|(_, name)| !by_name.contains_key(*name)) {
        mistakes.push(Mistake {
            path: path.clone(),
            problem: format!("found {}", Value::from(*name)),
            remedy: no_such_policy(name, by_name.keys().map(String::as_str)),
        });
    }
    let mut used = BTreeSet::new();
    for (other, _) in read.iter().filter(|(_, other)| other.config == plugin.config) {
        let named = named.get(other.manager?)?;
        if !named.complete {
            return None;
        }
        used.extend(named.policies.iter().map(|(_, name)| *name));
    }
    let unnamed = unnamed(&plugin.config, &used);
    for name in &unnamed {
        mistakes.push(Mistake {
            path: format!("{}.policies.{name}", plugin.path),
            problem: "no route names it, so it could never fire".into(),
            remedy: format!(
                "add metadata: {{filter_metadata: {{palisade: {{policy: {name}}}}}}} to a route, name it in routes, or remove it"
            ),
        });
    }
    Some(unnamed)
}

/// Routes that name a policy where no Palisade filter would carry it out.
fn check_unguarded(sites: &Sites<'_>, named: &[Named<'_>], mistakes: &mut Vec<Mistake>) {
    for (i, (manager, named)) in sites.managers.iter().zip(named).enumerate() {
        let guarded = sites.sites.iter().any(|site| site.manager == Some(i));
        let filters = manager.value.get("http_filters").and_then(Value::as_array);
        let fetched = filters.into_iter().flatten().any(|filter| filter.get("config_discovery").is_some());
        if guarded || fetched {
            continue;
        }
        for (path, name) in &named.policies {
            mistakes.push(Mistake {
                path: path.clone(),
                problem: format!("names {}, but there is no Palisade filter here", Value::from(*name)),
                remedy: format!("add the filter to {}.http_filters, or remove the metadata", manager.path),
            });
        }
    }
}

/// Filters with the same `vm_id` share one table, so they have to agree on its size, its keys and its
/// decrees, which each would end that the other does not have.
fn check_shared(read: &[Read<'_, '_>], mistakes: &mut Vec<Mistake>) {
    let mut first: BTreeMap<&str, &Plugin> = BTreeMap::new();
    for (site, plugin) in read {
        let Some(vm_id) = site.vm_id else {
            continue;
        };
        let other = *first.entry(vm_id).or_insert(plugin);
        let (mine, theirs) = (&plugin.config.settings, &other.config.settings);
        let mut differs = |key: &str, differ: bool| {
            if differ {
                mistakes.push(Mistake {
                    path: format!("{}.{key}", plugin.path),
                    problem: format!(
                        "differs from {}.{key}, though both have the vm_id {}",
                        other.path,
                        Value::from(vm_id)
                    ),
                    remedy: "write the same in both, or give one filter a vm_id of its own".into(),
                });
            }
        };
        differs("memory", mine.memory_bytes != theirs.memory_bytes);
        differs("secret", mine.secret != theirs.secret);
        let ruled = |settings: &Settings, condemns: bool| {
            let is_it = move |rule: &&DecreeRule| (rule.ruled != RuledAs::Unban) == condemns;
            settings.decrees.iter().filter(is_it).cloned().collect::<Vec<_>>()
        };
        differs("condemn", ruled(mine, true) != ruled(theirs, true));
        differs("unban", ruled(mine, false) != ruled(theirs, false));
    }
}
