//! What is measured: which Envoy, which request, which answer; and how, in interleaved rounds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use palisade::sandbox::Envoy;

use crate::clients;
use crate::load::{Connection, Load, Requests};
use crate::origin::TOLD;
use crate::rounds::Rounds;
use crate::variants::{Kind, start};

/// Requests of each case before it counts: the wasm engine compiles what is used often.
const WARM_UP: u64 = 5_000;

/// What the names of cases on another build of Palisade end with.
pub(crate) const BESIDE: &str = " beside";

type OwnRequests = Box<dyn Fn(u64, &mut Vec<u8>) + Sync>;

/// One case.
pub(crate) struct Case {
    /// Its name, also on the command line.
    pub(crate) name: &'static str,
    /// The Envoy it runs on.
    pub(crate) kind: Kind,
    /// The case of plain Envoy it is compared with.
    pub(crate) plain: &'static str,
    /// Whether it is answered without the origin, so that it is to cost less than proxying.
    pub(crate) is_cheaper: bool,
    /// A request that is sent, failing, until Palisade refuses its client.
    condemned_by: Option<OwnRequests>,
    /// How many requests it sends before it counts.
    warm_up: u64,
    requests: OwnRequests,
    status: u16,
}

/// All cases, in the order of the table.
pub(crate) fn all() -> Vec<Case> {
    let case = |name, kind, plain, requests: OwnRequests, status| Case {
        name,
        kind,
        plain,
        is_cheaper: status >= 400,
        condemned_by: None,
        warm_up: WARM_UP,
        requests,
        status,
    };
    let mut cases = vec![
        case("plain", Kind::Plain, "plain", Box::new(clients::get("/content/a")), 200),
        case("plain-json", Kind::Plain, "plain-json", Box::new(clients::login("/login")), 200),
        case("direct", Kind::Plain, "plain", Box::new(clients::get("/direct")), 403),
        case("empty", Kind::Empty, "plain", Box::new(clients::get("/content/a")), 200),
        case("floor", Kind::Floor, "plain", Box::new(clients::get("/content/a")), 200),
        case("floor-refused", Kind::Floor, "plain", Box::new(clients::bad_get("/refused")), 403),
        case("lua", Kind::Lua, "plain", Box::new(clients::get("/content/a")), 200),
        case("lua-json", Kind::LuaBody, "plain-json", Box::new(clients::login("/login")), 200),
        case("unprotected", Kind::Palisade, "plain", Box::new(clients::get("/other")), 200),
        case("allowed", Kind::Palisade, "plain", Box::new(clients::get("/content/a")), 200),
        case("allowed-json", Kind::Palisade, "plain-json", Box::new(clients::login("/login")), 200),
        case("allowed-many", Kind::Palisade, "plain-json", Box::new(clients::many_logins("/login")), 200),
        case("watched", Kind::Watched, "plain", Box::new(clients::get("/content/a")), 200),
        case("watched-json", Kind::Watched, "plain-json", Box::new(clients::login("/login")), 200),
        case("shaped", Kind::Palisade, "plain", Box::new(clients::get("/shaped/a")), 200),
        case("tagged", Kind::Palisade, "plain", Box::new(clients::bad_get("/tagged/a")), TOLD),
        case("delayed", Kind::Palisade, "plain", Box::new(clients::bad_get("/delayed/a")), TOLD),
        case("limited", Kind::Palisade, "plain", Box::new(clients::bad_get("/limited/a")), 429),
        case("deceived", Kind::Palisade, "plain", Box::new(clients::bad_get("/deceived/a")), 410),
        case("blocked", Kind::Palisade, "plain", Box::new(clients::bad_get("/content/a")), 403),
        case("blocked-json", Kind::Palisade, "plain-json", Box::new(clients::bad_login("/login")), 403),
    ];
    for case in &mut cases {
        case.condemned_by = match case.name {
            "blocked" => Some(Box::new(clients::bad_get("/content/a?status=404"))),
            "tagged" => Some(Box::new(clients::bad_get("/tagged/a?status=404"))),
            "delayed" => Some(Box::new(clients::bad_get("/delayed/a?status=404"))),
            "limited" => Some(Box::new(clients::bad_get("/limited/a?status=404"))),
            // The decoy has another status than the origin, to be told from it.
            "deceived" => Some(Box::new(clients::bad_get("/deceived/a?status=404"))),
            "blocked-json" => Some(Box::new(clients::bad_login("/login?status=401"))),
            _ => None,
        };
        if case.name == "allowed-many" {
            // Clients that are known, as most are in real traffic.
            case.warm_up = clients::MANY;
        }
    }
    cases
}

impl Case {
    /// Gets the client condemned by real failing requests, where the case needs that.
    pub(crate) fn prepare(&self, envoy: &Envoy) -> Result<(), String> {
        const TRIES: u64 = 500;
        // What a client is answered does not tell that it is only told of.
        const ENOUGH: u64 = 50;
        let Some(failing) = &self.condemned_by else { return Ok(()) };
        let mut connection = Connection::open(envoy.address())?;
        let mut request = Vec::new();
        for n in 0..TRIES {
            request.clear();
            failing(n, &mut request);
            if connection.exchange(&request)? == self.status || (self.status == TOLD && n >= ENOUGH) {
                return Ok(());
            }
        }
        Err(format!("{}: {TRIES} failing requests did not get their client blocked", self.name))
    }

    /// The same on another build of Palisade, where it runs on Palisade.
    pub(crate) fn beside(mut self) -> Option<Self> {
        if self.kind != Kind::Palisade {
            return None;
        }
        self.kind = Kind::Beside;
        self.name = format!("{}{BESIDE}", self.name).leak();
        Some(self)
    }

    /// CPU microseconds a request that Envoy spent on `count` of them.
    fn measure(&self, envoy: &Envoy, load: &mut Load, count: u64) -> Result<f64, String> {
        cpu_us_each(envoy, load, count, &self.requests, self.status)
            .map_err(|e| format!("{}: {e}", self.name))
    }
}

/// Sends `count` requests and divides the CPU time that Envoy spent meanwhile.
pub(crate) fn cpu_us_each(
    envoy: &Envoy,
    load: &mut Load,
    count: u64,
    requests: Requests,
    status: u16,
) -> Result<f64, String> {
    let before = envoy.cpu_seconds()?;
    load.send(count, requests, status)?;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    Ok((envoy.cpu_seconds()? - before) * 1e6 / count as f64)
}

/// Starts every Envoy that the cases need, and runs every case once a round, in turn forwards and
/// backwards, so that a slow minute of the machine touches all of them alike.
pub(crate) fn measure_start(
    cases: &[Case],
    origin: &str,
    beside: Option<&Path>,
    rounds: u32,
    count: u64,
    measured: &mut Rounds,
) -> Result<(), String> {
    let kinds = cases.iter().map(|case| case.kind).collect::<BTreeSet<_>>();
    let started = |kind| Ok((kind, start(kind, origin, "64MiB", beside)?));
    let envoys = kinds.into_iter().map(started).collect::<Result<BTreeMap<_, _>, String>>()?;
    let mut ready = Vec::new();
    for case in cases {
        let envoy = envoys.get(&case.kind).ok_or_else(|| format!("{}: no Envoy runs", case.name))?;
        case.prepare(envoy)?;
        let mut load = Load::open(envoy.address())?;
        case.measure(envoy, &mut load, case.warm_up)?;
        ready.push((case, envoy, load));
    }
    measured.begin_start();
    for _ in 0..rounds {
        for (case, envoy, load) in &mut ready {
            measured.add(case.name, case.measure(envoy, load, count)?);
        }
        ready.reverse();
    }
    Ok(())
}
