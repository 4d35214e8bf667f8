//! Who signed a request: HTTP message signatures (RFC 9421) as Web Bot Auth uses them
//! (draft-meunier-web-bot-auth-architecture), with Ed25519.
//!
//! Whatever is malformed, unknown, too old or too large is simply not signed. Nonces are not remembered: a
//! signature counts as often as it is sent until it expires, for the authority that it is made out to.

use ed25519_compact::{PublicKey, Signature};

use super::Headers;
use super::structured::{self, Bare, Item, Member, Value};
use crate::policy::{Signer, without_query};

/// The tag of signatures that say who automates something.
const TAG: &str = "web-bot-auth";

/// The longest that a signature may be good for, in seconds.
const MOST_S: i64 = 24 * 3600;

/// How far a signer's clock may be ahead, in seconds.
const AHEAD_S: i64 = 60;

/// The longest text that is verified, in bytes.
const BASE_BYTES: usize = 8192;

/// Signatures of one request that are looked at.
const MOST: usize = 2;

/// A signature that is in time and covers what it has to. Whether it is the signer's is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    key_id: String,
    /// What `Signature-Agent` says that the signature covers.
    agent: Option<String>,
    base: Vec<u8>,
    signature: [u8; 64],
}

impl Claimed {
    /// Whether it says to be this signer's.
    #[must_use]
    pub fn names(&self, signer: &Signer) -> bool {
        self.key_id == signer.key_id && (signer.agent.is_none() || self.agent == signer.agent)
    }

    /// Whether it is this signer's.
    #[must_use]
    pub fn is_by(&self, signer: &Signer) -> bool {
        let key = PublicKey::from_slice(&signer.key);
        let signature = Signature::from_slice(&self.signature);
        key.is_ok_and(|key| signature.is_ok_and(|signature| key.verify(&self.base, &signature).is_ok()))
    }
}

/// Whether a request says to be signed.
#[must_use]
pub fn is_claimed(headers: &Headers<'_>) -> bool {
    headers.get("signature-input").is_some()
}

/// The signatures of a request that could count at this time.
#[must_use]
pub fn claimed(headers: &Headers<'_>, now_s: u64) -> Vec<Claimed> {
    let field = |name| structured::dictionary(&joined(headers, name)?);
    let (Some(inputs), Some(signatures)) = (field("signature-input"), field("signature")) else {
        return Vec::new();
    };
    let now_s = i64::try_from(now_s).unwrap_or(i64::MAX);
    let of_bots = inputs.iter().filter(|input| input.parameters.text("tag") == Some(TAG));
    of_bots
        .filter(|input| is_in_time(input, now_s))
        .filter_map(|i| read(i, &signatures, headers))
        .take(MOST)
        .collect()
}

fn is_in_time(input: &Member, now_s: i64) -> bool {
    let time = |name| input.parameters.number(name);
    let (Some(created), Some(expires)) = (time("created"), time("expires")) else { return false };
    created <= now_s.saturating_add(AHEAD_S)
        && now_s < expires
        && created < expires
        && expires.saturating_sub(created) <= MOST_S
}

fn read(input: &Member, signatures: &[Member], headers: &Headers<'_>) -> Option<Claimed> {
    let Value::List(covered) = &input.value else { return None };
    let parameters = &input.parameters;
    if parameters.get("alg").is_some() && parameters.text("alg") != Some("ed25519") {
        return None;
    }
    let signature = signatures.iter().find(|signature| signature.key == input.key)?;
    let Value::Item(Bare::Bytes(signature)) = &signature.value else { return None };
    let is = |item: &Item, names: &[&str]| matches!(&item.value, Bare::Text(name) if names.contains(&name.as_str()));
    covered.iter().find(|item| is(item, &["@authority", "@target-uri"]))?;
    let agents = covered.iter().find(|item| is(item, &["signature-agent"]));
    // A request that says whose it is has to have that signed.
    if headers.get("signature-agent").is_some() && agents.is_none() {
        return None;
    }
    Some(Claimed {
        key_id: parameters.text("keyid")?.to_owned(),
        agent: agents.and_then(|item| agent(item, headers)),
        base: base(covered, &input.written, headers)?,
        signature: signature.as_slice().try_into().ok()?,
    })
}

/// What is signed (RFC 9421, 2.5). `None`: something is covered that is not there, or not known here.
fn base(covered: &[Item], parameters: &str, headers: &Headers<'_>) -> Option<Vec<u8>> {
    let mut base = Vec::new();
    for (place, item) in covered.iter().enumerate() {
        let value = component(item, headers)?;
        let twice = covered.iter().take(place).any(|other| other.written == item.written);
        if twice || value.contains(&b'\n') || base.len() + value.len() > BASE_BYTES {
            return None;
        }
        base.extend_from_slice(item.written.as_bytes());
        base.extend_from_slice(b": ");
        base.extend_from_slice(&value);
        base.push(b'\n');
    }
    base.extend_from_slice(b"\"@signature-params\": ");
    base.extend_from_slice(parameters.as_bytes());
    Some(base)
}

/// The value of a component of the request (RFC 9421, 2.1 and 2.2).
fn component(item: &Item, headers: &Headers<'_>) -> Option<Vec<u8>> {
    let Bare::Text(name) = &item.value else { return None };
    if !name.starts_with('@') {
        return field(name, item, headers);
    }
    // None of those that are known here has parameters.
    if item.parameters.names().next().is_some() {
        return None;
    }
    let path = headers.get(":path").unwrap_or_default();
    let bare = without_query(path);
    match name.as_str() {
        "@method" => headers.get(":method").map(<[u8]>::to_vec),
        "@scheme" => headers.get(":scheme").map(<[u8]>::to_ascii_lowercase),
        "@authority" => Some(authority(headers)),
        "@target-uri" => {
            let scheme = headers.get(":scheme")?.to_ascii_lowercase();
            Some([&scheme, &b"://"[..], &authority(headers), path].concat())
        }
        "@request-target" => Some(path.to_vec()),
        "@path" if bare.is_empty() => Some(b"/".to_vec()),
        "@path" => Some(bare.to_vec()),
        "@query" => {
            let query = path.get(bare.len()..).filter(|query| !query.is_empty());
            Some(query.unwrap_or(b"?").to_vec())
        }
        _ => None,
    }
}

/// The value of a header; with `key` what a dictionary has under it.
fn field(name: &str, item: &Item, headers: &Headers<'_>) -> Option<Vec<u8>> {
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
    let value = joined(headers, name).filter(|_| name.bytes().all(is_name))?;
    let mut names = item.parameters.names();
    match (names.next(), names.next()) {
        (None, _) => Some(value),
        (Some("key"), None) => Some(member(&value, item.parameters.text("key")?)?.written.into_bytes()),
        _ => None,
    }
}

fn member(field: &[u8], key: &str) -> Option<Member> {
    structured::dictionary(field)?.into_iter().find(|member| member.key == key)
}

/// What a covered `Signature-Agent` says: a text of its own, or one under a key.
fn agent(item: &Item, headers: &Headers<'_>) -> Option<String> {
    let field = joined(headers, "signature-agent")?;
    let said = match item.parameters.text("key") {
        Some(key) => match member(&field, key)?.value {
            Value::Item(said) => said,
            Value::List(_) => return None,
        },
        None => structured::item(&field)?.value,
    };
    match said {
        Bare::Text(said) => Some(said),
        _ => None,
    }
}

/// The values of all headers of this name, as one.
fn joined(headers: &Headers<'_>, name: &str) -> Option<Vec<u8>> {
    let mut values =
        headers.iter().filter(|(known, _)| *known == name.as_bytes()).map(|(_, v)| v.trim_ascii());
    let mut all = values.next()?.to_vec();
    for value in values {
        all.extend_from_slice(b", ");
        all.extend_from_slice(value);
    }
    Some(all)
}

/// Whom the request is made out to: in lower case, without the port that its scheme has anyway.
fn authority(headers: &Headers<'_>) -> Vec<u8> {
    let all = headers.get(":authority").unwrap_or_default().to_ascii_lowercase();
    let usual: &[u8] = match headers.get(":scheme") {
        Some(b"https") => b":443",
        _ => b":80",
    };
    all.strip_suffix(usual).map(<[u8]>::to_vec).unwrap_or(all)
}

/// How many signatures a worker verifies that turn out to be nobody's: each takes as much as several requests.
const FORGED_PER_S: u64 = 50;
const FORGED_AT_ONCE: u64 = 200;

/// A worker's patience with forged signatures, so that they cost a client more than they cost it. Where it is
/// at its end, nothing is signed for a moment, and requests are judged as any others.
#[derive(Clone, Debug)]
pub struct Patience {
    /// Thousandths of a signature.
    left: u64,
    last_ms: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: FORGED_AT_ONCE * 1000, last_ms: 0 }
    }
}

impl Patience {
    /// Whether one of the signatures is this signer's.
    pub fn finds(&mut self, claimed: &[Claimed], signer: &Signer, now_ms: u64) -> bool {
        let gained = now_ms.saturating_sub(self.last_ms).saturating_mul(FORGED_PER_S);
        self.left = self.left.saturating_add(gained).min(FORGED_AT_ONCE * 1000);
        self.last_ms = now_ms;
        let mut named = claimed.iter().filter(|claimed| claimed.names(signer));
        named.any(|claimed| {
            let Some(left) = self.left.checked_sub(1000) else { return false };
            let genuine = claimed.is_by(signer);
            if !genuine {
                self.left = left;
            }
            genuine
        })
    }
}

#[cfg(test)]
mod tests;
