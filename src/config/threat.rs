//! OWASP's automated threats (Automated Threat Handbook, OAT-001 to OAT-021) as presets: which role's
//! rules see each. `docs/threats.md` says what of each is seen, and what is not.

use super::node::Node;
use super::preset::{PRESETS, Preset};
use super::words;

/// Threats and the roles that their requests have; `None`: nothing in a request or its answer tells of
/// it by itself.
const THREATS: [(&str, Option<&str>); 21] = [
    ("OAT-001", Some("add-payment")),
    ("OAT-002", Some("gift-card")),
    ("OAT-003", Some("send-code")),
    ("OAT-004", Some("content")),
    ("OAT-005", Some("add-to-cart")),
    ("OAT-006", Some("checkout")),
    ("OAT-007", Some("login")),
    ("OAT-008", Some("login")),
    ("OAT-009", None),
    ("OAT-010", Some("add-payment")),
    ("OAT-011", Some("content")),
    ("OAT-012", Some("checkout")),
    ("OAT-013", None),
    ("OAT-014", Some("content")),
    ("OAT-015", Some("content")),
    ("OAT-016", None),
    ("OAT-017", Some("comment")),
    ("OAT-018", Some("content")),
    ("OAT-019", Some("signup")),
    ("OAT-020", Some("login")),
    ("OAT-021", Some("add-to-cart")),
];

/// The preset of a threat, such as `preset: OAT-008`.
pub(super) fn read(node: &Node<'_>) -> Option<&'static Preset> {
    let role = node.choice(&THREATS)?;
    let preset = role.and_then(|role| PRESETS.iter().find(|preset| preset.word == role));
    if preset.is_none() {
        let roles = words::any_of(PRESETS.iter().map(|preset| preset.word));
        node.mistake(
            "no request tells of this threat by itself",
            format!("name what it is used for instead, by its role: {roles}"),
        );
    }
    preset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_threat_that_is_seen_has_a_preset() {
        for (threat, role) in THREATS {
            let Some(role) = role else { continue };
            assert!(PRESETS.iter().any(|preset| preset.word == role), "{threat}");
        }
    }
}
