//! Clients that sign their requests, as Web Bot Auth has it (draft-meunier-web-bot-auth-architecture).

use ct_codecs::{Base64, Base64UrlSafeNoPadding, Encoder};
use ed25519_compact::{KeyPair, Seed};
use serde::Deserialize;

use super::BEGIN_MS;

/// How a client signs.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// The key that it has: 32 times this byte is its seed.
    seed: u8,
    /// Whose key it says that is; its own where it says nothing.
    claims: Option<u8>,
    /// What it says of itself.
    agent: Option<String>,
    /// Seconds that the signature is good for.
    #[serde(default = "five_minutes")]
    for_s: i64,
    /// Seconds since it was made.
    #[serde(default)]
    age_s: i64,
    /// Whom it is made out to.
    #[serde(default = "shop")]
    authority: String,
}

fn five_minutes() -> i64 {
    300
}

fn shop() -> String {
    "shop.example".to_owned()
}

fn keys(seed: u8) -> KeyPair {
    KeyPair::from_seed(Seed::new([seed; 32]))
}

fn url(bytes: &[u8]) -> String {
    let mut room = [0; 64];
    Base64UrlSafeNoPadding::encode_to_str(&mut room, bytes).unwrap().to_owned()
}

impl Sign {
    /// The headers of a request that is signed at a time, in milliseconds since the scenario began.
    pub fn headers(&self, at_ms: u64) -> Vec<(String, String)> {
        let claimed = url(&keys(self.claims.unwrap_or(self.seed)).pk[..]);
        let jwk = format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{claimed}\"}}");
        let key_id = url(&hmac_sha256::Hash::hash(jwk.as_bytes()));
        // A second ago, since the stages' clocks differ by less.
        let created = ((BEGIN_MS + at_ms) / 1000) as i64 - 1 - self.age_s;
        let expires = created + self.for_s;
        let covered =
            if self.agent.is_some() { "\"@authority\" \"signature-agent\"" } else { "\"@authority\"" };
        let input = format!(
            "({covered});created={created};expires={expires};keyid=\"{key_id}\";tag=\"web-bot-auth\""
        );
        let agent = self.agent.as_ref().map(|agent| format!("\"{agent}\""));
        let mut base = format!("\"@authority\": {}\n", self.authority);
        base.extend(agent.iter().map(|agent| format!("\"signature-agent\": {agent}\n")));
        base.push_str(&format!("\"@signature-params\": {input}"));
        let mut room = [0; 90];
        let signature = keys(self.seed).sk.sign(base, None);
        let signature = Base64::encode_to_str(&mut room, &signature[..]).unwrap();
        let mut headers = vec![
            ("signature-input".to_owned(), format!("sig1={input}")),
            ("signature".to_owned(), format!("sig1=:{signature}:")),
        ];
        headers.extend(agent.map(|agent| ("signature-agent".to_owned(), agent)));
        headers
    }
}
