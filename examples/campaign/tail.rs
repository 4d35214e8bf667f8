//! The long tail: browsers that few have, each a little different, and languages in odd orders.
//! It is here that filters that learn what is common do harm.

use super::browser::{Family, build};
use super::make::{Engine, Make, Slot};

/// A setting or an age that changes what a common browser sends.
struct Change {
    name: &'static str,
    /// Share of those with such an engine.
    share: f64,
    engine: Engine,
    /// Only on phones, or only not.
    phones: Option<bool>,
    what: What,
}

/// What is changed.
#[derive(Clone, Copy)]
enum What {
    /// Another header, after the one of this name.
    Added(&'static str, &'static str, &'static str),
    /// As sent before `priority` and zstd came.
    Aged,
}

/// Shares of settings are rough: browsers publish few.
const CHANGES: [Change; 6] = [
    Change {
        name: "do-not-track",
        share: 0.02,
        engine: Engine::Chromium,
        phones: Some(false),
        what: What::Added("sec-ch-ua-platform", "dnt", "1"),
    },
    Change {
        name: "saves data",
        share: 0.015,
        engine: Engine::Chromium,
        phones: Some(true),
        what: What::Added("sec-ch-ua-platform", "save-data", "on"),
    },
    Change { name: "old", share: 0.008, engine: Engine::Chromium, phones: None, what: What::Aged },
    Change {
        name: "private",
        share: 0.12,
        engine: Engine::Gecko,
        phones: None,
        what: What::Added("accept-encoding", "sec-gpc", "1"),
    },
    Change {
        name: "do-not-track",
        share: 0.05,
        engine: Engine::Gecko,
        phones: None,
        what: What::Added("accept-encoding", "dnt", "1"),
    },
    Change { name: "old", share: 0.05, engine: Engine::WebKit, phones: None, what: What::Aged },
];

/// A build as settings or age change it, with its share of those who have the build.
pub(super) fn changed(family: &Family, engine: Engine, make: &Make) -> Vec<(f64, Make)> {
    let fits = |change: &&Change| {
        change.engine == engine && change.phones.is_none_or(|phones| phones == family.is_phone())
    };
    CHANGES.iter().filter(fits).map(|change| (change.share, change.apply(make))).collect()
}

impl Change {
    fn apply(&self, make: &Make) -> Make {
        let mut changed = make.clone();
        changed.name = format!("{} ({})", make.name, self.name).into();
        for slots in [&mut changed.page, &mut changed.read, &mut changed.send] {
            self.what.apply(slots);
        }
        changed
    }
}

impl What {
    fn apply(self, slots: &mut Vec<Slot>) {
        let is_named = |slot: &Slot, name: &str| matches!(slot, Slot::Fixed(n, _) if *n == name);
        match self {
            What::Added(after, name, value) => {
                let at = slots.iter().position(|slot| is_named(slot, after)).map_or(0, |at| at + 1);
                slots.insert(at, Slot::Fixed(name, value.into()));
            }
            What::Aged => {
                slots.retain(|slot| !is_named(slot, "priority"));
                for slot in slots {
                    if let Slot::Fixed("accept-encoding", value) = slot {
                        *value = "gzip, deflate, br".into();
                    }
                }
            }
        }
    }
}

/// Phones whose names stand in the agents of browsers within other apps.
const MODELS: [&str; 20] = [
    "SM-S938B",
    "SM-S921B",
    "SM-A556B",
    "SM-A546B",
    "SM-A356B",
    "SM-A166B",
    "SM-G991B",
    "Pixel 10",
    "Pixel 9",
    "Pixel 8a",
    "Pixel 7",
    "2412DPC0AG",
    "23129RAA4G",
    "2201117TY",
    "CPH2663",
    "CPH2581",
    "moto g84 5G",
    "motorola edge 50",
    "V2318",
    "XQ-DQ54",
];
/// Apps with a browser of their own: what they call themselves, and their package.
const WITHIN: [(&str, &str); 4] = [
    ("Instagram 405.0.0.52.78 Android", "com.instagram.android"),
    ("[FB_IAB/FB4A;FBAV/536.0.0.46.77;]", "com.facebook.katana"),
    ("musical_ly_2024107030 BytedanceWebview", "com.zhiliaoapp.musically"),
    ("[Pinterest/Android]", "com.pinterest"),
];
/// Share of visits that begin within other apps, in percent.
const WITHIN_SHARE: f64 = 4.0;

/// Browsers within other apps on Android: as many agents as phones, each of them rare.
pub(super) fn within_apps(chrome: &Family) -> Vec<(f64, Engine, Make)> {
    let each = WITHIN_SHARE / (MODELS.len() * WITHIN.len()) as f64;
    let pairs = MODELS.iter().flat_map(|model| WITHIN.iter().map(move |within| (model, within)));
    let make = |(model, (app, package)): (&&str, &(&str, &'static str))| {
        let mut make = build(chrome, "156");
        make.name = format!("within {package} on {model}").into();
        make.agent = format!("Mozilla/5.0 (Linux; Android 15; {model} Build/AP3A.240905.015; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/156.0.7204.63 Mobile Safari/537.36 {app}").into();
        for slots in [&mut make.page, &mut make.read, &mut make.send] {
            for slot in slots.iter_mut() {
                if let Slot::Fixed("sec-ch-ua", brand) = slot {
                    *brand = brand.replace("Google Chrome", "Android WebView").into();
                }
            }
            What::Added("accept", "x-requested-with", package).apply(slots);
        }
        (each, Engine::Chromium, make)
    };
    pairs.map(make).collect()
}
