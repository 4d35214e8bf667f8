//! What is measured: which Envoy, which request, which answer; and how, in interleaved rounds.

use std::collections::BTreeMap;

use palisade::sandbox::Envoy;

use crate::clients;
use crate::load::{self, Connection};
use crate::variants::Kind;

type Requests = Box<dyn Fn(u64, &mut Vec<u8>) + Sync>;

/// One case.
pub(crate) struct Case {
    /// Its name, also on the command line.
    pub(crate) name: &'static str,
    /// The Envoy it runs on.
    pub(crate) kind: Kind,
    /// The case of plain Envoy it is compared with.
    pub(crate) plain: &'static str,
    /// A request that is sent, failing, until Palisade refuses its client.
    condemned_by: Option<Requests>,
    requests: Requests,
    status: u16,
}

/// All cases, in the order of the table.
pub(crate) fn all() -> Vec<Case> {
    let case = |name, kind, plain, requests: Requests, status| Case {
        name,
        kind,
        plain,
        condemned_by: None,
        requests,
        status,
    };
    let mut cases = vec![
        case("plain", Kind::Plain, "plain", Box::new(clients::get("/content/a")), 200),
        case("plain-json", Kind::Plain, "plain-json", Box::new(clients::login("/login")), 200),
        case("direct", Kind::Plain, "plain", Box::new(clients::get("/direct")), 403),
        case("empty", Kind::Empty, "plain", Box::new(clients::get("/content/a")), 200),
        case("lua", Kind::Lua, "plain", Box::new(clients::get("/content/a")), 200),
        case("unprotected", Kind::Palisade, "plain", Box::new(clients::get("/other")), 200),
        case("allowed", Kind::Palisade, "plain", Box::new(clients::get("/content/a")), 200),
        case("allowed-json", Kind::Palisade, "plain-json", Box::new(clients::login("/login")), 200),
        case("blocked", Kind::Palisade, "plain", Box::new(clients::bad_get("/content/a")), 403),
        case("blocked-json", Kind::Palisade, "plain-json", Box::new(clients::bad_login("/login")), 403),
    ];
    for case in &mut cases {
        case.condemned_by = match case.name {
            "blocked" => Some(Box::new(clients::bad_get("/content/a?status=404"))),
            "blocked-json" => Some(Box::new(clients::bad_login("/login?status=401"))),
            _ => None,
        };
    }
    cases
}

impl Case {
    /// Gets the client condemned by real failing requests, where the case needs that.
    pub(crate) fn prepare(&self, envoy: &Envoy) -> Result<(), String> {
        const TRIES: u64 = 500;
        let Some(failing) = &self.condemned_by else { return Ok(()) };
        let mut connection = Connection::open(envoy.address())?;
        let mut request = Vec::new();
        for n in 0..TRIES {
            request.clear();
            failing(n, &mut request);
            if connection.exchange(&request)? == self.status {
                return Ok(());
            }
        }
        Err(format!("{}: {TRIES} failing requests did not get their client blocked", self.name))
    }

    /// CPU microseconds a request that Envoy spent on `count` of them.
    pub(crate) fn measure(&self, envoy: &Envoy, count: u64) -> Result<f64, String> {
        cpu_us_each(envoy, count, &self.requests, self.status).map_err(|e| format!("{}: {e}", self.name))
    }
}

/// Sends `count` requests and divides the CPU time that Envoy spent meanwhile.
pub(crate) fn cpu_us_each(
    envoy: &Envoy,
    count: u64,
    requests: load::Requests,
    status: u16,
) -> Result<f64, String> {
    let before = envoy.cpu_seconds()?;
    load::send(envoy.address(), count, requests, status)?;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    Ok((envoy.cpu_seconds()? - before) * 1e6 / count as f64)
}

/// Medians over rounds, every case once a round, so that a slow minute of the machine touches all.
pub(crate) fn measure_all(
    cases: &[Case],
    envoys: &BTreeMap<Kind, Envoy>,
    rounds: u32,
    count: u64,
) -> Result<BTreeMap<&'static str, Vec<f64>>, String> {
    let envoy_of =
        |case: &Case| envoys.get(&case.kind).ok_or_else(|| format!("{}: no Envoy runs", case.name));
    for case in cases {
        case.prepare(envoy_of(case)?)?;
        case.measure(envoy_of(case)?, count / 4)?;
    }
    let mut measured: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        for case in cases {
            measured.entry(case.name).or_default().push(case.measure(envoy_of(case)?, count)?);
        }
    }
    for values in measured.values_mut() {
        values.sort_by(f64::total_cmp);
    }
    Ok(measured)
}

/// The middle one of sorted values (the upper of two).
pub(crate) fn median(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len() / 2).copied()
}
