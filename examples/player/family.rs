//! How one make of client writes its requests: which headers, in which order, in which letters.
//!
//! The tables are in `browser` and `tool`. Nothing here says whether the client is welcome.

use super::wire;

/// A make of client.
pub(crate) struct Family {
    /// The value of its user agent header.
    pub(crate) agent: &'static str,
    /// The value of `sec-ch-ua`, where it sends one.
    pub(crate) brand: &'static str,
    /// The value of `sec-ch-ua-platform`, where it sends one.
    pub(crate) platform: &'static str,
    /// The value of `sec-ch-ua-mobile`, where it sends one.
    pub(crate) mobile: &'static str,
    /// The value of `accept-language`, where it sends one.
    pub(crate) language: &'static str,
    /// The order of its headers.
    pub(crate) order: &'static Order,
    /// Where it keeps its session.
    pub(crate) keeps: Keeps,
}

/// The headers of a make, for each kind of request.
pub(crate) struct Order {
    /// Opening a page.
    pub(crate) page: &'static [Slot],
    /// Reading from the API.
    pub(crate) read: &'static [Slot],
    /// Sending to the API.
    pub(crate) send: &'static [Slot],
}

/// Where a make keeps its session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// In a cookie.
    Cookie,
    /// As the token of `authorization: Bearer`.
    Token,
    /// Nowhere: each request stands alone.
    Nothing,
}

/// One header, under the name this make writes; left out of a request that has nothing for it.
pub(crate) enum Slot {
    /// The host asked for.
    Host(&'static str),
    /// The same value each time.
    Fixed(&'static str, &'static str),
    /// The family's agent.
    Agent(&'static str),
    /// The family's brand.
    Brand,
    /// The family's platform.
    Platform,
    /// The family's mobile mark.
    Mobile,
    /// The family's language.
    Language(&'static str),
    /// `application/json`, where there is a body.
    Type(&'static str),
    /// The length of the body of a request that sends.
    Length(&'static str),
    /// The session's cookie.
    Cookie(&'static str),
    /// The session's token.
    Token(&'static str),
    /// The origin of the page.
    Origin(&'static str),
    /// The page asked from.
    Referer(&'static str),
}

/// A request before it has headers.
pub(crate) struct Bare<'a> {
    /// The method.
    pub(crate) method: &'a str,
    /// The path with its query.
    pub(crate) path: &'a str,
    /// The body.
    pub(crate) body: Option<&'a str>,
    /// The client's address, which the trusted edge in front of Envoy would add.
    pub(crate) address: &'a str,
    /// The session, if one began.
    pub(crate) session: Option<&'a str>,
}

/// The host that every request asks for.
pub(crate) const HOST: &str = "shop.example";

impl Family {
    /// The request as this make writes it, in HTTP/1.1.
    pub(crate) fn write(&self, bare: &Bare<'_>) -> Vec<u8> {
        let order = self.order;
        let slots = match bare.method {
            "GET" if bare.path.starts_with("/api/") => order.read,
            "GET" => order.page,
            _ => order.send,
        };
        let headers = slots.iter().filter_map(|slot| self.header(slot, bare));
        let address = ("x-forwarded-for", bare.address.to_owned());
        wire::write(bare.method, bare.path, headers.chain([address]), bare.body.unwrap_or("").as_bytes())
    }

    fn header(&self, slot: &Slot, bare: &Bare<'_>) -> Option<(&'static str, String)> {
        let session = |keeps| bare.session.filter(|_| self.keeps == keeps);
        Some(match *slot {
            Slot::Host(name) => (name, HOST.to_owned()),
            Slot::Fixed(name, value) => (name, value.to_owned()),
            Slot::Agent(name) => (name, self.agent.to_owned()),
            Slot::Brand => ("sec-ch-ua", self.brand.to_owned()),
            Slot::Platform => ("sec-ch-ua-platform", self.platform.to_owned()),
            Slot::Mobile => ("sec-ch-ua-mobile", self.mobile.to_owned()),
            Slot::Language(name) => (name, self.language.to_owned()),
            Slot::Type(name) => (name, bare.body.map(|_| "application/json".to_owned())?),
            Slot::Length(name) => {
                let sends = bare.body.is_some() || bare.method == "POST";
                (name, sends.then(|| bare.body.unwrap_or("").len().to_string())?)
            }
            Slot::Cookie(name) => (name, format!("sid={}", session(Keeps::Cookie)?)),
            Slot::Token(name) => (name, format!("Bearer {}", session(Keeps::Token)?)),
            Slot::Origin(name) => (name, format!("https://{HOST}")),
            Slot::Referer(name) => (name, format!("https://{HOST}/")),
        })
    }
}
