//! Promises of decrees: what the operator rules is carried out, by all workers, for as long as it stands; and
//! an unban is once, and no more than that.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "decree/campaigns.rs"]
mod campaigns;
#[path = "decree/condemned.rs"]
mod condemned;
#[path = "decree/stage.rs"]
mod stage;
#[path = "decree/unbanned.rs"]
mod unbanned;
