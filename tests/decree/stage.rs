//! Two workers of one Envoy, whose configuration can be changed, and clients.

use std::sync::Arc;

use palisade::config;
use palisade::decree::Decree;
use palisade::sim::{Answer, Request, Seen, Store, Worker};
use serde_json::{Value, json};

pub(crate) const BEGIN_MS: u64 = 1_800_000_000_000;

/// A client: its make, its session and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) agent: String,
    pub(crate) tls: String,
    pub(crate) session: String,
    pub(crate) address: String,
    /// Whether it is a script, which writes its JSON with spaces.
    pub(crate) spaced: bool,
}

impl Client {
    pub(crate) fn at(address: &str) -> Self {
        Self {
            agent: "curl/8.5.0".to_owned(),
            tls: String::new(),
            session: String::new(),
            address: address.to_owned(),
            spaced: false,
        }
    }

    pub(crate) fn in_session(mut self, session: &str) -> Self {
        session.clone_into(&mut self.session);
        self
    }

    pub(crate) fn of_make(mut self, agent: &str, tls: &str, spaced: bool) -> Self {
        (self.agent, self.tls, self.spaced) = (agent.to_owned(), tls.to_owned(), spaced);
        self
    }
}

/// Two workers over one store.
pub(crate) struct Stage {
    pub(crate) store: Arc<Store>,
    pub(crate) workers: Vec<Worker>,
    pub(crate) now_ms: u64,
    policies: Value,
    turn: usize,
}

impl Stage {
    pub(crate) fn new(policies: &Value) -> Self {
        let store = Arc::new(Store::default());
        let mut stage =
            Self { store, workers: Vec::new(), now_ms: BEGIN_MS, policies: policies.clone(), turn: 0 };
        stage.reload(&json!({}));
        stage
    }

    /// With one policy for logins that learns nothing.
    pub(crate) fn logins() -> Self {
        Self::new(&json!({"login": {"role": "login", "subject": {"json": "/email"}, "learn": false}}))
    }

    /// A new configuration with these decrees.
    pub(crate) fn reload(&mut self, decrees: &Value) {
        let mut configuration = json!({
            "secret": "a secret of the tests alone", "memory": "16MiB", "hold_headers": true,
            "client": {"session": {"cookie": "sid"}, "tls": {"header": "x-ja4"}},
            "policies": self.policies,
        });
        for (key, value) in decrees.as_object().unwrap() {
            configuration[key] = value.clone();
        }
        let read = config::read(&configuration, &|_| None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let worker = || Worker::new(read.settings.clone(), Arc::clone(&self.store));
        self.workers = vec![worker(), worker()];
        self.tick();
        self.tick();
    }

    pub(crate) fn tick(&mut self) {
        self.now_ms += 100;
        self.workers.iter_mut().for_each(|worker| worker.tick(self.now_ms));
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now_ms += seconds * 1000;
        self.tick();
        self.tick();
    }

    /// Gives a decree by hand in the first worker; all know of it afterwards.
    pub(crate) fn decree(&mut self, decree: Decree) -> bool {
        let done = self.workers[0].decree(self.now_ms, decree);
        self.tick();
        done
    }

    /// Sends a request; each goes to another worker than the one before.
    pub(crate) fn send(&mut self, client: &Client, policy: &str, subject: Option<&str>, status: u16) -> Seen {
        self.tick();
        self.turn += 1;
        let worker = self.turn % self.workers.len();
        self.send_to(worker, client, policy, subject, status)
    }

    /// Sends a request to a worker.
    pub(crate) fn send_to(
        &mut self,
        worker: usize,
        client: &Client,
        policy: &str,
        subject: Option<&str>,
        status: u16,
    ) -> Seen {
        // Nobody walks in order here.
        let path = format!("/x/{}", self.now_ms * 7919 % 100_003);
        let cookie = format!("sid={}", client.session);
        let mut headers = vec![(":path", &path[..]), (":method", "POST"), ("user-agent", &client.agent)];
        // A script says nothing of languages.
        if !client.spaced {
            headers.push(("accept-language", "en"));
        }
        if !client.tls.is_empty() {
            headers.push(("x-ja4", &client.tls));
        }
        if !client.session.is_empty() {
            headers.push(("cookie", &cookie));
        }
        let body = match subject {
            Some(subject) if client.spaced => format!(r#"{{"email": "{subject}", "password": "p"}}"#),
            Some(subject) => format!(r#"{{"email":"{subject}","password":"p"}}"#),
            None => String::new(),
        };
        let length = body.len().to_string();
        if !body.is_empty() {
            headers.extend([("content-type", "application/json"), ("content-length", &length[..])]);
        }
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let address = format!("{}:443", client.address);
        let request =
            Request { headers, body: body.into_bytes(), address, route_policy: Some(policy.to_owned()) };
        self.workers[worker].exchange(self.now_ms, &request, || Answer::status(status))
    }

    /// A client's fingerprint as it is printed where its body was read: a refusal comes before that.
    pub(crate) fn fingerprint(client: &Client) -> String {
        let observes =
            json!({"role": "login", "subject": {"json": "/email"}, "mode": "observe", "learn": false});
        let mut stage = Self::new(&json!({"login": observes}));
        stage.reload(&json!({"condemn": [{"network": client.address}]}));
        let note = stage.send(client, "login", Some("own@x.example"), 200).note.unwrap();
        note.split("fingerprint=").nth(1).unwrap().split(';').next().unwrap().to_owned()
    }

    /// Asks for the page with this number.
    pub(crate) fn walk(&mut self, client: &Client, page: u32) -> Seen {
        let own = |(n, v): (&str, String)| (n.to_owned(), v);
        let headers = [
            (":path", format!("/pages/{page}")),
            (":method", "GET".to_owned()),
            ("user-agent", client.agent.clone()),
            ("cookie", format!("sid={}", client.session)),
        ];
        let headers = headers.into_iter().map(own).collect();
        let address = format!("{}:443", client.address);
        let request =
            Request { headers, address, route_policy: Some("login".to_owned()), ..Request::default() };
        self.turn += 1;
        let turn = self.turn % self.workers.len();
        self.workers[turn].exchange(self.now_ms, &request, || Answer::status(200))
    }

    /// Tries at an account, in vain; whether it reached the origin.
    pub(crate) fn fails(&mut self, client: &Client, account: u32) -> bool {
        self.send(client, "login", Some(&format!("a{account}@x.example")), 401).replied.is_none()
    }

    /// Tries at so many accounts, in vain; how many tries reached the origin.
    pub(crate) fn fail(&mut self, client: &Client, accounts: std::ops::Range<u32>) -> usize {
        accounts.filter(|account| self.fails(client, *account)).count()
    }

    /// Whether a request is refused by each worker. It succeeds where it is not.
    pub(crate) fn refused(&mut self, client: &Client) -> [bool; 2] {
        self.tick();
        [0, 1]
            .map(|worker| self.send_to(worker, client, "login", Some("own@x.example"), 200).replied.is_some())
    }

    pub(crate) fn lines(&self) -> String {
        self.workers
            .iter()
            .flat_map(|worker| worker.host.lines.borrow().clone())
            .collect::<Vec<_>>()
            .join("\n")
    }
}
