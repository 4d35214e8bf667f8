//! Learning from outcomes which ways of behaving are hostile, without labels.
//!
//! Each request has a [`profile`]: its client's make and way. What comes of it is counted for
//! combinations of the profile's sides, as [`behavior`]s in the [`book`] of its policy; a [`lesson`] says
//! how. So a new address with a known hostile way is recognised at its first request, and a customer
//! who shares a browser with an attacker is not: then another combination tells them apart.
//!
//! Books are [sheets](crate::memory::sheet): a request is looked up in the worker's copy, without asking
//! the host, and what came of it is written with the next tick.

pub mod behavior;
pub mod book;
pub mod campaign;
pub mod journey;
pub mod late;
pub mod lesson;
pub mod profile;
pub mod sentence;

mod acquaintance;
mod actor;
mod attribution;
mod bound;
mod class;
mod earners;
mod follow_ups;
mod learner;
mod outlaw;
mod pace;
mod pardon;
mod returning;
mod visits;

pub use bound::bound;
pub use journey::Journey;
pub use learner::{Alarm, Condemned, Learner, Seen};
pub use lesson::{Kind, Lesson};
pub use outlaw::Outlaw;
pub use profile::Profile;
pub use sentence::{REASON, Recognised, Sentence};
