//! Clients that are let through by a claim of the token that Envoy's `jwt_authn` verified, and what the
//! attributes of claims of every kind are.

use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
use ed25519_compact::{KeyPair, Seed};
use palisade::sandbox::{Envoy, http};
use serde_json::{Value, json};

use super::origin::Origin;
use super::stage::{DEADLINE, counting, launch, seen, soon};

const FILTERS: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
const ISSUER: &str = "https://issuer.example";

fn encoded(bytes: &[u8]) -> String {
    let mut room = vec![0; bytes.len() * 2 + 4];
    Base64UrlSafeNoPadding::encode_to_str(&mut room, bytes).unwrap().to_owned()
}

fn keys(seed: u8) -> KeyPair {
    KeyPair::from_seed(Seed::new([seed; 32]))
}

/// A token with these claims.
fn token(seed: u8, claims: &Value) -> String {
    let mut claims = claims.clone();
    claims["iss"] = json!(ISSUER);
    let head = encoded(br#"{"alg":"EdDSA","kid":"k","typ":"JWT"}"#);
    let text = format!("{head}.{}", encoded(claims.to_string().as_bytes()));
    let signature = encoded(&keys(seed).sk.sign(&text, None)[..]);
    format!("{text}.{signature}")
}

fn start(origin: &Origin, allow: &Value) -> Envoy {
    let names: Vec<&String> = allow.as_object().unwrap().keys().collect();
    let policies = names.iter().map(|name| ((*name).clone(), counting("failures", 1))).collect();
    let mut launch = launch(origin, &policies);
    let configuration = launch.bootstrap.plugin_configuration().unwrap();
    configuration["allow"] = allow.clone();
    for name in names {
        configuration["allow"][name]["policies"] = json!([name]);
    }
    let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k", "x": encoded(&keys(1).pk[..])}]});
    let provider = json!({
        "issuer": ISSUER,
        "local_jwks": {"inline_string": jwks.to_string()},
        "payload_in_metadata": "jwt_payload",
        "forward": true,
    });
    let filter = json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"issuer": provider},
            "rules": [{
                "match": {"prefix": "/"},
                "requires": {"requires_any": {"requirements": [
                    {"provider_name": "issuer"}, {"allow_missing_or_failed": {}},
                ]}},
            }],
        },
    });
    launch.bootstrap.at(FILTERS).unwrap().as_array_mut().unwrap().insert(0, filter);
    launch.start().unwrap()
}

/// The statuses of two requests that fail at the origin: whoever is not let through is limited then.
fn twice(envoy: &Envoy, policy: &str, token: Option<&str>, agent: &str) -> [u16; 2] {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("user-agent", agent)];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let path = format!("/p/{policy}/401");
    [(); 2].map(|()| http::send(envoy.address(), "GET", &path, &headers, b"", DEADLINE).unwrap().status)
}

const LET_THROUGH: [u16; 2] = [401, 401];
const LIMITED: [u16; 2] = [401, 429];

#[test]
fn a_client_is_let_through_by_a_claim_of_its_verified_token() {
    let claim = |name: &str, kind: &str, value: &str| json!({"claim": {"payload": "jwt_payload", "name": name, kind: value}});
    let allow = json!({
        "by-text": claim("azp", "value", "partner"),
        "by-list": claim("groups", "holds", "partners"),
        "other-payload": {"claim": {"payload": "other", "name": "azp", "value": "partner"}},
    });
    let envoy = start(&Origin::obedient(), &allow);
    let is =
        |policy: &str, claims: Value, agent: &str| twice(&envoy, policy, Some(&token(1, &claims)), agent);
    assert_eq!(is("by-text", json!({"azp": "partner"}), "a"), LET_THROUGH);
    assert_eq!(is("by-list", json!({"groups": ["people", "partners"]}), "b"), LET_THROUGH);
    assert_eq!(is("by-list", json!({"groups": ["partners"]}), "b"), LET_THROUGH);
    let others = [
        ("by-text", json!({"azp": "partners"})),
        ("by-text", json!({"azp": ["partner"]})),
        ("by-text", json!({"azp": {"partner": "partner"}})),
        ("by-text", json!({"azp": 1, "sub": "partner"})),
        ("by-list", json!({"groups": "partners"})),
        ("by-list", json!({"groups": ["people"]})),
        ("by-list", json!({"groups": {"partners": true}})),
        ("by-list", json!({"groups": []})),
        ("other-payload", json!({"azp": "partner"})),
    ];
    for (n, (policy, claims)) in others.into_iter().enumerate() {
        assert_eq!(is(policy, claims.clone(), &format!("other{n}")), LIMITED, "{policy}: {claims}");
    }
    let forged = token(2, &json!({"azp": "partner"}));
    assert_eq!(twice(&envoy, "by-text", Some(&forged), "forger"), LIMITED, "signed by another");
    assert_eq!(twice(&envoy, "by-text", None, "nobody"), LIMITED);
    assert!(soon(|| seen(&envoy, "by-text", "allowed") == 2 && seen(&envoy, "by-list", "allowed") == 4));
}
