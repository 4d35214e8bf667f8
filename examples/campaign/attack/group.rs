//! The groups of the day, as a table: who, when, how much, how well.
//!
//! Times are hours on a plan of 24; requests are those of the whole group at full size. Together
//! they come to 1.52 million. Shares of valid pairs are those that are published for stuffing
//! lists, 0.3 to 2 %.

use std::rc::Rc;

use super::super::customers::password_of;
use super::super::network;
use super::super::random::{Dice, whole};
use super::super::shop::Shop;
use super::super::shot::Class;
use super::super::world::{Variant, World};
use super::errand::Account;
use super::lane::Lane;
use super::lists;

/// What a group is after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Aim {
    Scanning,
    Stuffing,
    Fakes,
    /// Some of its lanes do one, some the other.
    Both,
    /// Trying out what the shop lets one do.
    Recon,
    /// Paying with new accounts that are not verified.
    Unverified,
    /// Trying stolen cards.
    Cards,
    GiftCards,
    /// Taking what is on sale into carts.
    Bots,
    Spam,
}

impl Aim {
    /// What its requests are for.
    pub(super) fn class(self) -> Class {
        match self {
            Aim::Scanning => Class::Scanning,
            Aim::Stuffing | Aim::Both => Class::Stuffing,
            Aim::Fakes => Class::Fakes,
            Aim::Recon => Class::Recon,
            Aim::Unverified => Class::Unverified,
            Aim::Cards => Class::CardTesting,
            Aim::GiftCards => Class::GiftCards,
            Aim::Bots => Class::Bots,
            Aim::Spam => Class::Spam,
        }
    }
}

/// A group.
pub(crate) struct Group {
    pub(super) number: u32,
    pub(super) name: Rc<str>,
    pub(super) aim: Aim,
    pub(super) skill: f64,
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) valid: f64,
    pub(super) verified: f64,
    pub(super) mixed: f64,
    pub(super) patient: bool,
    pub(super) shuffled: bool,
    pub(super) one_address: bool,
    pub(super) providers: Vec<usize>,
    /// Accounts of its own.
    pub(super) own: Vec<Account>,
    /// Accounts that it made on other days, or bought: nobody paid with them yet.
    pub(super) stock: Vec<Account>,
}

/// A row of the table.
struct Row {
    aim: Aim,
    /// Hours.
    from: f64,
    to: f64,
    lanes: u32,
    /// Thousands of requests.
    thousands: f64,
    /// From 0, a beginner with a tool, to 1.
    skill: f64,
    /// Share of pairs that are right, or of cards that are good beyond what is usual.
    valid: f64,
    odd: Odd,
}

/// What some groups do besides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Odd {
    Nothing,
    /// Verify 5 % of their fake accounts; 60 % of those that are to pay or to comment.
    Verifies,
    /// Sign in to accounts of their own, one of twenty times.
    Mixes,
    /// Behave like people for a while first.
    Patient,
    /// Go through numbers in no order.
    Shuffled,
    /// Work from a machine of their own, without a proxy.
    OneAddress,
}

const fn row(
    aim: Aim,
    hours: (f64, f64),
    lanes: u32,
    thousands: f64,
    skill: f64,
    valid: f64,
    odd: Odd,
) -> Row {
    Row { aim, from: hours.0, to: hours.1, lanes, thousands, skill, valid, odd }
}

use Aim::{Both, Bots, Cards, Fakes, GiftCards, Recon, Scanning, Spam, Stuffing, Unverified};
use Odd::{Mixes, Nothing, OneAddress, Patient, Shuffled, Verifies};

const ROWS: [Row; 60] = [
    row(Scanning, (1.0, 1.9), 1, 9.5, 0.2, 0.0, Nothing),
    row(Scanning, (1.3, 2.0), 1, 7.5, 0.2, 0.0, Nothing),
    row(Scanning, (9.0, 10.5), 1, 7.5, 0.2, 0.0, Nothing),
    row(Stuffing, (2.0, 7.5), 3, 63.0, 0.2, 0.004, Nothing),
    row(Stuffing, (2.1, 7.0), 2, 44.5, 0.3, 0.010, Nothing),
    row(Stuffing, (2.2, 6.5), 2, 42.0, 0.1, 0.003, Nothing),
    row(Stuffing, (2.3, 7.8), 3, 56.5, 0.6, 0.015, Nothing),
    row(Stuffing, (2.5, 8.0), 2, 40.5, 0.5, 0.008, Mixes),
    row(Stuffing, (2.6, 7.5), 2, 39.0, 0.4, 0.012, Nothing),
    row(Stuffing, (3.0, 8.0), 3, 53.5, 0.8, 0.020, Nothing),
    row(Stuffing, (3.0, 7.0), 2, 37.5, 0.3, 0.005, Nothing),
    row(Stuffing, (3.2, 8.0), 2, 40.5, 0.7, 0.006, Mixes),
    row(Stuffing, (3.5, 8.0), 2, 37.5, 0.4, 0.010, Nothing),
    row(Stuffing, (3.5, 8.5), 3, 49.5, 0.9, 0.009, Nothing),
    row(Stuffing, (2.5, 9.0), 1, 6.5, 0.9, 0.015, Patient),
    row(Fakes, (8.0, 11.0), 2, 24.5, 0.3, 0.0, Nothing),
    row(Fakes, (8.0, 10.5), 2, 21.0, 0.2, 0.0, Nothing),
    row(Fakes, (8.2, 11.0), 2, 21.0, 0.5, 0.0, Verifies),
    row(Fakes, (8.3, 11.0), 2, 19.5, 0.6, 0.0, Nothing),
    row(Fakes, (8.5, 11.0), 2, 19.5, 0.4, 0.0, Nothing),
    row(Fakes, (8.6, 11.2), 2, 18.0, 0.8, 0.0, Nothing),
    row(Fakes, (8.5, 11.5), 2, 18.0, 0.7, 0.0, Verifies),
    row(Fakes, (8.0, 12.0), 1, 5.0, 0.9, 0.0, Patient),
    row(Both, (11.0, 17.0), 3, 58.5, 0.3, 0.008, Nothing),
    row(Both, (11.0, 17.5), 2, 50.0, 0.5, 0.012, Nothing),
    row(Both, (11.2, 16.5), 2, 45.5, 0.2, 0.004, Nothing),
    row(Both, (11.4, 17.8), 3, 53.5, 0.7, 0.016, Mixes),
    row(Both, (11.5, 17.0), 2, 43.5, 0.4, 0.006, Nothing),
    row(Both, (11.7, 17.5), 2, 43.5, 0.6, 0.010, Nothing),
    row(Both, (12.0, 18.0), 2, 42.0, 0.8, 0.020, Verifies),
    row(Both, (12.0, 17.5), 2, 40.5, 0.3, 0.005, Nothing),
    row(Both, (12.3, 18.0), 2, 40.5, 0.9, 0.010, Nothing),
    row(Both, (12.5, 18.0), 2, 39.0, 0.5, 0.007, Mixes),
    row(Stuffing, (18.0, 23.0), 2, 22.5, 0.6, 0.010, Nothing),
    row(Fakes, (18.0, 23.0), 2, 18.0, 0.7, 0.0, Nothing),
    row(Stuffing, (18.5, 23.2), 2, 21.0, 0.8, 0.014, Nothing),
    row(Both, (18.3, 23.0), 2, 19.5, 0.5, 0.008, Nothing),
    row(Stuffing, (18.0, 23.3), 1, 4.0, 0.9, 0.020, Patient),
    // The shop's own operations.
    row(Recon, (9.0, 11.0), 1, 0.1, 0.6, 0.3, OneAddress),
    row(Recon, (9.5, 12.0), 1, 0.12, 0.9, 0.3, Nothing),
    row(Unverified, (12.5, 16.5), 2, 18.0, 0.3, 0.30, Nothing),
    row(Unverified, (13.0, 17.5), 2, 16.0, 0.6, 0.25, Nothing),
    row(Unverified, (13.5, 17.0), 2, 12.0, 0.9, 0.35, Nothing),
    row(Unverified, (14.0, 18.0), 2, 14.0, 0.7, 0.30, Nothing),
    row(Cards, (16.0, 21.0), 2, 20.0, 0.4, 0.0, Nothing),
    row(Cards, (16.5, 22.0), 2, 18.0, 0.6, 0.0, Verifies),
    row(Cards, (17.0, 22.5), 2, 18.0, 0.8, 0.0, Verifies),
    row(Cards, (18.0, 23.0), 2, 16.0, 0.3, 0.0, Nothing),
    row(Cards, (17.5, 23.0), 2, 12.0, 0.9, 0.0, Nothing),
    row(GiftCards, (3.0, 9.0), 2, 22.0, 0.3, 0.0, Nothing),
    row(GiftCards, (10.0, 15.0), 2, 20.0, 0.6, 0.0, Shuffled),
    row(GiftCards, (13.0, 19.0), 2, 18.0, 0.8, 0.0, Shuffled),
    row(GiftCards, (19.0, 23.0), 2, 16.0, 0.4, 0.0, Nothing),
    row(Bots, (11.95, 12.35), 2, 8.0, 0.6, 0.0, Nothing),
    row(Bots, (15.0, 15.6), 3, 10.0, 0.8, 0.0, Nothing),
    row(Bots, (20.0, 20.5), 2, 7.0, 0.4, 0.0, Nothing),
    row(Spam, (1.0, 23.0), 1, 10.0, 0.5, 0.0, Nothing),
    row(Spam, (6.0, 14.0), 2, 12.0, 0.3, 0.0, Nothing),
    row(Spam, (12.0, 20.0), 2, 12.0, 0.7, 0.0, Verifies),
    row(Spam, (15.0, 23.0), 2, 11.0, 0.9, 0.0, Nothing),
];

/// Addresses that the proxies of the day have: 130,000 at full size and a few that are carriers'.
const ADDRESSES: f64 = 130_500.0;

/// The phases of the day: from which hour, and what it is called.
pub(crate) const PHASES: [(f64, &str); 6] = [
    (0.0, "quiet beginning"),
    (1.0, "scanning"),
    (2.0, "stuffing"),
    (8.0, "fake accounts"),
    (11.0, "both"),
    (18.0, "slow night"),
];

/// Rows that are played at a size: all at 1, at least one of each aim below.
fn chosen(size: f64) -> Vec<&'static Row> {
    let mut seen = Vec::new();
    let of_size = |n: usize| ((n + 1) as f64 * size).floor() > (n as f64 * size).floor();
    ROWS.iter()
        .enumerate()
        .filter(|(n, row)| {
            let is_new = !seen.contains(&row.aim);
            if of_size(*n) || is_new {
                seen.push(row.aim);
            }
            of_size(*n) || is_new
        })
        .map(|(_, row)| row)
        .collect()
}

/// Share of the attack that is played at a size and length: for addresses.
pub(crate) fn addresses(size: f64, hours: f64) -> u64 {
    let of = |rows: &[&Row]| rows.iter().map(|row| row.thousands).sum::<f64>();
    let all: Vec<&Row> = ROWS.iter().collect();
    let share = of(&chosen(size)) / of(&all) * hours / 24.0;
    whole(ADDRESSES * share) as u64
}

/// Lets every group of the day begin.
pub(crate) fn begin(world: &mut World, shop: &mut Shop) {
    let options = world.options;
    if options.variant == Variant::Quiet {
        return;
    }
    for (number, row) in (0_u32..).zip(chosen(options.size)) {
        let mut dice = Dice::new(options.seed, 0x9_0000 + u64::from(number));
        let own = (0..36).map(|n| {
            let email: Rc<str> = format!("member{n}.{}@mail.example", dice.bits() >> 40).into();
            let password = password_of(&mut dice);
            shop.add_account(&email, &password);
            (email, password)
        });
        let own = own.collect();
        let stock = stock(row, options.size, &mut dice, shop);
        let providers = (0..2).map(|_| network::rent(&mut dice)).collect();
        let hour = |hour: f64| options.at_hour((hour - options.shift()).max(0.0));
        let group = Rc::new(Group {
            number,
            name: format!("{:?} {number}", row.aim).into(),
            aim: row.aim,
            skill: row.skill,
            from_ms: hour(row.from),
            to_ms: hour(row.to),
            valid: row.valid,
            verified: match (row.odd, row.aim) {
                (Verifies, Cards | Spam) => 0.6,
                (Verifies, _) => 0.05,
                _ => 0.0,
            },
            mixed: if row.odd == Mixes { 0.05 } else { 0.0 },
            patient: row.odd == Patient,
            shuffled: row.odd == Shuffled,
            one_address: row.odd == OneAddress,
            providers,
            own,
            stock,
        });
        // A little more than the table says: not every list is finished when the day ends.
        let requests = row.thousands * 1_010.0 * options.hours / 24.0 / f64::from(row.lanes);
        for lane in 0..row.lanes {
            let lane = Lane::new(&group, lane, whole(requests) as u64, world);
            world.spawned.push((lane.begins_ms(), Box::new(lane)));
        }
    }
}

/// Accounts from other days: a third were verified when they were made.
fn stock(row: &Row, size: f64, dice: &mut Dice, shop: &mut Shop) -> Vec<Account> {
    if !matches!(row.aim, Cards | Spam) {
        return Vec::new();
    }
    let accounts = whole(row.thousands * 20.0 * size.max(0.1));
    let one = |_| {
        let (email, password) = (lists::throwaway(dice), password_of(dice));
        shop.add_unused(&email, &password, dice.chance(0.33));
        (email, password)
    };
    (0..accounts).map(one).collect()
}
