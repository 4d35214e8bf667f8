//! Who is let through, whatever speaks against it.

use super::{Network, PolicyId, Secret};

/// One entry of `allow`. All of its conditions have to hold; it has at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
    /// Its name, which is the reason that is noted.
    pub name: String,
    /// The policies under which it counts; empty: all.
    pub policies: Vec<PolicyId>,
    /// Networks, the client's address in one of which; empty: any address.
    pub addresses: Vec<Network>,
    /// A header that holds a secret.
    pub header: Option<SecretHeader>,
    /// The identity of a client's certificate.
    pub peer: Option<Peer>,
    /// A claim of a verified JWT.
    pub claim: Option<Claim>,
    /// Whose signatures count; empty: no signature is asked for.
    pub signed_by: Vec<Signer>,
}

/// A header whose value nobody else knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretHeader {
    /// The header's (lower-case) name.
    pub name: String,
    /// Its value, at least 16 bytes.
    pub value: Secret,
}

/// What a client's certificate has to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it says so.
    pub identity: Identity,
    /// What it has to say, or how that has to begin.
    pub value: String,
    /// Whether more may follow.
    pub is_prefix: bool,
}

/// A part of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The first URI among the subject's alternative names.
    UriSan,
    /// The first DNS name among them.
    DnsSan,
    /// The subject, as RFC 2253 writes it.
    Subject,
    /// The SHA-256 digest of the certificate, in hexadecimal digits of lower case.
    Sha256,
}

impl Identity {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UriSan => "uri_san",
            Self::DnsSan => "dns_san",
            Self::Subject => "subject",
            Self::Sha256 => "sha256",
        }
    }
}

impl Peer {
    /// Whether what a certificate says is what is asked for.
    #[must_use]
    pub fn fits(&self, found: &[u8]) -> bool {
        match self.is_prefix {
            true => found.starts_with(self.value.as_bytes()),
            false => found == self.value.as_bytes(),
        }
    }
}

/// A claim of a JWT that Envoy's `jwt_authn` verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Under what the payload is in the dynamic metadata (`payload_in_metadata`).
    pub payload: String,
    /// The claim's name.
    pub name: String,
    /// Its value, or one of them.
    pub value: String,
    /// Whether the claim is a list that has to hold the value. A text is never taken for a list, since a
    /// user who chooses its bytes could write one into it.
    pub is_list: bool,
}

/// Someone who signs requests (Web Bot Auth).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The Ed25519 public key.
    pub key: [u8; 32],
    /// Its JWK thumbprint (RFC 7638 and 8037) in base64url, as `keyid` names it.
    pub key_id: String,
    /// What `Signature-Agent` has to say; `None`: anything, or nothing.
    pub agent: Option<String>,
}
