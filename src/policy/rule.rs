//! Rules: which tally they read, what they find in it, and what the score leads to.

/// One side of a client (or the subject it acts on) that a key can be made of. Places are part of
/// the names of stored tallies: a new one goes to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// The client's address.
    Address,
    /// Its network: /24 of IPv4, /48 of IPv6.
    Network,
    /// What the headers tell of the client's make: their names, agent, locale and TLS together.
    Fingerprint,
    /// The family of the user agent: without minor releases, builds and devices.
    Agent,
    /// Header names in the order they came.
    HeaderOrder,
    /// Header names, whatever their order.
    HeaderSet,
    /// Accepted languages and encodings.
    Locale,
    /// The TLS fingerprint that the edge reports.
    Tls,
    /// The session.
    Session,
    /// What the request acts on.
    Subject,
    /// The shape of the body, known once it is read.
    Payload,
    /// What the subject has in common with those that differ in their last two characters only.
    Neighborhood,
    /// What is tried on the subject: a password, a card's expiry and check number.
    Secret,
    /// What the posted text has in common with ones that are nearly the same; three values, since two
    /// such texts share each of them only most of the time.
    Text,
    /// The second of them.
    TextSecond,
    /// The third of them.
    TextThird,
    /// That the posted text is full of links: always the same value, where it is.
    Links,
    /// What a request probes for. It is counted, and no key is made of it.
    Probe,
    /// That the amount is small: always the same value, where it is.
    Small,
}

impl Facet {
    /// Whether a request's body can hold it.
    #[must_use]
    pub fn is_of_body(self) -> bool {
        match self {
            Self::Subject | Self::Payload | Self::Neighborhood | Self::Secret | Self::Small => true,
            Self::Text | Self::TextSecond | Self::TextThird | Self::Links => true,
            Self::Address | Self::Network | Self::Fingerprint | Self::Agent | Self::HeaderOrder => false,
            Self::HeaderSet | Self::Locale | Self::Tls | Self::Session | Self::Probe => false,
        }
    }

    /// Its name in configuration, logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Network => "network",
            Self::Fingerprint => "fingerprint",
            Self::Agent => "agent",
            Self::HeaderOrder => "header-order",
            Self::HeaderSet => "header-set",
            Self::Locale => "locale",
            Self::Tls => "tls",
            Self::Session => "session",
            Self::Subject => "subject",
            Self::Payload => "payload",
            Self::Neighborhood => "neighborhood",
            Self::Secret => "secret",
            Self::Text | Self::TextSecond | Self::TextThird => "text",
            Self::Links => "links",
            Self::Probe => "probe",
            Self::Small => "small",
        }
    }
}

/// The facets that a text has, one for each of its values.
pub const TEXTS: [Facet; 3] = [Facet::Text, Facet::TextSecond, Facet::TextThird];

impl Facet {
    /// Whether it says what a request asks for, rather than who asks.
    #[must_use]
    pub fn is_asked_for(self) -> bool {
        matches!(
            self,
            Self::Subject
                | Self::Neighborhood
                | Self::Secret
                | Self::Text
                | Self::TextSecond
                | Self::TextThird
                | Self::Links
                | Self::Small
        )
    }
}

/// Whether a tally counts probes. Whoever looks for a way in looks everywhere: such tallies are shared by all
/// policies.
#[must_use]
pub fn counts_probes(spec: &TallySpec) -> bool {
    spec.fan_out.of == Facet::Probe
}

/// Whether a key tells people apart by their address alone, which many may share.
#[must_use]
pub fn is_address_only(key: &[Facet]) -> bool {
    key.iter().all(|facet| matches!(facet, Facet::Address | Facet::Network))
}

/// What one tally counts: the key it belongs to and the window it slides over.
#[derive(Clone, Debug, PartialEq)]
pub struct TallySpec {
    /// The facets of the key, ascending, at least one. A request that lacks one is not counted.
    pub key: Vec<Facet>,
    /// The window, in milliseconds: 3,000 to 604,800,000 (a week).
    pub window_ms: u64,
    /// Which distinct values are counted.
    pub fan_out: FanOut,
    /// The sequential test that runs on it, if a rule asks for one. It tells one subject from the
    /// next by what is counted as distinct, so it is only where that is the subject.
    pub failure_test: Option<FailureTest>,
    /// Whether a rule reads successes or requests, so that each success has to be counted.
    pub counts_successes: bool,
    /// Whether a rule compares the key with others, or goes by the order or pace of its requests, so that
    /// each worker follows it.
    pub follows: bool,
}

/// What a tally counts distinct values of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FanOut {
    /// The facet whose values are counted, which is none of the key's. A request that lacks it
    /// counts for everything else.
    pub of: Facet,
    /// Whether only requests that failed count, rather than every one with an outcome.
    pub failed: bool,
}

/// The two hypotheses of the sequential failure test (Jung et al. 2004), as shares of requests
/// that fail, each above 0 and below 1, `usual` below `hostile`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailureTest {
    /// The share of a legitimate client's requests that fail.
    pub usual: f64,
    /// The share of a hostile client's requests that fail.
    pub hostile: f64,
}

/// The most evidence that the failure test gives, in nats.
pub const FAILURE_TEST_MAX_NATS: u8 = 32;

/// One rule: what it looks for in its tally, and what that weighs.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name, which is the reason given with a verdict.
    pub name: String,
    /// Index into the policy's tallies.
    pub tally: usize,
    /// What it looks for.
    pub finding: Finding,
}

/// What a rule looks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// The sequential failure test: its log-likelihood ratio, in nats, is the evidence.
    FailureTest,
    /// At least this many failures in the window give the score.
    Failures {
        /// Threshold, at least 1.
        at_least: u32,
        /// Evidence when it is reached, in nats.
        score: f64,
    },
    /// At least this many successes in the window give the score.
    Successes {
        /// Threshold, at least 1.
        at_least: u32,
        /// Evidence when it is reached, in nats.
        score: f64,
    },
    /// At least this many requests with an outcome in the window give the score.
    Requests {
        /// Threshold, at least 1.
        at_least: u32,
        /// Evidence when it is reached, in nats.
        score: f64,
    },
    /// So many times the requests that are usual in the window give the score.
    Unusual {
        /// How many times what one key in a hundred makes at most, at least 1.
        times_usual: f64,
        /// Threshold below which nothing is too much, at least 1.
        at_least: u32,
        /// Evidence when both are reached, in nats.
        score: f64,
    },
    /// At least this many requests that each asked for the next in a row give the score.
    InOrder {
        /// Threshold, at least 1.
        at_least: u32,
        /// Evidence when it is reached, in nats.
        score: f64,
    },
    /// At least this many different subjects that were asked for at a steady pace give the score.
    Steady {
        /// Threshold, 2 to 150.
        at_least: u32,
        /// Evidence when it is reached, in nats.
        score: f64,
    },
    /// A success beside at least this many subjects that failed gives the score.
    UntilSuccess {
        /// Threshold, 2 to 150.
        at_least: u32,
        /// Evidence when both are there, in nats.
        score: f64,
    },
    /// At least this many distinct values of what the tally counts give the score.
    FanOut {
        /// Threshold, 1 to 150.
        at_least: u32,
        /// Evidence when it is reached, in nats.
        score: f64,
    },
}

/// The kinds of finding. Rules of one kind read counts that overlap, so of each kind the strongest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detector {
    /// More failures than a legitimate client has.
    FailureTest,
    /// Too much of something in a window.
    Volume,
    /// Too many distinct subjects, addresses or fingerprints.
    FanOut,
    /// Requests that look for a way in.
    Probes,
    /// One after the other, in a row.
    Order,
    /// At a steady pace, as machines keep it.
    Pace,
}

/// How many detectors there are.
pub const DETECTORS: usize = 6;

impl Finding {
    /// Which detector finds it in a tally.
    #[must_use]
    pub fn detector(&self, spec: &TallySpec) -> Detector {
        match self {
            Self::FailureTest => Detector::FailureTest,
            Self::Failures { .. } | Self::Successes { .. } | Self::Requests { .. } | Self::Unusual { .. } => {
                Detector::Volume
            }
            Self::FanOut { .. } if counts_probes(spec) => Detector::Probes,
            Self::FanOut { .. } | Self::UntilSuccess { .. } => Detector::FanOut,
            Self::InOrder { .. } => Detector::Order,
            Self::Steady { .. } => Detector::Pace,
        }
    }

    /// The most evidence that it gives, in nats.
    #[must_use]
    pub fn most(&self) -> f64 {
        match *self {
            Self::FailureTest => f64::from(FAILURE_TEST_MAX_NATS),
            Self::Failures { score, .. }
            | Self::Successes { score, .. }
            | Self::Requests { score, .. }
            | Self::Unusual { score, .. }
            | Self::InOrder { score, .. }
            | Self::Steady { score, .. }
            | Self::UntilSuccess { score, .. }
            | Self::FanOut { score, .. } => score,
        }
    }

    /// Whether it is found in what each worker follows, rather than in the tally.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        matches!(self, Self::Unusual { .. } | Self::InOrder { .. } | Self::Steady { .. })
    }
}
