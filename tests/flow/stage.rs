//! Two workers of one Envoy, and what is sent through them.

use std::sync::Arc;

use palisade::config;
use palisade::sim::{Answer, Request, Seen, Store, Worker};
use serde_json::{Value, json};

const BEGIN_MS: u64 = 1_800_000_000_000;
pub(crate) const MINUTE_MS: u64 = 60_000;

/// Two workers of one Envoy, which tick only where a test says so.
pub(crate) struct Stage {
    pub(crate) workers: [Worker; 2],
    pub(crate) store: Arc<Store>,
    pub(crate) now_ms: u64,
}

pub(crate) fn configuration(memory: &str) -> Value {
    json!({
        "secret": "a secret of the tests alone", "memory": memory, "hold_headers": true,
        "client": {"session": {"cookie": "sid"}}, "propose_flows": true,
        "policies": {
            "content": {"role": "content", "rules": {
                "session-volume": "off", "client-volume": "off", "client-walk": "off", "long-walk": "off",
                "client-pace": "off",
            }},
            "signup": {
                "role": "signup", "issues": {"account": {"json": "/id"}}, "subject": {"header": "x-user"}, "learn": false,
                "rules": {"client-accounts": "off", "numbered-accounts": "off", "session-accounts": "off"},
            },
            "login": {
                "role": "login", "subject": {"header": "x-user"}, "learn": false,
                "issues": {"account": {"json": "/id"}},
                "proves": {"verified": {"json": {"pointer": "/verified", "value": true}}},
            },
            "profile": {
                "role": "content", "account": {"header": "x-user"},
                "proves": {"verified": {"json": {"pointer": "/verified", "value": true}}},
            },
            "pay": {"role": "checkout", "account": {"header": "x-user"}, "requires": ["verified"]},
            "cart": {"role": "add-to-cart"},
            "checkout": {"role": "checkout", "requires": ["cart"], "within": "30m"},
            "verify": {
                "role": "verification", "subject": {"header": "x-user"}, "learn": false,
                "proves": {"verified": "success"},
            },
            "card": {"role": "add-payment", "account": {"header": "x-user"}, "requires": ["verify"]},
        },
    })
}

impl Stage {
    pub(crate) fn new(memory: &str) -> Self {
        Self::with(&configuration(memory))
    }

    /// The same with a configuration of its own.
    pub(crate) fn with(configuration: &Value) -> Self {
        let settings = config::read(configuration, &|_| None).unwrap().settings;
        let store = Arc::new(Store::default());
        let worker = || Worker::new(settings.clone(), Arc::clone(&store));
        Self { workers: [worker(), worker()], store, now_ms: BEGIN_MS }
    }

    pub(crate) fn send(
        &mut self,
        worker: usize,
        policy: &str,
        session: &str,
        status: u16,
        more: &[(&str, &str)],
    ) -> Seen {
        let mut headers: Vec<(String, String)> =
            [(":authority", "shop.example"), (":path", "/x"), (":method", "POST"), ("user-agent", "a")]
                .iter()
                .chain(more.iter().filter(|(name, _)| !["set-cookie", "body"].contains(name)))
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
        if !session.is_empty() {
            headers.push(("cookie".to_owned(), format!("sid={session}")));
        }
        let address = "203.0.113.9:4711".to_owned();
        let request = Request { headers, body: Vec::new(), address, route_policy: Some(policy.to_owned()) };
        let mut answer = Answer::status(status);
        if let Some((_, body)) = more.iter().find(|(name, _)| *name == "body") {
            answer.headers.push(("content-type".to_owned(), "application/json".to_owned()));
            answer.body = body.as_bytes().to_vec();
        }
        let set = more.iter().filter(|(name, _)| *name == "set-cookie");
        answer.headers.extend(set.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.workers[worker].exchange(self.now_ms, &request, || answer)
    }

    /// A new account, whose session the answer issues.
    pub(crate) fn sign_up(&mut self, worker: usize, name: &str) {
        let cookie = format!("sid={name}; Path=/; HttpOnly");
        let seen = self.send(worker, "signup", "", 201, &[("x-user", name), ("set-cookie", &cookie)]);
        assert_eq!(seen.replied, None);
    }

    pub(crate) fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
        let now_ms = self.now_ms;
        self.workers.iter_mut().for_each(|worker| worker.tick(now_ms));
    }
}
