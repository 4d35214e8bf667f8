//! Programs that are no browser: the shop's own monitor, and what attackers run.
//!
//! Orders of names are those that these makes write in HTTP/1.1.

use super::family::{Family, Keeps, Order, Slot};
use Slot::{Agent, Cookie, Fixed, Host, Language, Length, Type};

/// A program sends the same headers whatever it asks for.
const fn same(headers: &'static [Slot]) -> Order {
    Order { page: headers, read: headers, send: headers }
}

const fn tool(order: &'static Order, agent: &'static str, keeps: Keeps) -> Family {
    Family { agent, brand: "", platform: "", mobile: "", language: "en-US,en;q=0.9", order, keeps }
}

const MONITOR_ORDER: Order =
    same(&[Host("Host"), Agent("User-Agent"), Fixed("Accept", "*/*"), Fixed("Accept-Encoding", "gzip")]);
/// The shop's own monitor.
pub(crate) const MONITOR: Family = tool(&MONITOR_ORDER, "shop-monitor/2.3", Keeps::Nothing);

const REQUESTS_ORDER: Order = same(&[
    Host("Host"),
    Agent("User-Agent"),
    Fixed("Accept-Encoding", "gzip, deflate, br, zstd"),
    Fixed("Accept", "*/*"),
    Fixed("Connection", "keep-alive"),
    Cookie("Cookie"),
    Length("Content-Length"),
    Type("Content-Type"),
]);
/// A script on Python's requests.
pub(crate) const REQUESTS: Family = tool(&REQUESTS_ORDER, "python-requests/2.34.2", Keeps::Nothing);
/// The same with `requests.Session`, which keeps cookies.
pub(crate) const REQUESTS_SESSION: Family = tool(&REQUESTS_ORDER, "python-requests/2.32.5", Keeps::Cookie);

const AIOHTTP_ORDER: Order = same(&[
    Host("Host"),
    Fixed("Accept", "*/*"),
    Fixed("Accept-Encoding", "gzip, deflate, br, zstd"),
    Agent("User-Agent"),
    Length("Content-Length"),
    Type("Content-Type"),
]);
/// A script on Python's aiohttp.
pub(crate) const AIOHTTP: Family = tool(&AIOHTTP_ORDER, "Python/3.11 aiohttp/3.14.5", Keeps::Nothing);

const GO_ORDER: Order = same(&[
    Host("Host"),
    Agent("User-Agent"),
    Length("Content-Length"),
    Type("Content-Type"),
    Fixed("Accept-Encoding", "gzip"),
]);
/// A program on Go's standard library.
pub(crate) const GO: Family = tool(&GO_ORDER, "Go-http-client/1.1", Keeps::Nothing);

const AXIOS_ORDER: Order = same(&[
    Fixed("Accept", "application/json, text/plain, */*"),
    Type("Content-Type"),
    Agent("User-Agent"),
    Length("Content-Length"),
    Fixed("Accept-Encoding", "gzip, compress, deflate, br"),
    Host("Host"),
    Fixed("Connection", "keep-alive"),
]);
/// A script on axios under Node.
pub(crate) const AXIOS: Family = tool(&AXIOS_ORDER, "axios/1.13.2", Keeps::Nothing);

const FFUF_ORDER: Order = same(&[Host("Host"), Agent("User-Agent"), Fixed("Accept-Encoding", "gzip")]);
/// A scanner for paths.
pub(crate) const FFUF: Family = tool(&FFUF_ORDER, "Fuzz Faster U Fool v2.1.0", Keeps::Nothing);

const CONFIG_TOOL_ORDER: Order = same(&[
    Agent("User-Agent"),
    Fixed("Pragma", "no-cache"),
    Fixed("Accept", "*/*"),
    Language("Accept-Language"),
    Host("Host"),
    Type("Content-Type"),
    Length("Content-Length"),
]);
/// A stuffing tool driven by ready-made configurations: a browser's name, its own headers.
pub(crate) const CONFIG_TOOL: Family = tool(
    &CONFIG_TOOL_ORDER,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    Keeps::Nothing,
);
