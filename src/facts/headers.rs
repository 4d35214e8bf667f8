//! A view of an exchange's headers as bytes: Envoy lets values in that are not UTF-8.

/// Headers in the order they came. Names are lower-case, as Envoy gives them.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a> {
    pairs: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Headers<'a> {
    /// From pairs of name and value.
    #[must_use]
    pub fn new(pairs: Vec<(&'a [u8], &'a [u8])>) -> Self {
        Self { pairs }
    }

    /// Reads the serialized map of the proxy-wasm ABI: the number of pairs, the lengths of each
    /// name and value, then names and values, each closed by a zero byte; numbers are 32-bit
    /// little-endian. Bytes that are not of that form end the list early.
    #[must_use]
    pub fn from_wire(bytes: &'a [u8]) -> Self {
        let count = read_u32(bytes, 0).unwrap_or(0);
        // A pair takes ten bytes at the least; a larger count is a lie.
        let count = count.min(bytes.len() / 10);
        let mut pairs = Vec::with_capacity(count);
        let mut data = 4 + count * 8;
        for index in 0..count {
            let lengths = 4 + index * 8;
            let (Some(name_len), Some(value_len)) = (read_u32(bytes, lengths), read_u32(bytes, lengths + 4))
            else {
                break;
            };
            let value_start = data.saturating_add(name_len).saturating_add(1);
            let end = value_start.saturating_add(value_len);
            let (Some(name), Some(value)) =
                (bytes.get(data..value_start.saturating_sub(1)), bytes.get(value_start..end))
            else {
                break;
            };
            pairs.push((name, value));
            data = end + 1;
        }
        Self { pairs }
    }

    /// The value of the first header of that (lower-case) name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.pairs.iter().find(|(n, _)| *n == name.as_bytes()).map(|(_, v)| *v)
    }

    /// All headers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        self.pairs.iter().copied()
    }

    /// The cookie of that name. Where a client sends several, the first counts.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&'a [u8]> {
        self.iter()
            .filter(|(header, _)| *header == b"cookie")
            .flat_map(|(_, value)| value.split(|&b| b == b';'))
            .find_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }

    /// The value that an answer sets a cookie of that name to; of several the last, as browsers have it.
    #[must_use]
    pub fn set_cookie(&self, name: &str) -> Option<&'a [u8]> {
        let set = self.iter().filter(|(header, _)| *header == b"set-cookie");
        let values = set.filter_map(|(_, value)| {
            let mut parts = value.split(|&b| b == b';').map(<[u8]>::trim_ascii);
            let held = parts.next()?.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
            (!parts.any(is_taken_back)).then_some(held)
        });
        values.last()
    }

    /// The token of `authorization: Bearer TOKEN`.
    #[must_use]
    pub fn bearer(&self) -> Option<&'a [u8]> {
        let value = self.get("authorization")?;
        let (scheme, token) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
    }

    /// The same headers without those of these names.
    #[must_use]
    pub fn without(&self, names: &[&[u8]]) -> Self {
        Self { pairs: self.iter().filter(|(name, _)| !names.contains(name)).collect() }
    }

    /// Whether the value of a header begins with this text, whatever its case.
    #[must_use]
    pub fn begins(&self, name: &str, text: &str) -> bool {
        self.get(name)
            .and_then(|value| value.get(..text.len()))
            .is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
    }
}

fn read_u32(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_le_bytes(four) as usize)
}

/// Whether an attribute of a cookie says that the client is to forget it: an age of nothing, or an end in the
/// year in which time began (RFC 6265, 4.1.2).
fn is_taken_back(attribute: &[u8]) -> bool {
    let mut sides = attribute.splitn(2, |&b| b == b'=').map(<[u8]>::trim_ascii);
    let (Some(name), Some(value)) = (sides.next(), sides.next()) else { return false };
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    is(b"max-age") && (value == b"0" || value.starts_with(b"-"))
        || is(b"expires") && value.windows(4).any(|year| year == b"1970")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wire(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut out = (pairs.len() as u32).to_le_bytes().to_vec();
        for (name, value) in pairs {
            out.extend((name.len() as u32).to_le_bytes());
            out.extend((value.len() as u32).to_le_bytes());
        }
        for (name, value) in pairs {
            out.extend(*name);
            out.push(0);
            out.extend(*value);
            out.push(0);
        }
        out
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let pairs: Vec<(&[u8], &[u8])> = vec![(b"cookie", b"xsid=1; sid=2"), (b"cookie", b"sid=3")];
        assert_eq!(Headers::new(pairs).cookie("sid"), Some(&b"2"[..]));
    }

    #[test]
    fn bearer_needs_its_scheme() {
        let with: Vec<(&[u8], &[u8])> = vec![(b"authorization", b"bearer abc")];
        let without: Vec<(&[u8], &[u8])> = vec![(b"authorization", b"Basic abc")];
        assert_eq!(Headers::new(with).bearer(), Some(&b"abc"[..]));
        assert_eq!(Headers::new(without).bearer(), None);
    }

    proptest! {
        #[test]
        fn wire_form_is_read_back(pairs in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..9), prop::collection::vec(any::<u8>(), 0..9)), 0..9)) {
            let pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|(n, v)| (&n[..], &v[..])).collect();
            let bytes = wire(&pairs);
            prop_assert_eq!(Headers::from_wire(&bytes).iter().collect::<Vec<_>>(), pairs);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Headers::from_wire(&bytes).iter().count();
        }
    }
}
