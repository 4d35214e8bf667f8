//! The family of a user agent: what is left of it without minor releases, builds and devices, so
//! that one make of client stays one while its users update and change their phones.
//!
//! `docs/fingerprint.md` states the same rule for whoever computes it elsewhere.

/// Longest number that is kept; longer ones count builds or days.
const MAJOR_DIGITS: usize = 4;

/// What stays of an Android device's comment behind the part that names Android: the rest of it is
/// the model, its build and its language.
const KEPT_OF_A_DEVICE: [&[u8]; 3] = [b"wv", b"Mobile", b"Tablet"];

/// The family of an agent, as bytes. Never longer than the agent.
#[must_use]
pub fn family(agent: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(agent.len());
    let mut rest = agent;
    while let Some(open) = rest.iter().position(|&b| b == b'(') {
        let (before, behind) = rest.split_at(open + 1);
        let close = behind.iter().position(|&b| b == b')').unwrap_or(behind.len());
        let (comment, after) = behind.split_at(close);
        write_majors(before, &mut out);
        write_comment(comment, &mut out);
        rest = after;
    }
    write_majors(rest, &mut out);
    out
}

/// Writes a comment without what tells one Android device from another.
fn write_comment(comment: &[u8], out: &mut Vec<u8>) {
    let mut of_device = false;
    for (place, part) in comment.split(|&b| b == b';').enumerate() {
        let name = part.trim_ascii();
        if of_device && !KEPT_OF_A_DEVICE.contains(&name) && !name.starts_with(b"rv:") {
            continue;
        }
        if place > 0 {
            out.push(b';');
        }
        write_majors(part, out);
        of_device |= name.starts_with(b"Android");
    }
}

/// Writes a text with only the first number of each version.
fn write_majors(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    let mut of_build = false;
    while let Some((&first, after)) = rest.split_first() {
        let (word, behind) = rest.split_at(run(rest, |b| b.is_ascii_alphanumeric() || b == b'_'));
        if word.is_empty() {
            out.push(first);
            rest = after;
        } else if let Some((sign, number)) = as_version(word) {
            let digits = run(number, |b| b.is_ascii_digit());
            let major = number.get(..digits).filter(|_| digits <= MAJOR_DIGITS && !of_build);
            out.extend_from_slice(sign);
            out.extend_from_slice(major.unwrap_or_default());
            rest = behind.get(run(behind, is_of_version)..).unwrap_or_default();
        } else {
            of_build = word.eq_ignore_ascii_case(b"build");
            rest = write_name(word, behind, out);
        }
    }
}

/// A word that begins with a digit, or with `v` and a digit: the `v`, and the rest.
fn as_version(word: &[u8]) -> Option<(&[u8], &[u8])> {
    match word {
        [b'0'..=b'9', ..] => Some((b"", word)),
        [b'v' | b'V', b'0'..=b'9', ..] => word.split_at_checked(1),
        _ => None,
    }
}

/// What may follow the first number of a version and belongs to it.
fn is_of_version(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'~')
}

/// Writes a word, without the numbers of a model as Apple writes them: `iPhone14,5`. What follows.
fn write_name<'t>(word: &[u8], behind: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    let digits = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let name = word.get(..word.len() - digits).unwrap_or(word);
    match behind {
        [b',', more @ ..] if digits > 0 && more.first().is_some_and(u8::is_ascii_digit) => {
            out.extend_from_slice(name);
            more.get(run(more, |b| b.is_ascii_digit())..).unwrap_or_default()
        }
        _ => {
            out.extend_from_slice(word);
            behind
        }
    }
}

/// How many bytes at the beginning are of a kind.
fn run(text: &[u8], is_of_kind: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&b| is_of_kind(b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(agent: &str) -> String {
        String::from_utf8(family(agent.as_bytes())).unwrap()
    }

    #[test]
    fn minor_releases_are_one_family_and_major_ones_are_not() {
        let chrome =
            |version: &str| shown(&format!("Mozilla/5.0 (X11; Linux x86_64) Chrome/{version} Safari/537.36"));
        assert_eq!(chrome("156.0.0.0"), "Mozilla/5 (X11; Linux x86_64) Chrome/156 Safari/537");
        assert_eq!(chrome("156.0.7204.100"), chrome("156.0.0.0"));
        assert_ne!(chrome("157.0.0.0"), chrome("156.0.0.0"));
        assert_eq!(shown("curl/8.5.0-DEV"), "curl/8");
        assert_eq!(shown("Fuzz Faster U Fool v2.1.0"), "Fuzz Faster U Fool v2");
        assert_eq!(
            shown("Shop/412 CFNetwork/3826.500.131 Darwin/24.5.0"),
            "Shop/412 CFNetwork/3826 Darwin/24"
        );
    }

    #[test]
    fn builds_models_and_dates_are_taken_out() {
        assert_eq!(
            shown("Mozilla/5.0 (Linux; U; Android 14; SM-S918B Build/UP1A.231005.007; wv) Version/4.0"),
            "Mozilla/5 (Linux; U; Android 14; wv) Version/4"
        );
        assert_eq!(
            shown("(Android 13; Mobile; rv:109.0) Gecko/20100101"),
            "(Android 13; Mobile; rv:109) Gecko/"
        );
        assert_eq!(
            shown("(iPhone; CPU iPhone OS 18_7_1 like Mac OS X) Mobile/15E148"),
            "(iPhone; CPU iPhone OS 18 like Mac OS X) Mobile/15"
        );
        assert_eq!(
            shown("Shop/3.1 (a.b.c; build:77; iPhone14,5; iOS 17.1)"),
            "Shop/3 (a.b.c; build:; iPhone; iOS 17)"
        );
    }

    #[test]
    fn names_keep_their_digits() {
        for agent in ["X11 Win64 x86_64 i686", "", "FB4A", "a,5 b", "(unclosed; comment"] {
            assert_eq!(shown(agent), agent);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(agent in prop::collection::vec(any::<u8>(), 0..100)) {
            let family = super::family(&agent);
            prop_assert!(family.len() <= agent.len());
        }

        #[test]
        fn a_family_is_its_own(agent in "[a-c0-9 ._/,;()v-]{0,40}") {
            let once = super::family(agent.as_bytes());
            prop_assert_eq!(super::family(&once), once);
        }
    }
}
