//! Header names, order and values as each browser engine sends them over HTTP/2.
//!
//! Chromium's are from captures of a real one (`tests/traffic/captures/chromium_headed_human_*`),
//! and a test holds them to it. Gecko's and WebKit's are written from what is known of them, without
//! a capture.

use super::make::{Engine, Orders, Row};

const CHROMIUM_PAGE: &[Row] = &[
    ("sec-ch-ua", "{brand}"),
    ("sec-ch-ua-mobile", "{mobile}"),
    ("sec-ch-ua-platform", "{platform}"),
    ("upgrade-insecure-requests", "1"),
    ("user-agent", "{agent}"),
    (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    ),
    ("sec-purpose", "{purpose}"),
    ("sec-fetch-site", "none"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-user", "?1"),
    ("sec-fetch-dest", "document"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "{language}"),
    ("priority", "u=0, i"),
    ("cookie", "{cookie}"),
];
const CHROMIUM_READ: &[Row] = &[
    ("sec-ch-ua-platform", "{platform}"),
    ("user-agent", "{agent}"),
    ("sec-ch-ua", "{brand}"),
    ("sec-ch-ua-mobile", "{mobile}"),
    ("accept", "*/*"),
    ("sec-purpose", "{purpose}"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("referer", "https://shop.example/"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "{language}"),
    ("priority", "u=1, i"),
    ("cookie", "{cookie}"),
];
const CHROMIUM_SEND: &[Row] = &[
    ("content-length", "{length}"),
    ("sec-ch-ua-platform", "{platform}"),
    ("user-agent", "{agent}"),
    ("sec-ch-ua", "{brand}"),
    ("content-type", "{type}"),
    ("sec-ch-ua-mobile", "{mobile}"),
    ("accept", "*/*"),
    ("origin", "https://shop.example"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("referer", "https://shop.example/"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "{language}"),
    ("priority", "u=1, i"),
    ("cookie", "{cookie}"),
];
const GECKO_PAGE: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "{language}"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("sec-purpose", "{purpose}"),
    ("cookie", "{cookie}"),
    ("upgrade-insecure-requests", "1"),
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-site", "none"),
    ("sec-fetch-user", "?1"),
    ("priority", "u=0, i"),
    ("te", "trailers"),
];
const GECKO_READ: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept", "*/*"),
    ("accept-language", "{language}"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://shop.example/"),
    ("sec-purpose", "{purpose}"),
    ("cookie", "{cookie}"),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "same-origin"),
    ("priority", "u=4"),
    ("te", "trailers"),
];
const GECKO_SEND: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept", "*/*"),
    ("accept-language", "{language}"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://shop.example/"),
    ("content-type", "{type}"),
    ("content-length", "{length}"),
    ("origin", "https://shop.example"),
    ("cookie", "{cookie}"),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "same-origin"),
    ("priority", "u=0"),
    ("te", "trailers"),
];
const WEBKIT_PAGE: &[Row] = &[
    ("sec-fetch-dest", "document"),
    ("user-agent", "{agent}"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("sec-fetch-site", "none"),
    ("cookie", "{cookie}"),
    ("sec-fetch-mode", "navigate"),
    ("accept-language", "{language}"),
    ("priority", "u=0, i"),
    ("accept-encoding", "gzip, deflate, br"),
];
const WEBKIT_READ: &[Row] = &[
    ("accept", "*/*"),
    ("sec-fetch-site", "same-origin"),
    ("cookie", "{cookie}"),
    ("sec-fetch-dest", "empty"),
    ("accept-language", "{language}"),
    ("sec-fetch-mode", "cors"),
    ("user-agent", "{agent}"),
    ("referer", "https://shop.example/"),
    ("accept-encoding", "gzip, deflate, br"),
    ("priority", "u=3, i"),
];
const WEBKIT_SEND: &[Row] = &[
    ("accept", "*/*"),
    ("content-type", "{type}"),
    ("sec-fetch-site", "same-origin"),
    ("cookie", "{cookie}"),
    ("accept-language", "{language}"),
    ("sec-fetch-mode", "cors"),
    ("origin", "https://shop.example"),
    ("user-agent", "{agent}"),
    ("referer", "https://shop.example/"),
    ("content-length", "{length}"),
    ("sec-fetch-dest", "empty"),
    ("accept-encoding", "gzip, deflate, br"),
    ("priority", "u=3, i"),
];

impl Engine {
    /// Its headers.
    pub(crate) fn orders(self) -> Orders {
        match self {
            Engine::Chromium => Orders { page: CHROMIUM_PAGE, read: CHROMIUM_READ, send: CHROMIUM_SEND },
            Engine::Gecko => Orders { page: GECKO_PAGE, read: GECKO_READ, send: GECKO_SEND },
            Engine::WebKit => Orders { page: WEBKIT_PAGE, read: WEBKIT_READ, send: WEBKIT_SEND },
        }
    }
}
