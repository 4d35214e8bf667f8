//! What a build of a client sends: which headers, in which order, which TLS, which form of body.
//!
//! Headers are tables of names and values; words in braces stand for what differs between builds
//! (filled in once) or between requests (filled in when a request is written).

use std::rc::Rc;

use super::locale::Locale;
use super::random::mix;

/// One header as a table has it.
pub(crate) type Row = (&'static str, &'static str);

/// The headers of the three ways to ask.
#[derive(Clone, Copy)]
pub(crate) struct Orders {
    /// Opening a page.
    pub(crate) page: &'static [Row],
    /// Reading from the API.
    pub(crate) read: &'static [Row],
    /// Sending to the API.
    pub(crate) send: &'static [Row],
}

/// How languages are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    /// Chrome, Edge, Samsung Internet.
    Chromium,
    /// Firefox.
    Gecko,
    /// Safari, and every browser on iOS.
    WebKit,
}

impl Engine {
    /// Its `accept-language`.
    pub(crate) fn language(self, locale: &'static Locale) -> &'static str {
        match self {
            Engine::Chromium => locale.chromium,
            Engine::Gecko => locale.gecko,
            Engine::WebKit => locale.webkit,
        }
    }
}

/// A key of a JSON body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    /// The account.
    Email,
    /// Its password.
    Password,
    /// The name of who signs up.
    Name,
    /// A number that names a device, the same for each body of one client.
    Device,
    /// A key with this JSON value.
    Fixed(&'static str, &'static str),
}

/// The form of bodies that carry an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    /// `{"a": 1, "b": 2}` as Python writes, rather than `{"a":1,"b":2}`.
    pub(crate) spaced: bool,
    /// Keys to sign in with.
    pub(crate) login: Vec<Key>,
    /// Keys to sign up with.
    pub(crate) signup: Vec<Key>,
    /// The content type.
    pub(crate) content_type: &'static str,
}

/// One header of a build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    /// Always the same.
    Fixed(&'static str, Rc<str>),
    /// The agent, which some change with every request.
    Agent,
    /// The language.
    Language(&'static str),
    /// The session, where there is one.
    Cookie,
    /// The length of a body.
    Length,
    /// The mark of a prefetch, where it is one.
    Purpose,
}

/// A build of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Make {
    /// What a person would call it.
    pub(crate) name: Rc<str>,
    /// The agent.
    pub(crate) agent: Rc<str>,
    /// What the edge says of its TLS.
    pub(crate) tls: Rc<str>,
    /// The same where an earlier connection is resumed, which adds an extension.
    pub(crate) resumed: Rc<str>,
    /// The form of its bodies.
    pub(crate) form: Form,
    /// Opening a page.
    pub(crate) page: Vec<Slot>,
    /// Reading.
    pub(crate) read: Vec<Slot>,
    /// Sending.
    pub(crate) send: Vec<Slot>,
}

/// What differs between the builds of one table.
#[derive(Clone, Copy, Default)]
pub(crate) struct Words<'w> {
    /// `{agent}`
    pub(crate) agent: &'w str,
    /// `{brand}`
    pub(crate) brand: &'w str,
    /// `{platform}`
    pub(crate) platform: &'w str,
    /// `{mobile}`
    pub(crate) mobile: &'w str,
    /// `{version}`
    pub(crate) version: &'w str,
}

impl Make {
    /// A build: a table with its words filled in.
    pub(crate) fn new(name: &str, orders: &Orders, words: &Words<'_>, tls: &str, form: Form) -> Self {
        let fill = |rows: &'static [Row]| rows.iter().map(|row| slot(row, words, &form)).collect();
        Self {
            name: name.into(),
            agent: words.agent.into(),
            tls: tls.into(),
            resumed: resumed(tls).into(),
            page: fill(orders.page),
            read: fill(orders.read),
            send: fill(orders.send),
            form,
        }
    }
}

/// JA4 with one extension more, and so another digest of extensions.
fn resumed(tls: &str) -> String {
    let mut parts = tls.split('_');
    let (Some(head), Some(ciphers)) = (parts.next(), parts.next()) else { return tls.to_owned() };
    let counted = head.get(6..8).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(count), Some(start), Some(end)) = (counted, head.get(..6), head.get(8..)) else {
        return tls.to_owned();
    };
    let digest = tls.bytes().fold(41, |sum, byte| mix(sum ^ u64::from(byte))) >> 16;
    format!("{start}{:02}{end}_{ciphers}_{digest:012x}", count + 1)
}

fn slot(&(name, value): &Row, words: &Words<'_>, form: &Form) -> Slot {
    match value {
        "{agent}" => Slot::Agent,
        "{language}" => Slot::Language(name),
        "{cookie}" => Slot::Cookie,
        "{length}" => Slot::Length,
        "{purpose}" => Slot::Purpose,
        _ => {
            let value = value
                .replace("{brand}", words.brand)
                .replace("{platform}", words.platform)
                .replace("{mobile}", words.mobile)
                .replace("{version}", words.version)
                .replace("{type}", form.content_type);
            Slot::Fixed(name, value.into())
        }
    }
}

/// The form of the shop's own web page: what `JSON.stringify` makes of its two forms.
pub(crate) fn web_form() -> Form {
    Form {
        spaced: false,
        login: vec![Key::Email, Key::Password, Key::Fixed("remember", "true")],
        signup: vec![Key::Email, Key::Password, Key::Name, Key::Fixed("newsletter", "false")],
        content_type: "application/json",
    }
}
