//! Clients that are let through by the certificate that they show, in real Envoy: only by one that Envoy
//! verified, and only where it says what the entry asks for.

use std::path::{Path, PathBuf};
use std::process::Command;

use palisade::sandbox::Envoy;
use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use serde_json::{Value, json};

use super::origin::Origin;
use super::stage::{counting, launch, seen, soon};

const CHAIN: &str = "/static_resources/listeners/0/filter_chains/0";

/// An authority and what it issued, as files in a folder.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    folder: PathBuf,
}

/// A certificate and its key, by their files; the digest of the certificate.
struct Shown {
    certificate: PathBuf,
    key: PathBuf,
    digest: String,
}

impl Authority {
    fn new(folder: &Path) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut own = CertificateParams::new(Vec::new()).unwrap();
        own.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        own.distinguished_name.push(DnType::CommonName, "tests");
        let pem = own.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(own, key), pem, folder: folder.to_owned() }
    }

    /// What has Envoy verify that a certificate was issued by it.
    fn trusted(&self) -> Value {
        json!({"trusted_ca": {"inline_string": self.pem}})
    }

    fn issue(&self, name: &str, uri: Option<&str>) -> Shown {
        let key = KeyPair::generate().unwrap();
        let mut own = CertificateParams::new(vec![format!("{name}.example")]).unwrap();
        own.distinguished_name.push(DnType::CommonName, name);
        own.subject_alt_names.extend(uri.map(|uri| SanType::URI(uri.try_into().unwrap())));
        let issued = own.signed_by(&key, &self.issuer).unwrap();
        let (certificate, key_file) =
            (self.folder.join(format!("{name}.pem")), self.folder.join(format!("{name}.key")));
        std::fs::write(&certificate, issued.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        let digest = hmac_sha256::Hash::hash(issued.der());
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Shown { certificate, key: key_file, digest }
    }
}

/// Policies that limit whoever failed once, one for each entry that is tried.
fn policies(names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), counting("failures", 1))).collect()
}

fn start(origin: &Origin, server: &Shown, validation: &Value, allow: &Value) -> Envoy {
    let names: Vec<&str> = allow.as_object().unwrap().keys().map(String::as_str).collect();
    let mut launch = launch(origin, &policies(&names));
    let configuration = launch.bootstrap.plugin_configuration().unwrap();
    configuration["allow"] = allow.clone();
    for name in names {
        configuration["allow"][name]["policies"] = json!([name]);
    }
    let context = json!({
        "tls_certificates": [{
            "certificate_chain": {"filename": server.certificate},
            "private_key": {"filename": server.key},
        }],
        "validation_context": validation,
    });
    launch.bootstrap.at(CHAIN).unwrap()["transport_socket"] = json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": context,
        },
    });
    launch.start().unwrap()
}

/// The status of a request that fails at the origin.
fn fail(envoy: &Envoy, policy: &str, shown: Option<&Shown>, agent: &str) -> String {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--insecure", "--max-time", "20", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code}", "--user-agent", agent])
        .arg(format!("https://{}/p/{policy}/401", envoy.address()));
    if let Some(shown) = shown {
        curl.arg("--cert").arg(&shown.certificate).arg("--key").arg(&shown.key);
    }
    String::from_utf8(curl.output().expect("curl").stdout).unwrap()
}

/// The statuses of two requests: the first fails, and whoever is not let through is limited then.
fn twice(envoy: &Envoy, policy: &str, shown: Option<&Shown>, agent: &str) -> [String; 2] {
    [(); 2].map(|()| fail(envoy, policy, shown, agent))
}

const LET_THROUGH: [&str; 2] = ["401", "401"];
const LIMITED: [&str; 2] = ["401", "429"];

#[test]
fn a_client_is_let_through_by_what_its_verified_certificate_says() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let server = authority.issue("server", None);
    let partner = authority.issue("partner", Some("spiffe://example/partner/till"));
    let other = authority.issue("other", Some("spiffe://example/other"));
    let origin = Origin::obedient();
    let allow = json!({
        "by-uri": {"peer": {"uri_san": "spiffe://example/partner/till"}},
        "by-beginning": {"peer": {"uri_san": "spiffe://example/partner/*"}},
        "by-dns": {"peer": {"dns_san": "partner.example"}},
        "by-subject": {"peer": {"subject": "CN=partner"}},
        "by-digest": {"peer": {"sha256": partner.digest}},
    });
    let envoy = start(&origin, &server, &authority.trusted(), &allow);
    for name in allow.as_object().unwrap().keys() {
        assert_eq!(twice(&envoy, name, Some(&partner), "partner"), LET_THROUGH, "{name}");
        assert_eq!(twice(&envoy, name, Some(&other), "other"), LIMITED, "{name}");
        assert_eq!(twice(&envoy, name, None, "nobody"), LIMITED, "{name}");
        assert!(soon(|| seen(&envoy, name, "allowed") == 2), "{name}: {}", seen(&envoy, name, "allowed"));
        assert!(soon(|| seen(&envoy, name, "failure") == 2), "{name}: who is let through is not counted");
    }
}

#[test]
fn a_certificate_of_nobody_knows_whom_does_not_get_in_where_an_authority_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let server = authority.issue("server", None);
    let stranger = Authority::new(folder.path()).issue("stranger", Some("spiffe://example/partner"));
    let allow = json!({"by-uri": {"peer": {"uri_san": "spiffe://example/partner"}}});
    let envoy = start(&Origin::obedient(), &server, &authority.trusted(), &allow);
    assert_eq!(fail(&envoy, "by-uri", Some(&stranger), "stranger"), "000", "Envoy ends the connection");
}

/// What `palisade check` warns of: then nothing tells a verified certificate from any other.
#[test]
fn where_envoy_is_told_to_accept_what_it_could_not_verify_any_certificate_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let server = authority.issue("server", None);
    let stranger = Authority::new(folder.path()).issue("stranger", Some("spiffe://example/partner"));
    let allow = json!({"by-uri": {"peer": {"uri_san": "spiffe://example/partner"}}});
    let mut validation = authority.trusted();
    validation["trust_chain_verification"] = json!("ACCEPT_UNTRUSTED");
    let envoy = start(&Origin::obedient(), &server, &validation, &allow);
    assert_eq!(twice(&envoy, "by-uri", Some(&stranger), "stranger"), LET_THROUGH);
}

#[test]
fn where_no_authority_is_named_no_certificate_counts() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let server = authority.issue("server", None);
    let partner = authority.issue("partner", Some("spiffe://example/partner"));
    let allow = json!({"by-uri": {"peer": {"uri_san": "spiffe://example/partner"}}});
    let envoy = start(&Origin::obedient(), &server, &json!({}), &allow);
    assert_eq!(twice(&envoy, "by-uri", Some(&partner), "partner"), LIMITED);
}
