use super::*;
use ct_codecs::{Base64, Base64UrlSafeNoPadding, Decoder, Encoder};
use ed25519_compact::{KeyPair, Seed};
use proptest::prelude::*;

const NOW_S: i64 = 1_800_000_000;

/// The key `test-key-ed25519` of RFC 9421, B.1.4, and its thumbprint.
fn rfc_signer() -> Signer {
    let mut key = [0; 32];
    Base64UrlSafeNoPadding::decode(&mut key, b"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs", None).unwrap();
    Signer { key, key_id: "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U".into(), agent: None }
}

fn headers<'h>(pairs: &[(&'h str, &'h str)]) -> Headers<'h> {
    Headers::new(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect())
}

/// A signature whatever its tag and times.
fn verifies(pairs: &[(&str, &str)], signer: &Signer) -> bool {
    let headers = headers(pairs);
    let field = |name| structured::dictionary(&joined(&headers, name).unwrap()).unwrap();
    let (inputs, signatures) = (field("signature-input"), field("signature"));
    let input = &inputs[0];
    let Value::List(covered) = &input.value else { return false };
    let Value::Item(Bare::Bytes(signature)) = &signatures[0].value else { return false };
    let Some(base) = base(covered, &input.written, &headers) else { return false };
    let claimed = Claimed {
        key_id: input.parameters.text("keyid").unwrap().to_owned(),
        agent: None,
        base,
        signature: signature.as_slice().try_into().unwrap(),
    };
    claimed.is_by(signer)
}

/// RFC 9421, B.2.6.
#[test]
fn the_vector_of_the_rfc_holds() {
    let pairs = [
        (":method", "POST"),
        (":path", "/foo?param=Value&Pet=dog"),
        (":authority", "example.com"),
        (":scheme", "https"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("content-length", "18"),
        (
            "signature-input",
            "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"",
        ),
        (
            "signature",
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
        ),
    ];
    assert!(verifies(&pairs, &rfc_signer()));
    let mut other = pairs;
    other[0].1 = "PUT";
    assert!(!verifies(&other, &rfc_signer()));
}

/// draft-meunier-web-bot-auth-architecture, test vectors with Ed25519. They are good for a hundred years, which is
/// more than is believed here.
#[test]
fn the_vectors_of_the_draft_hold() {
    let request = [
        (":method", "GET"),
        (":path", "/path/to/resource"),
        (":authority", "example.com"),
        (":scheme", "https"),
    ];
    let of_bot = [
        (
            "signature-input",
            "sig1=(\"@authority\");created=1735689600;keyid=\"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U\";alg=\"ed25519\";expires=4889289600;nonce=\"zIW8+cdmA3vdYagbxojpONwa/l0EKJ/O3/wD486VvsQjO/RxPaSt6ZxvQaMcQzNnqKN/mQ6hpGiFro2L2qkz5A==\";tag=\"web-bot-auth\"",
        ),
        (
            "signature",
            "sig1=:QKN4fTdIYfh82fvoZCQiQA1weuozfCS/Led2zTMbewMMqH8PI2Wsy/5c4ao6B6D09nraNQdBNOADg8aM1MqfCg==:",
        ),
    ];
    let with_agent = [
        (
            "signature-input",
            "sig2=(\"@authority\" \"signature-agent\";key=\"agent2\");created=1735689600;keyid=\"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U\";alg=\"ed25519\";expires=4889289600;nonce=\"n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8PVVLySrAWsv0hQtFioQb6E1YsauiA==\";tag=\"web-bot-auth\"",
        ),
        (
            "signature",
            "sig2=:RdNFx5Bj6au3YgAMQL/RzmUlZE8QZLIaXGRpw985hWnwPfMxT228NMk6ehRS1PSl4e8PhbNZACSanGdhEwYCCg==:",
        ),
        ("signature-agent", "agent2=\"https://signature-agent.test\""),
    ];
    for vector in [&of_bot[..], &with_agent[..]] {
        let pairs = [&request[..], vector].concat();
        assert!(verifies(&pairs, &rfc_signer()));
        assert_eq!(claimed(&headers(&pairs), NOW_S as u64), [], "for too long");
        let mut elsewhere = pairs;
        elsewhere[2].1 = "shop.example";
        assert!(!verifies(&elsewhere, &rfc_signer()));
    }
}

fn encoded(bytes: &[u8]) -> String {
    let mut room = [0; 90];
    Base64::encode_to_str(&mut room, bytes).unwrap().to_owned()
}

/// A bot that signs.
struct Bot {
    keys: KeyPair,
    signer: Signer,
}

impl Bot {
    fn new() -> Self {
        let keys = KeyPair::from_seed(Seed::new([7; 32]));
        let signer = Signer { key: *keys.pk, key_id: "bot".into(), agent: None };
        Self { keys, signer }
    }

    /// The headers of a request that it signs as it is told, and what comes of them.
    fn sends(&self, input: &str, more: &[(&str, &str)]) -> bool {
        self.sends_for("shop.example", input, more)
    }

    fn sends_for(&self, authority: &str, input: &str, more: &[(&str, &str)]) -> bool {
        let request =
            [(":method", "GET"), (":path", "/a?b=c"), (":authority", "shop.example"), (":scheme", "https")];
        let pairs = [&request[..], more].concat();
        let mut signed = pairs.clone();
        signed[2].1 = authority;
        let field = format!("s={input}");
        let Some(members) = structured::dictionary(field.as_bytes()) else { return false };
        let Value::List(covered) = &members[0].value else { return false };
        let base = base(covered, &members[0].written, &headers(&signed)).unwrap_or_default();
        let signature = encoded(&self.keys.sk.sign(base, None)[..]);
        let signature = format!("s=:{signature}:");
        let whole = [&pairs[..], &[("signature-input", &field), ("signature", &signature)]].concat();
        Patience::default().finds(&claimed(&headers(&whole), NOW_S as u64), &self.signer, 1)
    }
}

/// The parameters of a signature that holds.
fn good(covered: &str) -> String {
    format!("({covered});created={};expires={};keyid=\"bot\";tag=\"web-bot-auth\"", NOW_S - 10, NOW_S + 300)
}

#[test]
fn what_its_owner_signed_is_his() {
    let bot = Bot::new();
    let agent = [("signature-agent", "\"https://bot.example\"")];
    assert!(bot.sends(&good("\"@authority\""), &[]));
    assert!(bot.sends(
        &good("\"@target-uri\" \"@method\" \"@path\" \"@query\" \"@scheme\" \"@request-target\""),
        &[]
    ));
    assert!(bot.sends(&good("\"@authority\" \"signature-agent\""), &agent));
    assert!(bot.sends(&good("\"@authority\" \"accept\""), &[("accept", " a"), ("accept", "b ")]));
    assert!(bot.sends(&format!("{};alg=\"ed25519\";nonce=\"x\";other=?0", good("\"@authority\"")), &[]));
}

#[test]
fn what_is_made_out_to_another_is_not_his() {
    let bot = Bot::new();
    assert!(!bot.sends_for("elsewhere.example", &good("\"@authority\""), &[]));
    assert!(bot.sends_for("SHOP.example:443", &good("\"@authority\""), &[]));
    assert!(!bot.sends_for("shop.example:80", &good("\"@authority\""), &[]));
}

#[test]
fn what_is_not_covered_or_not_known_is_not_signed() {
    let bot = Bot::new();
    let agent = [("signature-agent", "\"https://bot.example\"")];
    assert!(!bot.sends(&good("\"@method\""), &[]), "made out to nobody");
    assert!(!bot.sends(&good("\"@authority\""), &agent), "the agent is not covered");
    for covered in [
        "\"@authority\" \"@authority\"",
        "\"@authority\" \"@status\"",
        "\"@authority\" \"@unknown\"",
        "\"@authority\" \"@query-param\";name=\"b\"",
        "\"@authority\";req",
        "\"@authority\" \"absent\"",
        "\"@authority\" \":path\"",
        "\"@authority\" \"Accept\"",
        "\"@authority\" \"accept\";sf",
        "\"@authority\" \"accept\";key=\"a\";bs",
        "\"@authority\" \"signature-agent\";key=\"x\"",
    ] {
        assert!(!bot.sends(&good(covered), &[("accept", "a"), ("Accept", "a")]), "{covered}");
    }
}

#[test]
fn times_are_those_of_the_host() {
    let bot = Bot::new();
    let sends = |created: i64, expires: i64| {
        let times = format!("created={};expires={}", NOW_S + created, NOW_S + expires);
        bot.sends(&format!("(\"@authority\");{times};keyid=\"bot\";tag=\"web-bot-auth\""), &[])
    };
    assert!(sends(0, 1) && sends(60, 61) && sends(-86_399, 1));
    assert!(!sends(0, 0) && !sends(61, 90) && !sends(-86_400, 1) && !sends(-10, -5));
    let without = |what: &str| {
        let all = format!(
            "(\"@authority\");created={NOW_S};expires={};keyid=\"bot\";tag=\"web-bot-auth\"",
            NOW_S + 9
        );
        let left: Vec<&str> = all.split(';').filter(|part| !part.starts_with(what)).collect();
        bot.sends(&left.join(";"), &[])
    };
    assert!(without("nothing"));
    assert!(!without("created") && !without("expires") && !without("keyid") && !without("tag"));
}

#[test]
fn another_algorithm_tag_or_key_is_not_his() {
    let bot = Bot::new();
    let input = good("\"@authority\"");
    assert!(!bot.sends(&format!("{input};alg=\"hmac-sha256\""), &[]));
    assert!(!bot.sends(&format!("{input};alg=ed25519"), &[]), "no text");
    assert!(!bot.sends(&input.replace("web-bot-auth", "other"), &[]));
    assert!(!bot.sends(&input.replace("\"bot\"", "\"other\""), &[]));
    let mut other = Bot::new();
    other.signer.key = rfc_signer().key;
    assert!(!other.sends(&input, &[]));
    other.signer.key = [0; 32];
    assert!(!other.sends(&input, &[]), "a key of small order is nobody's");
}

#[test]
fn who_is_asked_for_has_to_be_who_it_says() {
    let mut bot = Bot::new();
    bot.signer.agent = Some("https://bot.example".into());
    let text = [("signature-agent", "\"https://bot.example\"")];
    let dictionary =
        [("signature-agent", "x=\"https://other.example\", s=\"https://bot.example\";type=directory")];
    assert!(bot.sends(&good("\"@authority\" \"signature-agent\""), &text));
    assert!(bot.sends(&good("\"@authority\" \"signature-agent\";key=\"s\""), &dictionary));
    assert!(!bot.sends(&good("\"@authority\" \"signature-agent\";key=\"x\""), &dictionary));
    assert!(!bot.sends(
        &good("\"@authority\" \"signature-agent\""),
        &[("signature-agent", "\"https://other.example\"")]
    ));
    assert!(
        !bot.sends(
            &good("\"@authority\" \"signature-agent\""),
            &[("signature-agent", "https://bot.example")]
        )
    );
    assert!(!bot.sends(&good("\"@authority\""), &[]));
}

#[test]
fn of_several_signatures_any_that_fits_counts_and_of_many_two_are_looked_at() {
    let bot = Bot::new();
    let request = [(":authority", "shop.example"), (":scheme", "https")];
    let sign = |input: &str| {
        let members = structured::dictionary(format!("s={input}").as_bytes()).unwrap();
        let Value::List(covered) = &members[0].value else { panic!() };
        let base = base(covered, &members[0].written, &headers(&request)).unwrap();
        encoded(&bot.keys.sk.sign(base, None)[..])
    };
    let input = good("\"@authority\"");
    let forged = encoded(&[1; 64]);
    let finds = |labels: &[(&str, bool)]| {
        let each = |(label, genuine): &(&str, bool)| {
            let signature = if *genuine { sign(&input) } else { forged.clone() };
            (format!("{label}={input}"), format!("{label}=:{signature}:"))
        };
        let (inputs, signatures): (Vec<_>, Vec<_>) = labels.iter().map(each).unzip();
        let (inputs, signatures) = (inputs.join(", "), signatures.join(", "));
        let whole = [&request[..], &[("signature-input", &inputs), ("signature", &signatures)]].concat();
        Patience::default().finds(&claimed(&headers(&whole), NOW_S as u64), &bot.signer, 1)
    };
    assert!(finds(&[("a", true)]) && finds(&[("a", false), ("b", true)]));
    assert!(!finds(&[("a", false), ("b", false), ("c", true)]));
}

#[test]
fn forgers_wear_out_a_workers_patience_and_owners_do_not() {
    let signer = rfc_signer();
    let of =
        |signature| Claimed { key_id: signer.key_id.clone(), agent: None, base: b"x".to_vec(), signature };
    let forged = [of([1; 64])];
    let mut patience = Patience::default();
    for _ in 0..FORGED_AT_ONCE {
        assert!(!patience.finds(&forged, &signer, 1_000_000));
    }
    let bot = Bot::new();
    let genuine = [Claimed { key_id: "bot".into(), ..of(*bot.keys.sk.sign(b"x", None)) }];
    assert!(!patience.finds(&genuine, &bot.signer, 1_000_000), "for a moment nothing is signed");
    for _ in 0..1000 {
        assert!(patience.finds(&genuine, &bot.signer, 1_000_100));
    }
    assert!(patience.finds(&genuine, &bot.signer, 0), "a clock that jumps back");
}

proptest! {
    #[test]
    fn whatever_is_sent_is_survived(
        input in "[a-z0-9=()\"@;:, -]{0,120}", signature in prop::collection::vec(any::<u8>(), 0..90), agent in ".{0,30}"
    ) {
        let pairs = Headers::new(vec![
            (b"signature-input", input.as_bytes()), (b"signature", &signature), (b"signature-agent", agent.as_bytes())
        ]);
        prop_assert!(claimed(&pairs, NOW_S as u64).len() <= MOST);
    }

    /// One bit of the signed request or of the signature changed, and it is nobody's.
    #[test]
    fn nothing_can_be_changed(place in any::<prop::sample::Index>(), bit in 0_u8..7, of_signature: bool) {
        let bot = Bot::new();
        let base = b"\"@authority\": shop.example\n\"@signature-params\": ()".to_vec();
        let signature = *bot.keys.sk.sign(&base, None);
        let mut claimed = Claimed { key_id: "bot".into(), agent: None, base, signature };
        prop_assert!(claimed.is_by(&bot.signer));
        let bytes = if of_signature { &mut claimed.signature[..] } else { &mut claimed.base[..] };
        bytes[place.index(bytes.len())] ^= 1 << bit;
        prop_assert!(!claimed.is_by(&bot.signer));
    }
}
