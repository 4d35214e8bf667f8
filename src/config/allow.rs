//! Who is let through, as the operator writes it. Nothing of a header's secret value is ever shown.

use std::collections::BTreeMap;

use ct_codecs::{Base64UrlSafeNoPadding, Decoder, Encoder};
use hmac_sha256::Hash;

use super::decree::read_network;
use super::node::{Node, Table};
use super::routes::read_policy;
use super::rules::check_name;
use crate::policy::{Allow, Claim, Identity, Network, Peer, PolicyId, Secret, SecretHeader, Signer};

const MOST_ENTRIES: usize = 32;
const MOST_NETWORKS: usize = 256;
const MOST_SIGNERS: usize = 16;
const MOST_POLICIES: usize = 64;

/// Names of parts of a certificate, of claims and the like are no longer.
const MOST_BYTES: usize = 512;

const IDENTITIES: [Identity; 4] = [Identity::UriSan, Identity::DnsSan, Identity::Subject, Identity::Sha256];

/// What reading an entry needs to know.
pub(super) struct Around<'n> {
    /// Every policy that was written, even one with a mistake.
    pub(super) names: &'n BTreeMap<String, PolicyId>,
    /// Reads a secret value, and reports what is wrong with it.
    pub(super) secret: &'n dyn Fn(&Node<'_>) -> Option<Secret>,
}

/// Reads `allow`, in order of the names.
pub(super) fn read(node: &Node<'_>, around: &Around<'_>) -> Vec<Allow> {
    let remedy = "write a mapping from names to conditions, such as office: {addresses: [192.0.2.0/24]}";
    let entries = node.table(remedy).map(|table| table.entries()).unwrap_or_default();
    if node.value.as_object().is_some_and(serde_json::Map::is_empty) {
        node.wrong(remedy);
    }
    if entries.len() > MOST_ENTRIES {
        node.mistake(format!("{} entries", entries.len()), format!("at most {MOST_ENTRIES} are allowed"));
    }
    entries.iter().filter_map(|(name, node)| read_one(name, node, around)).collect()
}

fn read_one(name: &str, node: &Node<'_>, around: &Around<'_>) -> Option<Allow> {
    let before = node.findings.count();
    check_name(name, node, "set of conditions");
    let mut table = node.table("write conditions, such as {addresses: [192.0.2.0/24]}")?;
    let mut policies = Vec::new();
    if let Some(node) = table.take("policies") {
        let remedy = "write a list of policies, or leave it out for all";
        node.each(MOST_POLICIES, remedy, &mut |item| policies.extend(read_policy(item, around.names)));
    }
    let addresses = table.take("addresses").map(|node| read_addresses(&node));
    let header = table.take("header").map(|node| read_header(&node, around));
    let peer = table.take("peer").map(|node| read_peer(&node));
    let claim = table.take("claim").map(|node| read_claim(&node));
    let signed_by = table.take("signed_by").map(|node| read_signers(&node));
    table.finish();
    let none =
        addresses.is_none() && header.is_none() && peer.is_none() && claim.is_none() && signed_by.is_none();
    if none && node.findings.count() == before {
        node.mistake(
            "no condition, so it would let everybody through",
            "write at least one of addresses, header, peer, claim and signed_by",
        );
    }
    (node.findings.count() == before).then(|| Allow {
        name: name.to_owned(),
        policies,
        addresses: addresses.unwrap_or_default(),
        header: header.flatten(),
        peer: peer.flatten(),
        claim: claim.flatten(),
        signed_by: signed_by.unwrap_or_default(),
    })
}

fn read_addresses(node: &Node<'_>) -> Vec<Network> {
    let mut networks: Vec<Network> = Vec::new();
    node.each(
        MOST_NETWORKS,
        "write a list of networks, such as [192.0.2.0/24, 2001:db8::/32]",
        &mut |item| {
            let Some(network) = read_network(item) else { return };
            if networks.iter().any(|earlier| earlier.covers(&network)) {
                item.mistake("one before it holds all of its addresses", "remove it");
            }
            networks.push(network);
        },
    );
    networks
}

fn read_header(node: &Node<'_>, around: &Around<'_>) -> Option<SecretHeader> {
    let mut table = node.table("write {name: x-monitor, value: {env: MONITOR_TOKEN}}")?;
    let name = table.need("name", "write the header's name");
    let value = table.need("value", "write {env: MONITOR_TOKEN}, or a text of at least 16 bytes");
    table.finish();
    let (name, value) = (name?.header_name(), (around.secret)(&value?));
    Some(SecretHeader { name: name?, value: value? })
}

fn read_peer(node: &Node<'_>) -> Option<Peer> {
    let mut table = node.table("write {uri_san: \"spiffe://example/partner/*\"}")?;
    let found = table.one_of(&IDENTITIES.map(Identity::name));
    table.finish();
    let (name, node) = found?;
    let identity = IDENTITIES.into_iter().find(|identity| identity.name() == name)?;
    let text = read_text(
        &node,
        "write what the certificate has to say, in quotes; with * at its end, how that begins",
    )?;
    if identity == Identity::Sha256 {
        let value = text.to_ascii_lowercase();
        let fits = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
        if !fits {
            node.wrong("write the 64 hexadecimal digits of the certificate's SHA-256 digest");
        }
        return fits.then_some(Peer { identity, value, is_prefix: false });
    }
    let prefix = text.strip_suffix('*');
    if prefix == Some("") {
        node.mistake("fits every certificate", "write how it has to begin, such as spiffe://example/*");
        return None;
    }
    Some(Peer { identity, value: prefix.unwrap_or(text).to_owned(), is_prefix: prefix.is_some() })
}

fn read_claim(node: &Node<'_>) -> Option<Claim> {
    let mut table = node.table("write {payload: jwt_payload, name: azp, value: partner}")?;
    let payload = table.need("payload", "write what payload_in_metadata says in jwt_authn's provider");
    let name = table.need("name", "write the claim's name");
    let value = table.one_of(&["value", "holds"]);
    table.finish();
    let text = |node: &Node<'_>| read_text(node, "write a text in quotes").map(str::to_owned);
    let (payload, name, (kind, value)) = (payload?, name?, value?);
    let (payload, name, value) = (text(&payload), text(&name), text(&value));
    Some(Claim { payload: payload?, name: name?, value: value?, is_list: kind == "holds" })
}

/// A text that can be part of an attribute's path.
fn read_text<'v>(node: &Node<'v>, remedy: &str) -> Option<&'v str> {
    let text = node.text(remedy)?;
    let fits = text.len() <= MOST_BYTES && !text.chars().any(char::is_control);
    if !fits {
        node.wrong(remedy);
    }
    fits.then_some(text)
}

fn read_signers(node: &Node<'_>) -> Vec<Signer> {
    let mut signers = Vec::new();
    let remedy = "write a list of signers, such as [{key: \"...\", agent: \"https://bot.example\"}]";
    node.each(MOST_SIGNERS, remedy, &mut |item| signers.extend(read_signer(item)));
    signers
}

fn read_signer(node: &Node<'_>) -> Option<Signer> {
    let mut table: Table<'_> = node.table("write {key: \"...\"}, and agent where it has to say who it is")?;
    let remedy = "write the x of an Ed25519 key's JWK: 43 digits of base64url";
    let key = table.need("key", remedy);
    let agent = table.take("agent");
    table.finish();
    let agent = agent.map(|node| {
        let remedy = "write what its Signature-Agent says, such as \"https://bot.example\"";
        let text = read_text(&node, remedy)?;
        let fits = text.is_ascii();
        if !fits {
            node.wrong(remedy);
        }
        fits.then(|| text.to_owned())
    });
    let node = key?;
    let text = node.text(remedy)?;
    let mut key = [0; 32];
    let decoded = Base64UrlSafeNoPadding::decode(&mut key, text.as_bytes(), None).map(<[u8]>::len);
    if decoded != Ok(32) {
        node.wrong(remedy);
        return None;
    }
    let agent = match agent {
        Some(agent) => Some(agent?),
        None => None,
    };
    Some(Signer { key, key_id: thumbprint(text)?, agent })
}

/// The JWK thumbprint of an Ed25519 key (RFC 7638, RFC 8037 A.3), whose `x` this is.
fn thumbprint(x: &str) -> Option<String> {
    let digest = Hash::hash(format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{x}\"}}").as_bytes());
    let mut room = [0; 43];
    Base64UrlSafeNoPadding::encode_to_str(&mut room, digest).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, A.3, and the test key of RFC 9421 as draft-meunier-web-bot-auth-architecture names it.
    #[test]
    fn thumbprints_are_those_of_the_standards() {
        let of = |x| thumbprint(x).unwrap();
        assert_eq!(
            of("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        assert_eq!(
            of("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"),
            "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"
        );
    }
}
