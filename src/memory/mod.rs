//! What is remembered of clients: tallies in a table of fixed size over the host's shared data.
//!
//! A [`tally::Tally`] is 64 bytes. Records of many clients lie together on a [`page`]; a page is one
//! value in shared data; [`layout`] proves how many there can be. [`table`] reads and writes them with
//! compare-and-swap; [`cache`] keeps what one worker need not ask for again, and [`absence`] what it
//! knows not to be there.

pub mod absence;
pub mod arrivals;
pub mod bytes;
pub mod bucket;
pub mod cache;
pub mod distinct;
pub mod generations;
pub mod known;
pub mod layout;
pub mod mark;
pub mod page;
pub mod sheet;
pub mod table;
pub mod tally;

pub use cache::Memory;
pub use layout::{Bound, bound};
pub use mark::Mark;
pub use tally::{Event, Standing, Tally};
