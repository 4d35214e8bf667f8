//! What attackers send with: tools as they are, browsers without a window, imitations.
//!
//! The orders of requests and aiohttp are those of captures (`tests/traffic/captures`); the other
//! tools' are written from what is known of them, without a capture, and so are all JA4 values.

use super::super::make::{Orders, Row};

/// A tool that makes requests.
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// How often it is met: an estimate.
    pub(super) share: f64,
    /// Agents by version.
    pub(super) agents: &'static [&'static str],
    pub(super) orders: Orders,
    pub(super) tls: &'static str,
    /// Writes JSON with spaces.
    pub(super) spaced: bool,
    pub(super) content_type: &'static str,
}

const REQUESTS: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept", "*/*"),
    ("accept-language", "{language}"),
    ("connection", "keep-alive"),
    ("cookie", "{cookie}"),
];
const REQUESTS_SEND: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept", "*/*"),
    ("accept-language", "{language}"),
    ("connection", "keep-alive"),
    ("cookie", "{cookie}"),
    ("content-length", "{length}"),
    ("content-type", "{type}"),
];
const HTTPX: &[Row] = &[
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("connection", "keep-alive"),
    ("user-agent", "{agent}"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
];
const HTTPX_SEND: &[Row] = &[
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("connection", "keep-alive"),
    ("user-agent", "{agent}"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
    ("content-length", "{length}"),
    ("content-type", "{type}"),
];
const AIOHTTP: &[Row] = &[
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("user-agent", "{agent}"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
];
const AIOHTTP_SEND: &[Row] = &[
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("user-agent", "{agent}"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
    ("content-length", "{length}"),
    ("content-type", "{type}"),
];
const GO: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
    ("accept-encoding", "gzip"),
];
const GO_SEND: &[Row] = &[
    ("user-agent", "{agent}"),
    ("content-length", "{length}"),
    ("accept-language", "{language}"),
    ("content-type", "{type}"),
    ("cookie", "{cookie}"),
    ("accept-encoding", "gzip"),
];
const OKHTTP: &[Row] = &[
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
    ("accept-encoding", "gzip"),
    ("user-agent", "{agent}"),
];
const OKHTTP_SEND: &[Row] = &[
    ("accept-language", "{language}"),
    ("content-type", "{type}"),
    ("content-length", "{length}"),
    ("cookie", "{cookie}"),
    ("accept-encoding", "gzip"),
    ("user-agent", "{agent}"),
];
/// OpenBullet 2's default configuration.
const DOT_NET: &[Row] = &[
    ("user-agent", "{agent}"),
    ("pragma", "no-cache"),
    ("accept", "*/*"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
];
const DOT_NET_SEND: &[Row] = &[
    ("user-agent", "{agent}"),
    ("pragma", "no-cache"),
    ("accept", "*/*"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
    ("content-type", "{type}"),
    ("content-length", "{length}"),
];
const AXIOS: &[Row] = &[
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "{language}"),
    ("user-agent", "{agent}"),
    ("cookie", "{cookie}"),
    ("accept-encoding", "gzip, compress, deflate, br"),
];
const AXIOS_SEND: &[Row] = &[
    ("accept", "application/json, text/plain, */*"),
    ("content-type", "{type}"),
    ("accept-language", "{language}"),
    ("user-agent", "{agent}"),
    ("cookie", "{cookie}"),
    ("content-length", "{length}"),
    ("accept-encoding", "gzip, compress, deflate, br"),
];
const UNDICI: &[Row] = &[
    ("accept", "*/*"),
    ("accept-language", "*"),
    ("sec-fetch-mode", "cors"),
    ("user-agent", "{agent}"),
    ("cookie", "{cookie}"),
    ("accept-encoding", "gzip, deflate"),
];
const UNDICI_SEND: &[Row] = &[
    ("content-type", "{type}"),
    ("accept", "*/*"),
    ("accept-language", "*"),
    ("sec-fetch-mode", "cors"),
    ("user-agent", "{agent}"),
    ("cookie", "{cookie}"),
    ("accept-encoding", "gzip, deflate"),
    ("content-length", "{length}"),
];
const CURL: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept", "*/*"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
];
const CURL_SEND: &[Row] = &[
    ("user-agent", "{agent}"),
    ("accept", "*/*"),
    ("accept-language", "{language}"),
    ("cookie", "{cookie}"),
    ("content-type", "{type}"),
    ("content-length", "{length}"),
];

pub(super) const PYTHON_TLS: &str = "t13d1812h1_85036bcba153_b26ce05bbdd6";
pub(super) const GO_TLS: &str = "t13d1311h2_f57a46bbacb6_7af1ed941c26";
pub(super) const OKHTTP_TLS: &str = "t13d1512h2_a0f3c5a1b2d4_eca864cca44a";
pub(super) const DOT_NET_TLS: &str = "t13d1910h1_9dc949149365_e7c285222651";
pub(super) const NODE_TLS: &str = "t13d5211h1_b262b3658495_8e6e362c5eac";
pub(super) const CURL_TLS: &str = "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6";

/// TLS that a tool may have: libraries of tools.
pub(super) const TOOL_TLS: [&str; 6] = [PYTHON_TLS, GO_TLS, OKHTTP_TLS, DOT_NET_TLS, NODE_TLS, CURL_TLS];

const JSON: &str = "application/json";
const BULLET_AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0",
    "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36",
];

const fn tool(
    name: &'static str,
    share: f64,
    agents: &'static [&'static str],
    rows: (&'static [Row], &'static [Row]),
    tls: &'static str,
) -> Tool {
    let orders = Orders { page: rows.0, read: rows.0, send: rows.1 };
    Tool { name, share, agents, orders, tls, spaced: false, content_type: JSON }
}

/// Every tool.
pub(super) const TOOLS: [Tool; 9] = [
    Tool {
        spaced: true,
        ..tool(
            "requests",
            0.22,
            &["python-requests/2.34.2", "python-requests/2.32.3", "python-requests/2.28.1"],
            (REQUESTS, REQUESTS_SEND),
            PYTHON_TLS,
        )
    },
    tool("httpx", 0.08, &["python-httpx/0.28.1", "python-httpx/0.27.0"], (HTTPX, HTTPX_SEND), PYTHON_TLS),
    Tool {
        spaced: true,
        ..tool(
            "aiohttp",
            0.10,
            &["Python/3.11 aiohttp/3.14.5", "Python/3.12 aiohttp/3.9.5"],
            (AIOHTTP, AIOHTTP_SEND),
            PYTHON_TLS,
        )
    },
    tool("go", 0.16, &["Go-http-client/2.0", "Go-http-client/1.1", "fasthttp"], (GO, GO_SEND), GO_TLS),
    Tool {
        content_type: "application/json; charset=utf-8",
        ..tool(
            "okhttp",
            0.07,
            &["okhttp/4.9.3", "okhttp/4.12.0", "okhttp/5.1.0"],
            (OKHTTP, OKHTTP_SEND),
            OKHTTP_TLS,
        )
    },
    Tool {
        content_type: "application/json; charset=utf-8",
        ..tool("dot-net", 0.18, BULLET_AGENTS, (DOT_NET, DOT_NET_SEND), DOT_NET_TLS)
    },
    tool("axios", 0.08, &["axios/1.12.2", "axios/1.7.2", "axios/0.27.2"], (AXIOS, AXIOS_SEND), NODE_TLS),
    tool("undici", 0.05, &["node", "undici"], (UNDICI, UNDICI_SEND), NODE_TLS),
    tool("curl", 0.06, &["curl/8.5.0", "curl/7.88.1", "curl/8.14.1"], (CURL, CURL_SEND), CURL_TLS),
];

/// What scanners call themselves.
pub(super) const SCANNERS: [&str; 4] = [
    "Fuzz Faster U Fool v2.1.0-dev",
    "gobuster/3.6",
    "Mozilla/5.0 (compatible; Nuclei - Open-source project)",
    "feroxbuster/2.11.0",
];
