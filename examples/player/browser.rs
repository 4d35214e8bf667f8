//! Browsers, and the shop's own apps: what customers use.
//!
//! Orders of names are those that these makes write in HTTP/1.1.

use super::family::{Family, Keeps, Order, Slot};
use Slot::{
    Agent, Brand, Cookie, Fixed, Host, Language, Length, Mobile, Origin, Platform, Referer, Token, Type,
};

const CHROMIUM: Order = Order {
    page: &[
        Host("Host"),
        Fixed("Connection", "keep-alive"),
        Brand,
        Mobile,
        Platform,
        Fixed("Upgrade-Insecure-Requests", "1"),
        Agent("User-Agent"),
        Fixed(
            "Accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
        ),
        Fixed("Sec-Fetch-Site", "none"),
        Fixed("Sec-Fetch-Mode", "navigate"),
        Fixed("Sec-Fetch-User", "?1"),
        Fixed("Sec-Fetch-Dest", "document"),
        Fixed("Accept-Encoding", "gzip, deflate, br, zstd"),
        Language("Accept-Language"),
        Cookie("Cookie"),
    ],
    read: &[
        Host("Host"),
        Fixed("Connection", "keep-alive"),
        Platform,
        Agent("User-Agent"),
        Brand,
        Mobile,
        Fixed("Accept", "*/*"),
        Fixed("Sec-Fetch-Site", "same-origin"),
        Fixed("Sec-Fetch-Mode", "cors"),
        Fixed("Sec-Fetch-Dest", "empty"),
        Referer("Referer"),
        Fixed("Accept-Encoding", "gzip, deflate, br, zstd"),
        Language("Accept-Language"),
        Cookie("Cookie"),
    ],
    send: &[
        Host("Host"),
        Fixed("Connection", "keep-alive"),
        Length("Content-Length"),
        Platform,
        Agent("User-Agent"),
        Brand,
        Type("content-type"),
        Mobile,
        Fixed("Accept", "*/*"),
        Origin("Origin"),
        Fixed("Sec-Fetch-Site", "same-origin"),
        Fixed("Sec-Fetch-Mode", "cors"),
        Fixed("Sec-Fetch-Dest", "empty"),
        Referer("Referer"),
        Fixed("Accept-Encoding", "gzip, deflate, br, zstd"),
        Language("Accept-Language"),
        Cookie("Cookie"),
    ],
};

const GECKO: Order = Order {
    page: &[
        Host("Host"),
        Agent("User-Agent"),
        Fixed("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        Language("Accept-Language"),
        Fixed("Accept-Encoding", "gzip, deflate, br, zstd"),
        Fixed("Connection", "keep-alive"),
        Cookie("Cookie"),
        Fixed("Upgrade-Insecure-Requests", "1"),
        Fixed("Sec-Fetch-Dest", "document"),
        Fixed("Sec-Fetch-Mode", "navigate"),
        Fixed("Sec-Fetch-Site", "none"),
        Fixed("Sec-Fetch-User", "?1"),
        Fixed("Priority", "u=0, i"),
    ],
    read: &[
        Host("Host"),
        Agent("User-Agent"),
        Fixed("Accept", "*/*"),
        Language("Accept-Language"),
        Fixed("Accept-Encoding", "gzip, deflate, br, zstd"),
        Referer("Referer"),
        Fixed("Connection", "keep-alive"),
        Cookie("Cookie"),
        Fixed("Sec-Fetch-Dest", "empty"),
        Fixed("Sec-Fetch-Mode", "cors"),
        Fixed("Sec-Fetch-Site", "same-origin"),
        Fixed("Priority", "u=4"),
    ],
    send: &[
        Host("Host"),
        Agent("User-Agent"),
        Fixed("Accept", "*/*"),
        Language("Accept-Language"),
        Fixed("Accept-Encoding", "gzip, deflate, br, zstd"),
        Referer("Referer"),
        Type("Content-Type"),
        Length("Content-Length"),
        Origin("Origin"),
        Fixed("Connection", "keep-alive"),
        Cookie("Cookie"),
        Fixed("Sec-Fetch-Dest", "empty"),
        Fixed("Sec-Fetch-Mode", "cors"),
        Fixed("Sec-Fetch-Site", "same-origin"),
        Fixed("Priority", "u=0"),
    ],
};

const WEBKIT: Order = Order {
    page: &[
        Host("Host"),
        Fixed("Sec-Fetch-Dest", "document"),
        Agent("User-Agent"),
        Fixed("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        Fixed("Sec-Fetch-Site", "none"),
        Fixed("Sec-Fetch-Mode", "navigate"),
        Language("Accept-Language"),
        Fixed("Accept-Encoding", "gzip, deflate, br"),
        Cookie("Cookie"),
        Fixed("Connection", "keep-alive"),
    ],
    read: &[
        Host("Host"),
        Fixed("Accept", "*/*"),
        Fixed("Sec-Fetch-Site", "same-origin"),
        Cookie("Cookie"),
        Fixed("Sec-Fetch-Dest", "empty"),
        Language("Accept-Language"),
        Fixed("Sec-Fetch-Mode", "cors"),
        Agent("User-Agent"),
        Referer("Referer"),
        Fixed("Accept-Encoding", "gzip, deflate, br"),
        Fixed("Connection", "keep-alive"),
    ],
    send: &[
        Host("Host"),
        Type("Content-Type"),
        Fixed("Accept", "*/*"),
        Fixed("Sec-Fetch-Site", "same-origin"),
        Language("Accept-Language"),
        Fixed("Accept-Encoding", "gzip, deflate, br"),
        Fixed("Sec-Fetch-Mode", "cors"),
        Origin("Origin"),
        Agent("User-Agent"),
        Referer("Referer"),
        Length("Content-Length"),
        Fixed("Connection", "keep-alive"),
        Cookie("Cookie"),
        Fixed("Sec-Fetch-Dest", "empty"),
    ],
};

const OKHTTP: Order = Order { page: OKHTTP_HEADERS, read: OKHTTP_HEADERS, send: OKHTTP_HEADERS };
const OKHTTP_HEADERS: &[Slot] = &[
    Token("Authorization"),
    Type("Content-Type"),
    Length("Content-Length"),
    Host("Host"),
    Fixed("Connection", "Keep-Alive"),
    Fixed("Accept-Encoding", "gzip"),
    Agent("User-Agent"),
];

const CFNETWORK: Order = Order { page: CFNETWORK_HEADERS, read: CFNETWORK_HEADERS, send: CFNETWORK_HEADERS };
const CFNETWORK_HEADERS: &[Slot] = &[
    Host("Host"),
    Type("Content-Type"),
    Fixed("Connection", "keep-alive"),
    Fixed("Accept", "application/json"),
    Agent("User-Agent"),
    Token("Authorization"),
    Length("Content-Length"),
    Language("Accept-Language"),
    Fixed("Accept-Encoding", "gzip, deflate, br"),
];

/// What a family is made of, beside its order of headers.
const fn family(order: &'static Order, agent: &'static str, language: &'static str, keeps: Keeps) -> Family {
    Family { agent, brand: "", platform: "", mobile: "?0", language, order, keeps }
}

const CHROME_BRAND: &str = "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\", \"Google Chrome\";v=\"156\"";
const EDGE_BRAND: &str = "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\", \"Microsoft Edge\";v=\"156\"";

/// Chrome on Windows, in English: the most common, so the one that attackers copy.
pub(crate) const CHROME_WINDOWS: Family = Family {
    brand: CHROME_BRAND,
    platform: "\"Windows\"",
    ..family(
        &CHROMIUM,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
        "en-US,en;q=0.9",
        Keeps::Cookie,
    )
};
/// Chrome on a Mac, in German.
pub(crate) const CHROME_MAC: Family = Family {
    brand: CHROME_BRAND,
    platform: "\"macOS\"",
    ..family(
        &CHROMIUM,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
        "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
        Keeps::Cookie,
    )
};
/// Chrome on Android.
pub(crate) const CHROME_ANDROID: Family = Family {
    brand: CHROME_BRAND,
    platform: "\"Android\"",
    mobile: "?1",
    ..family(
        &CHROMIUM,
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
        "en-GB,en;q=0.9",
        Keeps::Cookie,
    )
};
/// Edge on Windows.
pub(crate) const EDGE: Family = Family {
    brand: EDGE_BRAND,
    platform: "\"Windows\"",
    ..family(
        &CHROMIUM,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
        "fr-FR,fr;q=0.9,en;q=0.8",
        Keeps::Cookie,
    )
};
/// Firefox on Windows.
pub(crate) const FIREFOX: Family = family(
    &GECKO,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0",
    "en-US,en;q=0.5",
    Keeps::Cookie,
);
/// Safari on a Mac.
pub(crate) const SAFARI_MAC: Family = family(
    &WEBKIT,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.4 Safari/605.1.15",
    "en-US,en;q=0.9",
    Keeps::Cookie,
);
/// Safari on an iPhone.
pub(crate) const SAFARI_IPHONE: Family = family(
    &WEBKIT,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.4 Mobile/15E148 Safari/604.1",
    "es-ES,es;q=0.9",
    Keeps::Cookie,
);

/// The shop's app on Android.
pub(crate) const APP_ANDROID: Family = family(&OKHTTP, "okhttp/5.1.0", "", Keeps::Token);
/// The shop's app on an iPhone.
pub(crate) const APP_IPHONE: Family =
    family(&CFNETWORK, "Shop/412 CFNetwork/3826.500.131 Darwin/24.5.0", "en-GB,en;q=0.9", Keeps::Token);

/// The browsers of the shop's customers.
pub(crate) const BROWSERS: [&Family; 7] =
    [&CHROME_WINDOWS, &CHROME_MAC, &CHROME_ANDROID, &EDGE, &FIREFOX, &SAFARI_MAC, &SAFARI_IPHONE];
