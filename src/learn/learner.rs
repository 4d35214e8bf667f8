//! One worker's part in the learning: what it looks up, and what it hands on with each tick.

use crate::order::sort_by_key;
use std::collections::BTreeMap;

use super::acquaintance::{Acquaintance, familiar_keys};
use super::attribution::{Enlisted, Refused};
use super::book::Head;
use super::bound::SheetLengths;
use super::campaign;
use super::class::Class;
use super::earners;
use super::follow_ups::FollowUps;
use super::late::Late;
use super::lesson::{self, Kind, Lesson, Spared};
use super::pace::Pace;
use super::profile::{self, MASKS, Profile};
use super::returning::Returning;
use super::sentence::{self, Recognised, Sentence};
use crate::detect::shift::Level;
use crate::facts::{Facets, Hashes, Outcome, hash};
use crate::host::Host;
use crate::memory::Mark;
use crate::memory::known::{self, Known};
use crate::memory::sheet::{SheetId, SheetSpec, Sheets};
use crate::memory::table::Incidents;
use crate::policy::{Facet, Settings};

/// Lessons of one policy that may wait; at so many they are written at once.
pub(super) const WAITING: usize = 512;

/// Verdicts, and changes of level, that may wait to be told; of more the newest are not told of.
const UNTOLD: usize = 512;

/// The most that waits for a policy that learns, in bytes.
pub(super) const LESSONS_BYTES: u64 = (WAITING * size_of::<Lesson>()) as u64;

/// The most that waits beside the lessons, in bytes: the lessons of one policy and what they condemn
/// while they are written, refused requests in half-filled nodes, and what is to be told.
pub(super) const WAITING_BYTES: u64 = (WAITING
    * (size_of::<Lesson>() + size_of::<Condemned>() + size_of::<Enlisted>() + 2 * size_of::<Refused>())
    + UNTOLD * (size_of::<Condemned>() + size_of::<Alarm>())) as u64;

/// What learning keeps of a request until its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Its profile.
    pub profile: Profile,
    /// What its pace weighs, in nats.
    pub pace: f32,
    /// When it was judged, in milliseconds since 1970.
    pub at_ms: u64,
    /// Whether a browser sent it ahead of its user: it tells nothing of what the user does.
    pub ahead: bool,
    /// Whether a verdict stood on what it does, and it was let through all the same.
    pub spared: Option<Spared>,
}

impl Seen {
    /// Takes in that it was let through though a verdict stood on it: it teaches nothing of the others.
    pub fn spare(&mut self) {
        self.spared = Some(Spared::Familiar);
    }

    pub(super) fn now_s(&self) -> u32 {
        (self.at_ms / 1000) as u32
    }
}

/// A behavior that was condemned, to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condemned {
    /// Index of the policy.
    pub policy: usize,
    /// The profile of the request whose outcome was the last.
    pub profile: Profile,
    /// The verdict.
    pub sentence: Sentence,
    /// The campaign.
    pub campaign: u32,
}

/// The level of a policy's failures that has changed, to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Index of the policy.
    pub policy: usize,
    /// The level from now on.
    pub level: Level,
    /// How many outcomes ago the shift began; `None` where it has ended.
    pub since_outcomes: Option<u32>,
}

/// One worker's part in the learning.
pub struct Learner {
    pub(super) hashes: Hashes,
    pub(super) sheets: Sheets,
    acquaintance: Acquaintance,
    /// Sessions by when they last did business, in seconds since 1970; `None`: they earn nothing by it.
    earners: Option<Known>,
    pace: Pace,
    returning: Returning,
    /// By policy; `None` where it does not learn.
    classes: Vec<Option<Class>>,
    /// `None`: no policy wants anything followed up.
    follow_ups: Option<FollowUps>,
    /// When refused requests were last told of, in seconds since 1970.
    pub(super) counted_s: u32,
    pub(super) campaigns: SheetId,
    /// Whether a campaign is condemned, as of the last tick.
    pub(super) outlaws: bool,
    /// The last unban that was heard of.
    pub(super) mark: Mark,
    /// Requests refused by campaign, and by policy and behavior, not told yet.
    pub(super) refused: BTreeMap<(Option<usize>, u64), u32>,
    /// Who was condemned by rules, not entered into campaigns yet.
    pub(super) enlisted: Vec<Enlisted>,
    condemned: Vec<Condemned>,
    alarms: Vec<Alarm>,
}

impl Learner {
    /// A learner for these settings.
    #[must_use]
    pub fn new(settings: &Settings, hashes: &Hashes) -> Self {
        let lengths = SheetLengths::new(settings);
        let mut specs = known::specs("pal1.k", lengths.known, known::MOST);
        let known = Known::new(SheetId(0), specs.len());
        let earners = lengths.earners.map(|bytes| {
            let (first, own) = (SheetId(specs.len()), earners::specs(bytes));
            let earners = Known::new(first, own.len());
            specs.extend(own);
            earners
        });
        let mut add = |name: String, bytes| {
            specs.push(SheetSpec { name, bytes });
            SheetId(specs.len() - 1)
        };
        let classes = settings.policies.iter().map(|policy| {
            policy.learning.as_ref()?;
            let name = format!("pal2.b{:x}", hash::public(policy.name.as_bytes()));
            Class::new(policy, add(name, lengths.book))
        });
        let classes: Vec<Option<Class>> = classes.collect();
        let late = add("pal1.late".to_owned(), lengths.late);
        let follows = classes.iter().flatten().any(|class| class.follow_up.is_some());
        let campaigns = add("pal2.campaigns".to_owned(), campaign::SHEET_BYTES);
        Self {
            hashes: hashes.clone(),
            sheets: Sheets::new(specs),
            earners,
            acquaintance: Acquaintance::new(known, hashes.map_seeds()),
            pace: Pace::new(hashes.map_seeds()),
            returning: Returning::new(hashes.map_seeds()),
            follow_ups: follows.then(|| FollowUps::new(late)),
            classes,
            counted_s: 0,
            campaigns,
            outlaws: false,
            mark: Mark::default(),
            refused: BTreeMap::new(),
            enlisted: Vec::new(),
            condemned: Vec::new(),
            alarms: Vec::new(),
        }
    }

    /// Whether a policy learns.
    #[must_use]
    pub fn learns(&self, policy: usize) -> bool {
        self.class(policy).is_some()
    }

    pub(super) fn class(&self, policy: usize) -> Option<&Class> {
        self.classes.get(policy)?.as_ref()
    }

    /// The profile of a request, of which everything is known that will be.
    pub fn profile(&mut self, host: &dyn Host, facets: &Facets, now_ms: u64) -> Profile {
        let (session, now_s) = (facets.get(Facet::Session), (now_ms / 1000) as u32);
        Profile::new(facets, self.acquaintance.journey(host, &mut self.sheets, session, now_s))
    }

    /// What the pace of a request weighs, in nats; one that a browser sends ahead has none.
    pub fn pace(&mut self, facets: &Facets, now_ms: u64) -> f32 {
        let client = facets.get(Facet::Session).or_else(|| facets.get(Facet::Fingerprint));
        client.map_or(0.0, |client| self.pace.beat(client, now_ms))
    }

    /// The verdict that stands on a request's behaviors. Someone who succeeded with this subject before,
    /// in this session or from this network, is none of those that a behavior is condemned for; someone
    /// who comes back after a refusal hardly is.
    pub fn recognise(
        &mut self,
        host: &dyn Host,
        policy: usize,
        facets: &Facets,
        seen: &mut Seen,
    ) -> Option<Recognised> {
        let book = self.class(policy)?.book;
        let keys = profile::keys(&seen.profile, &self.hashes);
        let book = self.sheets.read(host, book);
        let recognised = sentence::recognise(book, &keys, seen.at_ms)?;
        let familiar = familiar_keys(&self.hashes, facets);
        let returning = match facets.get(Facet::Subject) {
            Some(_) => familiar,
            None => [facets.get(Facet::Session), None],
        };
        if self.is_familiar(host, facets) {
            seen.spared = Some(Spared::Familiar);
        } else if recognised.may_return && self.returning.comes_back(returning, seen.at_ms) {
            seen.spared = Some(Spared::Returned);
        }
        seen.spared.is_none().then_some(recognised)
    }

    /// Whether a request's subject succeeded from here before.
    pub(super) fn is_familiar(&mut self, host: &dyn Host, facets: &Facets) -> bool {
        let keys = familiar_keys(&self.hashes, facets);
        self.acquaintance.is_familiar(host, &mut self.sheets, keys)
    }

    /// Takes in what came of a request, under whatever policy.
    pub fn witness(&mut self, host: &dyn Host, policy: usize, facets: &Facets, seen: &Seen, found: Outcome) {
        let Seen { profile, pace, at_ms, ahead, spared } = *seen;
        if found == Outcome::Success && !ahead {
            self.meet(host, policy, facets, seen.now_s());
            self.follow_up(host, policy, facets);
        }
        let Some(class) = self.class(policy) else { return };
        let begun = class.late_key(&self.hashes, facets);
        let kind = match found {
            Outcome::Success if begun.is_some() => Kind::Begun,
            Outcome::Success => Kind::Success,
            Outcome::Failure => Kind::Failure,
            Outcome::Error => return,
        };
        let subject = facets.get(Facet::Subject);
        let network = facets.get(Facet::Network).unwrap_or_default() as u32;
        if let (Kind::Begun, Some(key), Some(follow)) = (kind, begun, &class.follow_up) {
            let due_s = ((at_ms / 1000) as u32).saturating_add(follow.within_s);
            let returned = spared == Some(Spared::Returned);
            let (policy, subject) = (class.name, subject.unwrap_or(key) as u32);
            let late = Late { key, due_s, policy, profile, subject, network, returned };
            if let Some(follow_ups) = &mut self.follow_ups {
                follow_ups.begin(&mut self.sheets, late);
            }
        }
        self.push(host, policy, Lesson { profile, subject, network, pace, spared, kind, at_ms });
    }

    /// Takes in that a request succeeded. What is guarded against is no way for a session to come by a good
    /// name; and only there is it worth remembering who succeeded.
    fn meet(&mut self, host: &dyn Host, policy: usize, facets: &Facets, now_s: u32) {
        if self.learns(policy) {
            let keys = familiar_keys(&self.hashes, facets);
            self.acquaintance.remember(host, &mut self.sheets, keys, now_s);
        } else if let Some(session) = facets.get(Facet::Session) {
            self.acquaintance.visit(host, &mut self.sheets, session, now_s);
        }
    }

    /// Looks whether a success is what something begun was waiting for.
    fn follow_up(&mut self, host: &dyn Host, policy: usize, facets: &Facets) {
        let Some(follow_ups) = &mut self.follow_ups else { return };
        let follows = |class: &&Class| class.follow_up.as_ref().is_some_and(|f| f.policies.contains(&policy));
        for class in self.classes.iter().flatten().filter(follows) {
            if let Some(key) = class.late_key(&self.hashes, facets) {
                follow_ups.keep(host, &mut self.sheets, key);
            }
        }
    }

    fn push(&mut self, host: &dyn Host, policy: usize, lesson: Lesson) {
        let Some(Some(class)) = self.classes.get_mut(policy) else { return };
        class.lessons.push(lesson);
        if class.lessons.len() >= WAITING {
            self.study(host, policy);
        }
    }

    /// Takes in that a session did business.
    pub fn earn(&mut self, host: &dyn Host, session: u64, now_ms: u64) {
        let Some(earners) = &mut self.earners else { return };
        let now_s = (now_ms / 1000) as u32;
        let known = earners.get(host, &mut self.sheets, session);
        if known.is_none_or(|then_s| now_s.saturating_sub(then_s) > earners::RENEWED_S) {
            earners.set(session, now_s);
        }
    }

    /// Whether a session did business within so long.
    pub fn has_earned(&mut self, host: &dyn Host, session: u64, now_ms: u64, within_ms: u64) -> bool {
        let known = self.earners.as_ref().and_then(|e| e.get(host, &mut self.sheets, session));
        known.is_some_and(|then_s| now_ms.saturating_sub(u64::from(then_s) * 1000) <= within_ms)
    }

    /// What was condemned since this was last asked.
    pub fn take_condemned(&mut self) -> Vec<Condemned> {
        std::mem::take(&mut self.condemned)
    }

    /// The changes of level since this was last asked.
    pub fn take_alarms(&mut self) -> Vec<Alarm> {
        std::mem::take(&mut self.alarms)
    }

    /// What happened to sheets since this was last asked.
    pub fn take_incidents(&mut self) -> Incidents {
        self.sheets.take_incidents()
    }

    /// Housekeeping: what waits is written, what others wrote is heard of.
    pub fn tick(&mut self, host: &dyn Host, now_ms: u64) {
        self.turn_over(host, now_ms);
        for policy in 0..self.classes.len() {
            if self.class(policy).is_some_and(|class| class.is_due(now_ms)) {
                self.study(host, policy);
            }
        }
        self.count_refused(host, now_ms);
        let enlisted = std::mem::take(&mut self.enlisted);
        self.enter(host, &enlisted);
        self.acquaintance.flush(host, &mut self.sheets);
        if let Some(earners) = self.earners.as_mut().filter(|earners| earners.has_waiting()) {
            earners.flush(host, &mut self.sheets);
        }
        self.sheets.tell_and_hear(host);
        self.look_for_outlaws(host, now_ms);
    }

    /// Turns what was followed up or fell due into lessons.
    fn turn_over(&mut self, host: &dyn Host, now_ms: u64) {
        let Some(follow_ups) = &mut self.follow_ups else { return };
        for (late, kind) in follow_ups.turn_over(host, &mut self.sheets, (now_ms / 1000) as u32) {
            let policy = self.classes.iter().position(|c| c.as_ref().is_some_and(|c| c.name == late.policy));
            if let Some(policy) = policy {
                self.push(host, policy, Lesson::late(&late, kind, now_ms));
            }
        }
    }

    /// Writes the waiting lessons of a policy into its book, and what they condemn into campaigns.
    pub(super) fn study(&mut self, host: &dyn Host, policy: usize) {
        let mark = self.mark;
        let Some(Some(class)) = self.classes.get_mut(policy) else { return };
        let (book, terms) = (class.book, class.terms(mark));
        let lessons = std::mem::take(&mut class.lessons);
        // Many are of few profiles, and what is known of a profile is looked up once for all of them.
        let mut by_profile: Vec<&Lesson> = lessons.iter().collect();
        sort_by_key(&mut by_profile, |lesson| lesson.profile);
        let hashes = &self.hashes;
        let campaigns = self.sheets.read(host, self.campaigns).to_vec();
        let mut condemned = Vec::new();
        let (mut before, mut after) = (Head::default(), Head::default());
        let mut write = |bytes: &mut [u8]| {
            condemned.clear();
            before = Head::read(bytes);
            for of_one in by_profile.chunk_by(|a, b| a.profile == b.profile) {
                let keys = of_one.first().map_or([None; MASKS], |one| profile::keys(&one.profile, hashes));
                lesson::learn(bytes, &campaigns, terms, of_one, &keys, |lesson, sentence, campaign| {
                    condemned.push(Condemned { policy, profile: lesson.profile, sentence, campaign });
                });
            }
            after = Head::read(bytes);
        };
        if !self.sheets.change(host, book, &mut write) {
            // They wait for the next tick; of too many the newest are dropped.
            self.sheets.lost(lessons.len().saturating_sub(WAITING / 2) as u64);
            if let Some(Some(class)) = self.classes.get_mut(policy) {
                class.lessons.extend(lessons.into_iter().take(WAITING / 2));
            }
            return;
        }
        if before.shift.level() != after.shift.level() && self.alarms.len() < UNTOLD {
            let (level, since_outcomes) = (after.shift.level(), after.shift.since_outcomes());
            self.alarms.push(Alarm { policy, level, since_outcomes });
        }
        let enlisted = |c: &Condemned| (c.campaign, c.profile, (c.sentence.at_ms / 1000) as u32);
        let enlisted: Vec<Enlisted> = condemned.iter().map(enlisted).collect();
        self.enter(host, &enlisted);
        self.condemned.append(&mut condemned);
        self.condemned.truncate(UNTOLD);
    }
}
