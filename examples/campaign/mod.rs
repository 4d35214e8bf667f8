//! The campaign: a day in which one shop is attacked with 1.5 million requests from 130,000
//! addresses by groups that keep retooling, while its customers go on shopping.
//!
//! It is played in virtual time from one seed. What is measured is not known here: nothing of the
//! filter but what every operator sees is used, and no label ever reaches it. Shares that name no
//! source are estimates.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a simulation over tables of its own, which may end where they are wrong"
)]

// What requests are made of.
pub(crate) mod random;
pub(crate) mod locale;
pub(crate) mod make;
pub(crate) mod goods;
pub(crate) mod reviews;
pub(crate) mod shot;
pub(crate) mod engine;
pub(crate) mod browser;
mod tail;
pub(crate) mod apps;
pub(crate) mod network;
pub(crate) mod wire;
pub(crate) mod read;

// Who sends them, and to what.
pub(crate) mod shop;
pub(crate) mod customers;
pub(crate) mod world;
pub(crate) mod visit;
mod plan;
pub(crate) mod arrivals;
pub(crate) mod services;
pub(crate) mod attack;

// How the day is played, and what is kept of it.
pub(crate) mod policies;
pub(crate) mod target;
pub(crate) mod gains;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod spells;
pub(crate) mod play;

// What is told of it.
pub(crate) mod tell;
pub(crate) mod noticing;
pub(crate) mod figures;
pub(crate) mod plot;
