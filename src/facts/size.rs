//! What one request asks too much of: elements in an array, rows on a page.

use std::cmp::Ordering;

use super::body::BodyTrouble;
use super::{Headers, json, source};
use crate::policy::{Sizes, SubjectSource};

/// What a request asks too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TooMuch {
    /// An array in its body has too many elements.
    Items,
    /// The page that it wants is too large.
    Page,
}

impl TooMuch {
    /// The reason that is given.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Items => "too-many-items",
            Self::Page => "too-large-page",
        }
    }
}

/// Looks at what the request's head asks for.
pub fn read_head(sizes: &Sizes, headers: &Headers<'_>, found: &mut Option<TooMuch>) {
    let Some((place, at_most)) = &sizes.page else { return };
    if source::in_head(place, headers).is_some_and(|value| is_more(&value, *at_most)) {
        *found = Some(TooMuch::Page);
    }
}

/// Looks at what the request's decoded body asks for.
///
/// # Errors
/// The body is not JSON though the size of a page is read there.
pub fn read_body(sizes: &Sizes, body: &[u8], found: &mut Option<TooMuch>) -> Result<(), BodyTrouble> {
    if sizes.items.is_some_and(|at_most| json::longest_array(body) > at_most as usize) {
        *found = Some(TooMuch::Items);
    }
    if let Some((place, at_most)) = sizes.page.as_ref().filter(|(place, _)| SubjectSource::is_in_body(place))
        && source::in_body(place, body)?.is_some_and(|value| is_more(&value, *at_most))
    {
        *found = Some(TooMuch::Page);
    }
    Ok(())
}

/// Whether a text is a number whose whole part is above this, however long.
fn is_more(value: &[u8], at_most: u32) -> bool {
    compare(value, at_most).is_some_and(Ordering::is_gt)
}

/// Whether a text is a number whose whole part is no more than this.
#[must_use]
pub fn is_small(value: &[u8], at_most: u32) -> bool {
    compare(value, at_most).is_some_and(Ordering::is_le)
}

fn compare(value: &[u8], bound: u32) -> Option<Ordering> {
    let value = value.trim_ascii();
    let value = value.strip_prefix(b"+").unwrap_or(value);
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    let (whole, _) = value.split_at(digits);
    let number = std::str::from_utf8(whole).ok().and_then(|text| text.parse::<u64>().ok());
    (digits > 0).then(|| number.map_or(Ordering::Greater, |number| number.cmp(&u64::from(bound))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pointer;
    use proptest::prelude::*;

    fn found(sizes: &Sizes, path: &str, body: &str) -> Option<TooMuch> {
        let mut found = None;
        let headers = Headers::new(vec![(b":path", path.as_bytes())]);
        read_head(sizes, &headers, &mut found);
        read_body(sizes, body.as_bytes(), &mut found).unwrap();
        found
    }

    #[test]
    fn a_page_may_be_so_large() {
        let sizes = Sizes { items: None, page: Some((SubjectSource::Query("limit".into()), 100)) };
        for (path, more) in [
            ("/x?limit=100", false),
            ("/x?limit=101", true),
            ("/x?a=1&limit=%31000", true),
            ("/x?limit=99999999999999999999999999", true),
            ("/x?limit=1e9", false),
            ("/x?limit=-5", false),
            ("/x?limit=", false),
            ("/x", false),
        ] {
            assert_eq!(found(&sizes, path, "{}"), more.then_some(TooMuch::Page), "{path}");
        }
        let sizes = Sizes { items: None, page: Some((SubjectSource::Json(Pointer::parse("/first")), 50)) };
        assert_eq!(found(&sizes, "/", r#"{"first": 51}"#), Some(TooMuch::Page));
        assert_eq!(found(&sizes, "/", r#"{"first": 50}"#), None);
    }

    #[test]
    fn an_array_may_be_so_long_wherever_it_is() {
        let sizes = Sizes { items: Some(3), page: None };
        for (body, more) in [
            ("[1,2,3]", false),
            ("[1,2,3,4]", true),
            (r#"{"a":{"b":[[],[1,2,3,"x"]]}}"#, true),
            (r#"{"a":[1,2],"b":[1,2,3]}"#, false),
            ("[1,2,3,4", true),
            ("no json", false),
        ] {
            assert_eq!(found(&sizes, "/", body), more.then_some(TooMuch::Items), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let sizes = Sizes { items: Some(1), page: None };
            read_body(&sizes, &body, &mut None).unwrap();
        }
    }
}
