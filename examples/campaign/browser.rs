//! Browsers: families, versions, systems, and how often each is met.
//!
//! Shares are rounded after StatCounter's for Europe as they were about 2025: more than half of all
//! visits from phones, Chromium in two thirds. JA4 values tell families apart; they are no captures. The long tail of settings, ages and browsers within apps is in `tail`.

use super::make::{Engine, Make, Words, web_form};
use super::tail;

/// A browser on a system.
pub(crate) struct Family {
    name: &'static str,
    /// Share of visits, in percent.
    share: f64,
    pub(crate) engine: Engine,
    /// `{v}` is the major version.
    agent: &'static str,
    brand: &'static str,
    platform: &'static str,
    mobile: &'static str,
    /// Major versions with their shares.
    versions: &'static [(&'static str, f64)],
    /// JA4, as the family's TLS library gives.
    tls: &'static str,
}

const CHROME: &[(&str, f64)] = &[("156", 0.66), ("155", 0.24), ("154", 0.10)];
const EDGE: &[(&str, f64)] = &[("156", 0.7), ("155", 0.3)];
const FIREFOX: &[(&str, f64)] = &[("151", 0.6), ("150", 0.25), ("140", 0.15)];
const SAFARI: &[(&str, f64)] = &[("26.1", 0.5), ("26.0", 0.2), ("18.6", 0.3)];
const OPERA: &[(&str, f64)] = &[("139", 0.7), ("138", 0.3)];
const SAMSUNG: &[(&str, f64)] = &[("29.0", 0.7), ("28.0", 0.3)];
const CHROME_BRAND: &str = "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"{v}\", \"Google Chrome\";v=\"{v}\"";
const EDGE_BRAND: &str = "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"{v}\", \"Microsoft Edge\";v=\"{v}\"";
const BRAVE_BRAND: &str = "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"{v}\", \"Brave\";v=\"{v}\"";
const OPERA_BRAND: &str = "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"154\", \"Opera\";v=\"{v}\"";
const SAMSUNG_BRAND: &str =
    "\"Chromium\";v=\"136\", \"Samsung Internet\";v=\"{v}\", \"Not.A/Brand\";v=\"99\"";
const CHROMIUM_TLS: &str = "t13d1516h2_8daaf6152771_d8a2da3f94cd";
const GECKO_TLS: &str = "t13d1717h2_5b57614c22b0_3cbfd9057e0d";
const WEBKIT_TLS: &str = "t13d2013h2_a09f3c656075_7f0f34a4126d";
const SAMSUNG_TLS: &str = "t13d1516h2_8daaf6152771_02713d6af862";

const fn family(
    name: &'static str,
    share: f64,
    engine: Engine,
    versions: &'static [(&'static str, f64)],
    agent: &'static str,
) -> Family {
    let tls = match engine {
        Engine::Chromium => CHROMIUM_TLS,
        Engine::Gecko => GECKO_TLS,
        Engine::WebKit => WEBKIT_TLS,
    };
    Family {
        name,
        share,
        engine,
        agent,
        brand: CHROME_BRAND,
        platform: "\"Windows\"",
        mobile: "?0",
        versions,
        tls,
    }
}

/// Every browser that customers use.
pub(crate) const FAMILIES: [Family; 16] = [
    family(
        "chrome-windows",
        21.0,
        Engine::Chromium,
        CHROME,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
    ),
    Family {
        platform: "\"macOS\"",
        ..family(
            "chrome-macos",
            6.0,
            Engine::Chromium,
            CHROME,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
        )
    },
    Family {
        platform: "\"Linux\"",
        ..family(
            "chrome-linux",
            1.5,
            Engine::Chromium,
            CHROME,
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
        )
    },
    Family {
        platform: "\"Android\"",
        mobile: "?1",
        ..family(
            "chrome-android",
            28.0,
            Engine::Chromium,
            CHROME,
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Mobile Safari/537.36",
        )
    },
    Family {
        brand: EDGE_BRAND,
        ..family(
            "edge-windows",
            6.0,
            Engine::Chromium,
            EDGE,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36 Edg/{v}.0.0.0",
        )
    },
    Family {
        brand: EDGE_BRAND,
        platform: "\"macOS\"",
        ..family(
            "edge-macos",
            0.5,
            Engine::Chromium,
            EDGE,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36 Edg/{v}.0.0.0",
        )
    },
    Family {
        brand: SAMSUNG_BRAND,
        platform: "\"Android\"",
        mobile: "?1",
        tls: SAMSUNG_TLS,
        ..family(
            "samsung-android",
            3.0,
            Engine::Chromium,
            SAMSUNG,
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/{v} Chrome/136.0.0.0 Mobile Safari/537.36",
        )
    },
    Family {
        brand: BRAVE_BRAND,
        ..family(
            "brave-windows",
            1.1,
            Engine::Chromium,
            CHROME,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
        )
    },
    Family {
        brand: OPERA_BRAND,
        ..family(
            "opera-windows",
            1.4,
            Engine::Chromium,
            OPERA,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/154.0.0.0 Safari/537.36 OPR/{v}.0.0.0",
        )
    },
    family(
        "firefox-windows",
        3.5,
        Engine::Gecko,
        FIREFOX,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
    ),
    family(
        "firefox-macos",
        0.8,
        Engine::Gecko,
        FIREFOX,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
    ),
    family(
        "firefox-linux",
        1.0,
        Engine::Gecko,
        FIREFOX,
        "Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
    ),
    family(
        "firefox-android",
        0.7,
        Engine::Gecko,
        FIREFOX,
        "Mozilla/5.0 (Android 15; Mobile; rv:{v}.0) Gecko/{v}.0 Firefox/{v}.0",
    ),
    family(
        "safari-macos",
        6.0,
        Engine::WebKit,
        SAFARI,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v} Safari/605.1.15",
    ),
    family(
        "safari-ios",
        19.0,
        Engine::WebKit,
        SAFARI,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v} Mobile/15E148 Safari/604.1",
    ),
    family(
        "chrome-ios",
        3.0,
        Engine::WebKit,
        CHROME,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/{v}.0.7204.156 Mobile/15E148 Safari/604.1",
    ),
];

impl Family {
    /// Whether it runs on phones.
    pub(crate) fn is_phone(&self) -> bool {
        self.mobile == "?1" || self.agent.contains("Mobile")
    }
}

/// Every build with its share and engine.
pub(crate) fn builds() -> Vec<(f64, Engine, Make)> {
    let mut builds = Vec::new();
    for family in &FAMILIES {
        for &(version, of_family) in family.versions {
            let (share, make) = (family.share * of_family, build(family, version));
            let rare = tail::changed(family, family.engine, &make);
            let left = 1.0 - rare.iter().map(|(share, _)| share).sum::<f64>();
            builds.push((share * left, family.engine, make));
            builds.extend(rare.into_iter().map(|(of_build, make)| (share * of_build, family.engine, make)));
        }
    }
    let android = FAMILIES.iter().find(|family| family.name == "chrome-android");
    builds.extend(android.into_iter().flat_map(tail::within_apps));
    builds
}

/// A version of a family.
pub(super) fn build(family: &Family, version: &str) -> Make {
    let fill = |text: &str| text.replace("{v}", version);
    let (agent, brand) = (fill(family.agent), fill(family.brand));
    let words =
        Words { agent: &agent, brand: &brand, platform: family.platform, mobile: family.mobile, version };
    let name = format!("{} {version}", family.name);
    Make::new(&name, &family.engine.orders(), &words, family.tls, web_form())
}
