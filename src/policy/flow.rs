//! Business flows: which steps have to be done before a policy's requests, and what shows that they are.

use super::{AnswerMatch, Pointer, SubjectSource};

/// What a policy has to do with business flows.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Flow {
    /// Where a request names its account; `None`: nowhere but in its session, or as its subject.
    pub account: Option<SubjectSource>,
    /// Whether the subject is the account.
    pub subject_is_account: bool,
    /// Whether a success ties the session to the account that the request names.
    pub links: bool,
    /// Whether a success that says that something was created creates the account.
    pub creates: bool,
    /// Where a successful answer has another name of the account.
    pub issues_account: Option<Pointer>,
    /// Where a successful answer has a new session, besides its cookie.
    pub issues_session: Option<Pointer>,
    /// What successes prove.
    pub proves: Vec<Proof>,
    /// How long ago steps may have been done that say nothing of it themselves, in milliseconds; it does
    /// not bound what answers prove of an account.
    pub within_ms: Option<u64>,
    /// How long ago steps have to be done at least that say nothing of it themselves, in milliseconds.
    pub min_gap_ms: u64,
    /// What has to be done before, in the order it was written.
    pub requires: Vec<Requirement>,
}

/// A step that a success shows to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The step's name.
    pub step: String,
    /// What the answer has to look like; `None`: every success will do.
    pub answer: Option<AnswerMatch>,
}

/// A step that has to be done before.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// Its name.
    pub step: String,
    /// The reason that is given where it was not done: `skipped-` and its name.
    pub skipped: String,
    /// The reason that is given where it was done too short a time ago: `hurried-` and its name.
    pub hurried: String,
    /// How long ago it may have been done, in milliseconds; `None`: it lasts.
    pub within_ms: Option<u64>,
    /// Whether it is an account's, whatever session does it.
    pub of_account: bool,
    /// Whether answers show that it is done, whenever that was.
    pub by_state: bool,
    /// How long ago it has to be done at least, in milliseconds; 0: at any time.
    pub min_gap_ms: u64,
}

impl Requirement {
    /// A step that has to be done, at any time before.
    #[must_use]
    pub fn new(step: &str) -> Self {
        Self {
            step: step.to_owned(),
            skipped: format!("skipped-{step}"),
            hurried: format!("hurried-{step}"),
            within_ms: None,
            of_account: false,
            by_state: false,
            min_gap_ms: 0,
        }
    }
}

impl Flow {
    /// Whether the body of a successful answer has to be read.
    #[must_use]
    pub fn needs_answer_body(&self) -> bool {
        let by_body = |proof: &Proof| proof.answer.as_ref().is_some_and(AnswerMatch::needs_body);
        self.issues_account.is_some() || self.issues_session.is_some() || self.proves.iter().any(by_body)
    }

    /// Whether a success is worth writing down.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.links
            || self.issues_account.is_some()
            || self.issues_session.is_some()
            || !self.proves.is_empty()
    }
}
