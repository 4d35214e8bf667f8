//! One worker's part in the learning: what it looks up, and what it hands on with each tick.

use std::collections::BTreeMap;

use super::actor::{Actor, weights};
use super::book::Head;
use super::bound::SheetLengths;
use super::campaign;
use super::class::{self, Class};
use super::journey::{self, Journey};
use super::late::{self, Late};
use super::lesson::{self, Kind, Lesson, Spared};
use super::pace::Pace;
use super::profile::{self, Profile};
use super::returning::Returning;
use super::sentence::{self, Recognised, Sentence};
use super::visits::Visits;
use crate::detect::shift::Level;
use crate::facts::{Facets, Hashes, Outcome, hash};
use crate::host::Host;
use crate::memory::known::{self, Known};
use crate::memory::sheet::{SheetId, SheetSpec, Sheets};
use crate::memory::table::Incidents;
use crate::policy::{Facet, Settings};

/// Lessons of one policy that may wait; at so many they are written at once.
const WAITING: usize = 512;

/// Verdicts, and changes of level, that may wait to be told; of more the newest are not told of.
const UNTOLD: usize = 512;

/// The most that waits for a policy that learns, in bytes.
pub(super) const LESSONS_BYTES: u64 = (WAITING * size_of::<Lesson>()) as u64;

/// The most that waits beside the lessons, in bytes: the lessons of one policy and what they condemn
/// while they are written, what is begun and followed up twice for the same, refused requests in
/// half-filled nodes, and what is to be told.
pub(super) const WAITING_BYTES: u64 = (WAITING
    * (size_of::<Lesson>()
        + size_of::<Condemned>()
        + size_of::<Enlisted>()
        + 2 * size_of::<Turn>()
        + 2 * size_of::<Refused>())
    + UNTOLD * (size_of::<Condemned>() + size_of::<Alarm>())) as u64;

/// The most that it takes to turn over so many records of what was begun, in bytes: all may fall due at
/// once, after as many as may wait were followed up. Vectors double as they grow.
pub(super) const fn turning_bytes(records: usize) -> u64 {
    let due = records.next_power_of_two() * size_of::<Late>();
    let ended = (records + WAITING).next_power_of_two() * size_of::<(Late, Kind)>();
    ((due + ended) * 3 / 2) as u64
}

/// A policy, where it is not a campaign, a behavior or campaign, and how many requests were refused for it.
type Refused = ((Option<usize>, u64), u32);

/// The campaign that someone condemned by a rule is of, his profile, and when, in seconds since 1970.
type Enlisted = (u32, Profile, u32);

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
    fn now_s(&self) -> u32 {
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

/// A change to what is yet to be followed up.
#[derive(Clone, Copy)]
enum Turn {
    Begun(Late),
    Kept(u64),
}

/// One worker's part in the learning.
pub struct Learner {
    hashes: Hashes,
    sheets: Sheets,
    known: Known,
    visits: Visits,
    pace: Pace,
    returning: Returning,
    /// By policy; `None` where it does not learn.
    classes: Vec<Option<Class>>,
    late: SheetId,
    turns: Vec<Turn>,
    looked_s: u32,
    counted_s: u32,
    campaigns: SheetId,
    /// Requests refused by campaign, and by policy and behavior, not told yet.
    refused: BTreeMap<(Option<usize>, u64), u32>,
    /// Who was condemned by rules, not entered into campaigns yet.
    enlisted: Vec<Enlisted>,
    incidents: Incidents,
    condemned: Vec<Condemned>,
    alarms: Vec<Alarm>,
}

impl Learner {
    /// A learner for these settings.
    #[must_use]
    pub fn new(settings: &Settings, hashes: &Hashes) -> Self {
        let lengths = SheetLengths::new(settings);
        let mut specs = known::specs(lengths.known);
        let known = Known::new(SheetId(0), specs.len());
        let mut add = |name: String, bytes| {
            specs.push(SheetSpec { name, bytes });
            SheetId(specs.len() - 1)
        };
        let classes = settings.policies.iter().map(|policy| {
            policy.learning.as_ref()?;
            let name = format!("pal1.b{:x}", hash::public(policy.name.as_bytes()));
            Class::new(policy, add(name, lengths.book))
        });
        let classes = classes.collect();
        let late = add("pal1.late".to_owned(), lengths.late);
        let campaigns = add("pal1.campaigns".to_owned(), campaign::SHEET_BYTES);
        Self {
            hashes: hashes.clone(),
            sheets: Sheets::new(specs),
            known,
            visits: Visits::new(hashes.map_seeds()),
            pace: Pace::new(hashes.map_seeds()),
            returning: Returning::new(hashes.map_seeds()),
            classes,
            late,
            turns: Vec::new(),
            looked_s: 0,
            counted_s: 0,
            campaigns,
            refused: BTreeMap::new(),
            enlisted: Vec::new(),
            incidents: Incidents::default(),
            condemned: Vec::new(),
            alarms: Vec::new(),
        }
    }

    /// Whether a policy learns.
    #[must_use]
    pub fn learns(&self, policy: usize) -> bool {
        self.class(policy).is_some()
    }

    fn class(&self, policy: usize) -> Option<&Class> {
        self.classes.get(policy)?.as_ref()
    }

    /// The profile of a request, of which everything is known that will be.
    pub fn profile(&mut self, host: &dyn Host, facets: &Facets, now_ms: u64) -> Profile {
        Profile::new(facets, self.journey(host, facets, now_ms))
    }

    /// How the session of a request came to it.
    pub fn journey(&mut self, host: &dyn Host, facets: &Facets, now_ms: u64) -> Journey {
        match facets.get(Facet::Session) {
            None => Journey::None,
            Some(session) => journey::of(self.known(host, session), (now_ms / 1000) as u32),
        }
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
        let book = self.sheets.read(host, book, &mut self.incidents);
        let recognised = sentence::recognise(book, &keys, class::reason(), seen.at_ms)?;
        let keys = match facets.get(Facet::Subject) {
            Some(_) => self.familiar_keys(facets),
            None => [facets.get(Facet::Session), None],
        };
        if self.is_familiar(host, facets) {
            seen.spared = Some(Spared::Familiar);
        } else if recognised.may_return && self.returning.comes_back(keys, seen.at_ms) {
            seen.spared = Some(Spared::Returned);
        }
        seen.spared.is_none().then_some(recognised)
    }

    fn is_familiar(&mut self, host: &dyn Host, facets: &Facets) -> bool {
        self.familiar_keys(facets).into_iter().flatten().any(|key| self.known(host, key).is_some())
    }

    /// Under what it is kept that a subject succeeded from here.
    fn familiar_keys(&self, facets: &Facets) -> [Option<u64>; 2] {
        let subject = facets.get(Facet::Subject);
        [Facet::Session, Facet::Network].map(|facet| Some(self.hashes.pair(subject?, facets.get(facet)?)))
    }

    fn known(&mut self, host: &dyn Host, key: u64) -> Option<u32> {
        self.known.get(host, &mut self.sheets, key, &mut self.incidents)
    }

    /// The campaign that a request is of; 0: the policy does not learn.
    pub fn campaign_of(&mut self, host: &dyn Host, policy: usize, seen: &Seen) -> u32 {
        self.actor(host, policy, seen).map_or(0, |actor| actor.id)
    }

    /// Enters someone who was condemned by a rule into the campaign that he is of, or a new one, whose id
    /// it returns; 0 where the policy does not learn.
    pub fn enlist(&mut self, host: &dyn Host, policy: usize, seen: &Seen) -> u32 {
        let Some(actor) = self.actor(host, policy, seen) else { return 0 };
        if self.enlisted.len() < WAITING {
            self.enlisted.push((actor.id, seen.profile, seen.now_s()));
        }
        actor.id
    }

    fn actor(&mut self, host: &dyn Host, policy: usize, seen: &Seen) -> Option<Actor> {
        let book = self.class(policy)?.book;
        let keys = profile::keys(&seen.profile, &self.hashes);
        let weights = weights(self.sheets.read(host, book, &mut self.incidents), &keys);
        let campaigns = self.sheets.read(host, self.campaigns, &mut self.incidents);
        Some(Actor::of(campaigns, &weights, &seen.profile, seen.now_s()))
    }

    /// Takes in that a request was refused for what was recognised: as a sign that the attack goes on,
    /// never as one of its outcomes.
    pub fn refused(&mut self, policy: usize, recognised: &Recognised) {
        let of_campaign = (None, u64::from(recognised.campaign));
        for tried in [(Some(policy), recognised.key), of_campaign] {
            if self.refused.len() < WAITING || self.refused.contains_key(&tried) {
                *self.refused.entry(tried).or_default() += 1;
            }
        }
    }

    /// Takes in what came of a request, under whatever policy.
    pub fn witness(&mut self, host: &dyn Host, policy: usize, facets: &Facets, seen: &Seen, found: Outcome) {
        let Seen { profile, pace, at_ms, ahead, spared } = *seen;
        if found == Outcome::Success && !ahead {
            // What is guarded against is no way for a session to come by a good name; and only there is
            // it worth remembering who succeeded.
            if self.learns(policy) {
                self.remember(host, facets, at_ms);
            } else {
                self.visit(host, facets, at_ms);
            }
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
            self.turn(Turn::Begun(Late { key, due_s, policy, profile, subject, network, returned }));
        }
        self.push(host, policy, Lesson { profile, subject, network, pace, spared, kind, at_ms });
    }

    /// Takes in that a session looked at something.
    fn visit(&mut self, host: &dyn Host, facets: &Facets, at_ms: u64) {
        let Some(session) = facets.get(Facet::Session) else { return };
        let stored = self.known(host, session);
        if let Some(stored) = self.visits.count(session, stored, (at_ms / 1000) as u32) {
            self.known.set(session, stored);
        }
    }

    /// Remembers that a subject succeeded from here.
    fn remember(&mut self, host: &dyn Host, facets: &Facets, at_ms: u64) {
        let now_s = (at_ms / 1000) as u32;
        for key in self.familiar_keys(facets).into_iter().flatten() {
            if self.known(host, key).is_none() {
                self.known.set(key, now_s);
            }
        }
    }

    /// Looks whether a success is what something begun was waiting for.
    fn follow_up(&mut self, host: &dyn Host, policy: usize, facets: &Facets) {
        let follows = |class: &&Class| class.follow_up.as_ref().is_some_and(|f| f.policies.contains(&policy));
        let keys: Vec<u64> = self
            .classes
            .iter()
            .flatten()
            .filter(follows)
            .filter_map(|class| class.late_key(&self.hashes, facets))
            .collect();
        for key in keys {
            let waits = self.turns.iter().any(|turn| matches!(turn, Turn::Begun(late) if late.key == key));
            if waits || late::holds(self.sheets.read(host, self.late, &mut self.incidents), key) {
                self.turn(Turn::Kept(key));
            }
        }
    }

    fn turn(&mut self, turn: Turn) {
        if self.turns.len() < WAITING {
            self.turns.push(turn);
        } else {
            self.incidents.lost += 1;
        }
    }

    fn push(&mut self, host: &dyn Host, policy: usize, lesson: Lesson) {
        let Some(Some(class)) = self.classes.get_mut(policy) else { return };
        class.lessons.push(lesson);
        if class.lessons.len() >= WAITING {
            self.study(host, policy);
        }
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
        std::mem::take(&mut self.incidents)
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
        self.enter_enlisted(host);
        if self.known.has_waiting() {
            self.known.flush(host, &mut self.sheets, &mut self.incidents);
        }
        self.sheets.tell_and_hear(host, &mut self.incidents);
    }

    /// Enters what was begun, and turns what was followed up or fell due into lessons.
    fn turn_over(&mut self, host: &dyn Host, now_ms: u64) {
        let now_s = (now_ms / 1000) as u32;
        // Once a second is often enough to look for what is due.
        let looks = now_s != self.looked_s && self.classes.iter().flatten().any(|c| c.follow_up.is_some());
        self.looked_s = now_s;
        let due = looks && late::any_due(self.sheets.read(host, self.late, &mut self.incidents), now_s);
        if self.turns.is_empty() && !due {
            return;
        }
        let turns = std::mem::take(&mut self.turns);
        let mut ended: Vec<(Late, Kind)> = Vec::new();
        let mut write = |sheet: &mut [u8]| {
            ended.clear();
            for turn in &turns {
                match turn {
                    Turn::Begun(late) => late::enter(sheet, late),
                    Turn::Kept(key) => ended.extend(late::take(sheet, *key).map(|late| (late, Kind::Kept))),
                }
            }
            ended.extend(late::take_due(sheet, now_s).into_iter().map(|late| (late, Kind::Lapsed)));
        };
        if !self.sheets.change(host, self.late, &mut self.incidents, &mut write) {
            self.turns = turns;
            return;
        }
        for (late, kind) in ended {
            let policy = self.classes.iter().position(|c| c.as_ref().is_some_and(|c| c.name == late.policy));
            let subject = Some(u64::from(late.subject));
            if let Some(policy) = policy {
                let Late { profile, network, returned, .. } = late;
                let spared = returned.then_some(Spared::Returned);
                self.push(
                    host,
                    policy,
                    Lesson { profile, subject, network, pace: 0.0, spared, kind, at_ms: now_ms },
                );
            }
        }
    }

    /// Writes the waiting lessons of a policy into its book, and what they condemn into campaigns.
    fn study(&mut self, host: &dyn Host, policy: usize) {
        let Some(Some(class)) = self.classes.get_mut(policy) else { return };
        let (book, terms) = (class.book, class.terms());
        let lessons = std::mem::take(&mut class.lessons);
        let (hashes, incidents) = (&self.hashes, &mut self.incidents);
        let campaigns = self.sheets.read(host, self.campaigns, incidents).to_vec();
        let mut condemned = Vec::new();
        let (mut before, mut after) = (Head::default(), Head::default());
        let mut write = |bytes: &mut [u8]| {
            condemned.clear();
            before = Head::read(bytes);
            for lesson in &lessons {
                let keys = profile::keys(&lesson.profile, hashes);
                // Whose a success is makes no difference.
                let now_s = (lesson.at_ms / 1000) as u32;
                let of = || Actor::of(&campaigns, &weights(bytes, &keys), &lesson.profile, now_s);
                let actor = if lesson.speaks_against() { of() } else { Actor::default() };
                let sentence = lesson::learn(bytes, terms, lesson, &keys, actor.suspicion, actor.id);
                condemned.extend(sentence.map(|sentence| Condemned {
                    policy,
                    profile: lesson.profile,
                    sentence,
                    campaign: actor.id,
                }));
            }
            after = Head::read(bytes);
        };
        if !self.sheets.change(host, book, incidents, &mut write) {
            // They wait for the next tick; of too many the newest are dropped.
            self.incidents.lost += lessons.len().saturating_sub(WAITING / 2) as u64;
            if let Some(Some(class)) = self.classes.get_mut(policy) {
                class.lessons.extend(lessons.into_iter().take(WAITING / 2));
            }
            return;
        }
        if before.shift.level() != after.shift.level() {
            let (level, since_outcomes) = (after.shift.level(), after.shift.since_outcomes());
            if self.alarms.len() < UNTOLD {
                self.alarms.push(Alarm { policy, level, since_outcomes });
            }
        }
        if condemned.is_empty() {
            return;
        }
        let mut enter = |sheet: &mut [u8]| {
            for c in &condemned {
                campaign::enter(sheet, c.campaign, &c.profile, (c.sentence.at_ms / 1000) as u32);
            }
        };
        self.sheets.change(host, self.campaigns, incidents, &mut enter);
        self.condemned.append(&mut condemned);
        self.condemned.truncate(UNTOLD);
    }

    fn enter_enlisted(&mut self, host: &dyn Host) {
        if self.enlisted.is_empty() {
            return;
        }
        let enlisted = std::mem::take(&mut self.enlisted);
        let mut enter = |sheet: &mut [u8]| {
            enlisted.iter().for_each(|(id, profile, now_s)| campaign::enter(sheet, *id, profile, *now_s));
        };
        self.sheets.change(host, self.campaigns, &mut self.incidents, &mut enter);
    }

    /// Tells of refused requests, so that the end of an attack is seen.
    fn count_refused(&mut self, host: &dyn Host, now_ms: u64) {
        let now_s = (now_ms / 1000) as u32;
        if self.refused.is_empty() || now_s.saturating_sub(self.counted_s) < REFUSED_EVERY_S {
            return;
        }
        self.counted_s = now_s;
        let refused: Vec<_> = std::mem::take(&mut self.refused).into_iter().collect();
        for group in refused.chunk_by(|a, b| a.0.0 == b.0.0) {
            let Some(((policy, _), _)) = group.first() else { continue };
            let book = policy.and_then(|policy| self.class(policy)).map(|class| class.book);
            let mut count = |sheet: &mut [u8]| {
                for ((_, key), requests) in group {
                    match book {
                        Some(_) => sentence::tried(sheet, *key, now_ms),
                        None => campaign::count(sheet, *key as u32, *requests, now_s),
                    }
                }
            };
            self.sheets.change(host, book.unwrap_or(self.campaigns), &mut self.incidents, &mut count);
        }
    }
}

/// How often refused requests are told of, in seconds.
const REFUSED_EVERY_S: u32 = 5;
