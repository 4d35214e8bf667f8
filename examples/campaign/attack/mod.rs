//! Those who attack: groups with a plan for the day, lanes that carry it out, tactics that they
//! change when they are stopped.

pub(crate) mod group;
mod build;
mod draw;
mod errand;
mod bot;
mod notice;
mod knobs;
mod after_goods;
mod lane;
mod lists;
mod template;
