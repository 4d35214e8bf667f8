//! Whether cost and memory stay flat from a thousand live keys to a million.

use palisade::sandbox::{Envoy, Report};

use crate::cases::cpu_us_each;
use crate::load::Load;
use crate::rounds::median;
use crate::variants::{Kind, start};
use crate::{Scale, clients};

/// Odd and no multiple of five: walks every network of a power of ten once, in a scattered order.
const STRIDE: u64 = 7_368_787;
const MEMORY: &str = "128MiB";
const MEMORY_MIB: f64 = 128.0;
const FEW: u64 = 1_000;

/// Fills two Envoys, measures them in turn, and adds the figures.
pub(crate) fn measure(report: &mut Report, origin: &str, scale: &Scale) -> Result<(), String> {
    let few = filled(origin, FEW)?;
    let many = filled(origin, scale.keys)?;
    // What Envoy itself grows by under load is not to count as the keys'.
    let from_few = clients::from_networks("/content/a", FEW, STRIDE);
    Load::open(few.address())?.send(scale.keys / 10, &from_few, 200)?;
    let (few_rss, many_rss) = (mib(&few)?, mib(&many)?);
    let (mut few_us, mut many_us) = (Vec::new(), Vec::new());
    let from_many = clients::from_networks("/content/a", scale.keys, STRIDE);
    let (mut to_few, mut to_many) = (Load::open(few.address())?, Load::open(many.address())?);
    for _ in 0..scale.rounds {
        few_us.push(cpu_us_each(&few, &mut to_few, scale.requests, &from_few, 200)?);
        many_us.push(cpu_us_each(&many, &mut to_many, scale.requests, &from_many, 200)?);
    }
    let (Some(few_us), Some(many_us)) = (median(&few_us), median(&many_us)) else {
        return Err("no round was run".to_owned());
    };
    let keys = scale.keys;
    report.add("cost with 1000 live keys", few_us, "us/request", "")?;
    report.add(&format!("cost with {keys} live keys"), many_us, "us/request", "")?;
    report.add(&format!("cost with {keys} / with 1000 keys"), many_us / few_us, "", "<= 1.1")?;
    report.add("RSS with 1000 live keys", few_rss, "MiB", "")?;
    report.add(&format!("RSS with {keys} live keys"), many_rss, "MiB", "")?;
    // The table may fill its configured memory, and not more.
    let bound = format!("<= {MEMORY_MIB}");
    report.add(&format!("RSS growth from 1000 to {keys} keys"), many_rss - few_rss, "MiB", &bound)?;
    report.add("RSS growth while measuring", mib(&many)? - many_rss, "MiB", "<= 4")
}

/// An Envoy whose memory holds a failure of each of `keys` networks.
fn filled(origin: &str, keys: u64) -> Result<Envoy, String> {
    let envoy = start(Kind::Palisade, origin, MEMORY, None)?;
    let failing = clients::from_networks("/content/a?status=404", keys, STRIDE);
    Load::open(envoy.address())?.send(keys, &failing, 404)?;
    Ok(envoy)
}

fn mib(envoy: &Envoy) -> Result<f64, String> {
    #[expect(clippy::cast_precision_loss, reason = "memory stays far below 2^52 bytes")]
    Ok(envoy.rss_bytes()? as f64 / f64::from(1 << 20))
}
