//! The clients of the load: made-up ones, each with an address, a session and an account of its own.

/// Clients that ordinary traffic rotates over.
const CLIENTS: u64 = 256;
/// Clients that [`many_logins`] rotates over: at any rate that one worker reaches, seconds pass
/// before one comes again, so that none is still in a cache.
pub(crate) const MANY: u64 = 50_000;
/// Bytes of a login's body.
const LOGIN_BYTES: usize = 1024;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SCRIPT: &str = "python-requests/2.32.3";

/// An ordinary GET.
pub(crate) fn get(path: &str) -> impl Fn(u64, &mut Vec<u8>) + Sync {
    let requests: Vec<_> =
        (0..CLIENTS).map(|client| head("GET", path, &address(client), BROWSER, client, 0)).collect();
    move |n, out| fill(out, &requests, n)
}

/// An ordinary login with a JSON body of 1 KiB.
pub(crate) fn login(path: &str) -> impl Fn(u64, &mut Vec<u8>) + Sync {
    let requests: Vec<_> = (0..CLIENTS).map(|client| post(path, &address(client), BROWSER, client)).collect();
    move |n, out| fill(out, &requests, n)
}

/// The same, from many clients, each in a network of its own.
pub(crate) fn many_logins(path: &str) -> impl Fn(u64, &mut Vec<u8>) + Sync {
    let path = path.to_owned();
    move |n, out| {
        let client = n % MANY;
        out.extend_from_slice(&post(&path, &address_in(client), BROWSER, client));
    }
}

/// A GET of the one client that misbehaves.
pub(crate) fn bad_get(path: &str) -> impl Fn(u64, &mut Vec<u8>) + Sync {
    let request = head("GET", path, "198.51.100.7", SCRIPT, CLIENTS, 0);
    move |_, out| out.extend_from_slice(&request)
}

/// A login of the one client that misbehaves: the same session, another account each time.
pub(crate) fn bad_login(path: &str) -> impl Fn(u64, &mut Vec<u8>) + Sync {
    let requests: Vec<_> = (0..CLIENTS).map(|n| post(path, "198.51.100.8", SCRIPT, CLIENTS + n)).collect();
    move |n, out| fill(out, &requests, n)
}

/// GETs from `networks` different networks; request `n` comes from network `n`, scattered by
/// `stride` (odd, so that it meets every network once a turn when `networks` is a power of ten).
pub(crate) fn from_networks(path: &str, networks: u64, stride: u64) -> impl Fn(u64, &mut Vec<u8>) + Sync {
    let path = path.to_owned();
    move |n, out| {
        let network = n.wrapping_mul(stride) % networks;
        out.extend_from_slice(&head("GET", &path, &address_in(network), BROWSER, network, 0));
    }
}

fn fill(out: &mut Vec<u8>, requests: &[Vec<u8>], n: u64) {
    let index = usize::try_from(n).unwrap_or(0).checked_rem(requests.len()).unwrap_or(0);
    out.extend_from_slice(requests.get(index).map(Vec::as_slice).unwrap_or_default());
}

fn address(client: u64) -> String {
    format!("203.0.113.{}", client % 250 + 1)
}

/// An address in network number `network`: from 11.0.0.0 up, one /24 each, which are public.
fn address_in(network: u64) -> String {
    let [_, a, b, c] = (u32::try_from(network).unwrap_or(0) + (11 << 16)).to_be_bytes();
    format!("{a}.{b}.{c}.9")
}

fn post(path: &str, address: &str, agent: &str, client: u64) -> Vec<u8> {
    let mut body =
        format!(r#"{{"email":"user{client}@example.com","password":"correct horse {client}","device":""#)
            .into_bytes();
    body.resize(LOGIN_BYTES - 2, b'd');
    body.extend_from_slice(b"\"}");
    let mut request = head("POST", path, address, agent, client, body.len());
    request.extend_from_slice(&body);
    request
}

fn head(method: &str, path: &str, address: &str, agent: &str, client: u64, body_length: usize) -> Vec<u8> {
    let body = if body_length == 0 {
        String::new()
    } else {
        format!("content-type: application/json\r\ncontent-length: {body_length}\r\n")
    };
    format!(
        "{method} {path} HTTP/1.1\r\nhost: shop.example\r\nuser-agent: {agent}\r\naccept: application/json, */*;q=0.8\r\n\
         accept-language: en-GB,en;q=0.7\r\naccept-encoding: gzip, deflate, br\r\n{body}\
         cookie: theme=dark; sid=s{client:08x}c0ffee\r\nreferer: https://shop.example/\r\nx-forwarded-for: {address}\r\n\r\n"
    )
    .into_bytes()
}
