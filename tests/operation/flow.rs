//! Business flows across listeners and workers of one Envoy: an account that one listener saw created
//! cannot pay through another before its address is verified, and can as soon as it is.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::json;

use super::origin::Origin;
use super::stage::launch;

/// Accounts that are created; each meets other workers, as its connections do.
const ACCOUNTS: usize = 40;

/// The status of an answer to an account's request.
fn post(address: SocketAddr, path: &str, account: usize) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: shop.example\r\ncookie: sid=session-{account}\r\nx-user: user-{account}-x\r\n\
         user-agent: browser\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    // Envoy takes its time to close what it answers itself.
    let mut begin = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut begin).unwrap();
    std::str::from_utf8(&begin).unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_new_account_cannot_pay_through_another_listener_before_it_is_verified() {
    let origin = Origin::obedient();
    let policies = json!({
        "signup": {
            "role": "signup", "subject": {"header": "x-user"}, "learn": false,
            "rules": {"client-accounts": "off", "numbered-accounts": "off"},
        },
        "verify": {"role": "verification", "subject": {"header": "x-user"}, "learn": false},
        "checkout": {"role": "checkout", "requires": ["verify"], "learn": false},
    });
    let mut launch = launch(&origin, &policies).with_workers(4);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    launch.bootstrap.add_listener("other", "127.0.0.1", free.port()).unwrap();
    let envoy = launch.start().unwrap();
    let (one, other) = (envoy.address(), free);
    for account in 0..ACCOUNTS {
        assert_eq!(post(one, "/p/signup/201", account), 201);
        assert_eq!(post(other, "/p/checkout/200", account), 403, "{account}");
        assert_eq!(post(other, "/p/verify/422", account), 422);
        assert_eq!(post(one, "/p/checkout/200", account), 403, "{account}: the origin refused the code");
        assert_eq!(post(one, "/p/verify/200", account), 200);
        assert_eq!(post(other, "/p/checkout/200", account), 200, "{account}");
    }
    assert_eq!(post(other, "/p/checkout/200", ACCOUNTS), 200, "who was there before");
}
