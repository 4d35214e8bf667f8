//! What is valid and enforced: the configuration after every check has passed.
//!
//! These types are inert. They are built once, by [`crate::config`], and never checked again:
//! every index is in range, every name exists, every duration is above zero.

use std::collections::BTreeMap;

mod allow;
mod candidate;
mod decoy;
mod decree;
mod flow;
mod ladder;
mod network;
mod pointer;
pub mod printed;
mod route;
mod rule;
mod trust;

pub use allow::{Allow, Claim, Identity, Peer, SecretHeader, Signer};
pub use candidate::{Candidate, WHOLE_SHARE};
pub use decoy::{Alphabet, Decoy, Made, Mask, MaskPart, Piece, SubjectForm, Template, TimeForm};
pub use decree::{DecreeRule, LASTING, MOST_DECREES, RuledAs, Target};
pub use flow::{Flow, Proof, Requirement};
pub use ladder::{Ladder, Limit, Rate, Rung};
pub use network::{Network, NoNetwork};
pub use pointer::Pointer;
pub use printed::FingerprintId;
pub use route::{PathPattern, RouteMatch, without_query};
pub use rule::{
    DETECTORS, Detector, FAILURE_TEST_MAX_NATS, Facet, FailureTest, FanOut, Finding, Rule, TEXTS, TallySpec,
    counts_probes, is_address_only,
};
pub use trust::{Trust, is_shared};

/// Everything an operator configured, ready to be enforced.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Bytes that the shared table may use in Envoy's process, per-entry overhead included.
    pub memory_bytes: u64,
    /// The operator's secret; every key and subject hash is keyed with it.
    pub secret: Secret,
    /// How much of a request or response body is read, in bytes.
    pub body_limit: usize,
    /// Whether Envoy lets this filter hold request headers until the body was judged
    /// (`allow_on_headers_stop_iteration: true` in Envoy's plugin configuration).
    pub hold_headers: bool,
    /// Whether rules for business flows are learned from traffic and proposed in the log.
    pub propose_flows: bool,
    /// Where the facets of a client are read.
    pub client: ClientSources,
    /// What to do with a request whose policy is unknown.
    pub on_trouble: OnTrouble,
    /// How many requests may be held at a time in each worker, at least 1.
    pub held: u32,
    /// How much passes of keys' requests, whatever they come to.
    pub limits: Vec<Limit>,
    /// The forms of the canary values that decoys hand out.
    pub canaries: Vec<Mask>,
    /// Who is let through, in order of the names; the first that fits is noted.
    pub allow: Vec<Allow>,
    /// What sessions earn by doing business; `None`: nothing.
    pub trust: Option<Trust>,
    /// The policies; a [`PolicyId`] is an index into this list.
    pub policies: Vec<Policy>,
    /// Names of policies, as routes refer to them.
    pub by_name: BTreeMap<String, PolicyId>,
    /// Routes named here, because they cannot be edited in Envoy; the first match counts.
    pub routes: Vec<Route>,
    /// What the operator ruled by hand.
    pub decrees: Vec<DecreeRule>,
    /// What is tried beside all this; `None`: nothing.
    pub candidate: Option<Box<Candidate>>,
}

/// The operator's secret. Its `Debug` form never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Index of a policy in [`Settings::policies`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(pub u16);

/// A route that the plugin configuration itself gives a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Which requests it is for.
    pub matches: RouteMatch,
    /// The policy it gives them.
    pub policy: PolicyId,
}

/// Where the facets of a client are read.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ClientSources {
    /// A header, set by a trusted edge, that holds the address; `None`: Envoy's own.
    pub address: Option<String>,
    /// Where the session is; `None`: requests have no session facet.
    pub session: Option<SessionSource>,
    /// Where the TLS fingerprint is; `None`: requests have no TLS facet.
    pub tls: Option<TlsSource>,
    /// Lower-case names of headers that an edge adds, left out of the fingerprint.
    pub edge_headers: Vec<String>,
}

/// Where a session identifier is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionSource {
    /// The cookie of this name.
    Cookie(String),
    /// The header of this (lower-case) name.
    Header(String),
    /// The token of `authorization: Bearer`.
    Bearer,
}

/// Where a TLS fingerprint (for example JA4) is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSource {
    /// The header of this (lower-case) name, overwritten by a trusted edge.
    Header(String),
    /// Envoy's filter state under this key, as a string.
    FilterState(String),
}

/// What is enforced on the operations of a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name: lower-case letters, digits and dashes; at most 40 of them.
    pub name: String,
    /// What the operations are to the business.
    pub role: Role,
    /// Whether verdicts are carried out or only reported.
    pub mode: Mode,
    /// Where the subject is read; `None`: requests have no subject.
    pub subject: Option<SubjectSource>,
    /// Where what is tried on the subject is read, in up to three parts; empty: nowhere.
    pub secret: Vec<SubjectSource>,
    /// Where the text is read that the request posts; `None`: it posts none.
    pub text: Option<SubjectSource>,
    /// Where the amount is read, and up to what it is small; `None`: there is none.
    pub small: Option<(SubjectSource, u32)>,
    /// How a GraphQL request counts as what it does; `None`: requests are no GraphQL.
    pub graphql: Option<Graphql>,
    /// What one request may ask for.
    pub sizes: Sizes,
    /// How a failure is told from the origin's answer.
    pub failure: AnswerMatch,
    /// How a success is told; `None`: any 1xx to 3xx answer that is not a failure.
    pub success: Option<AnswerMatch>,
    /// What to do with a request that cannot be judged.
    pub on_trouble: OnTrouble,
    /// The tallies that the rules read; each rule has an index into this list.
    pub tallies: Vec<TallySpec>,
    /// The rules, preset and own, in order of their names.
    pub rules: Vec<Rule>,
    /// From score to action.
    pub ladder: Ladder,
    /// How clients are deceived; `None`: the ladder does not.
    pub decoy: Option<Decoy>,
    /// What a request costs of each of [`Settings::limits`], in tokens; 0: it is not under that limit.
    pub costs: Vec<u32>,
    /// How behaviors are learned; `None`: they are not.
    pub learning: Option<Learning>,
    /// What it has to do with business flows; `None`: nothing.
    pub flow: Option<Flow>,
}

/// Which operations of a GraphQL request count, and what they act on.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Graphql {
    /// The fields at the top of an operation that count, by their names; empty: all.
    pub fields: Vec<String>,
    /// The names that lead to the subject in a field's arguments; empty: the subject is the request's.
    pub subject: Vec<String>,
    /// The names that lead to the secret; empty: the secret is the request's.
    pub secret: Vec<String>,
}

/// What one request may ask for; more is refused.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Sizes {
    /// How many elements an array in a JSON body may have, at least 1; `None`: as many as fit.
    pub items: Option<u32>,
    /// Where a request says how large a page it wants, and how large it may be.
    pub page: Option<(SubjectSource, u32)>,
}

/// How a policy learns which behaviors are hostile.
#[derive(Clone, Debug, PartialEq)]
pub struct Learning {
    /// The share of customers' requests that fail, where nothing was learned yet: above 0, below 1.
    pub usual: f64,
    /// Whether that share is learned from traffic.
    pub learns_usual: bool,
    /// What has to follow a success for it to count as one; `None`: nothing.
    pub follow_up: Option<FollowUp>,
}

/// What customers do after something and attackers do not: verify an account, pay for a cart.
#[derive(Clone, Debug, PartialEq)]
pub struct FollowUp {
    /// The policies under any of which a success is meant.
    pub policies: Vec<PolicyId>,
    /// Whether the two belong together by their session, rather than by their subject.
    pub by_session: bool,
    /// How long it may take, in milliseconds: a minute to a week.
    pub within_ms: u64,
}

/// What operations are to the business; picks the preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Signing in with a secret.
    Login,
    /// Creating an account.
    Signup,
    /// Proving with a code that an address or a telephone is one's own.
    Verification,
    /// Having a code sent, by text message or mail.
    SendCode,
    /// Asking for, or completing, a password reset.
    PasswordReset,
    /// Checking or redeeming a gift card or another bearer code.
    GiftCard,
    /// Reading one object of a customer by its number: an order, an invoice.
    Object,
    /// Adding a means of payment.
    AddPayment,
    /// Paying.
    Checkout,
    /// Putting an item into the cart.
    AddToCart,
    /// Posting text that others read.
    Comment,
    /// Reading: pages, products, searches.
    Content,
    /// Nothing: no client was ever told of it.
    Honeypot,
}

/// Whether verdicts are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Verdicts are reported only.
    Observe,
    /// Verdicts are carried out.
    Enforce,
}

/// What to do with a request that cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTrouble {
    /// Let it pass.
    Allow,
    /// Answer 403.
    Block,
}

/// Where the subject of a request is read, and what else a policy goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectSource {
    /// A place in the request's body.
    Json(Pointer),
    /// A field of an `application/x-www-form-urlencoded` body.
    Form(String),
    /// A parameter of the query string.
    Query(String),
    /// A path template with one `{subject}` segment, or the whole path where it is `/**`.
    Path(PathPattern),
    /// The header of this (lower-case) name.
    Header(String),
    /// The cookie of this name.
    Cookie(String),
}

impl SubjectSource {
    /// Whether the request's body has to be read for it.
    #[must_use]
    pub fn is_in_body(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Form(_))
    }
}

/// Marks in an answer; it matches when any one of them is found.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AnswerMatch {
    /// Status codes, each 100 to 599, ascending.
    pub status: Vec<u16>,
    /// A header with one of its values; `None` as value: any value.
    pub header: Option<(String, Option<String>)>,
    /// A JSON pointer into the body and the value found there; `None`: any value but `null`.
    pub json: Option<(Pointer, Option<serde_json::Value>)>,
    /// Text that the body contains.
    pub body: Option<String>,
}

impl Policy {
    /// Everything that is read in a request.
    pub fn sources(&self) -> impl Iterator<Item = &SubjectSource> {
        let account = self.flow.as_ref().and_then(|flow| flow.account.as_ref());
        let page = self.sizes.page.as_ref().map(|(source, _)| source);
        let small = self.small.as_ref().map(|(source, _)| source);
        self.subject.iter().chain(&self.secret).chain(&self.text).chain(account).chain(page).chain(small)
    }

    /// Whether a request's body has to be read for it.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.reads_json() || self.sources().any(SubjectSource::is_in_body)
    }

    /// Whether a body is read that is JSON, whatever is in it.
    #[must_use]
    pub fn reads_json(&self) -> bool {
        self.graphql.is_some() || self.sizes.items.is_some()
    }

    /// Whether a key is an account, and nothing else.
    #[must_use]
    pub fn names_account(&self, key: &[Facet]) -> bool {
        key == [Facet::Subject] && self.flow.as_ref().is_some_and(|flow| flow.subject_is_account)
    }

    /// Whether a header of the answer, besides its status, can tell the outcome.
    #[must_use]
    pub fn reads_answer_headers(&self) -> bool {
        let flow = self.flow.as_ref().is_some_and(Flow::tells);
        flow || self.failure.header.is_some() || self.success.as_ref().is_some_and(|s| s.header.is_some())
    }
}

impl AnswerMatch {
    /// Whether the answer's body has to be read to tell.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        self.json.is_some() || self.body.is_some()
    }
}
