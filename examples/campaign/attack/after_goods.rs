//! What lanes do that are after goods: cards, orders, gift cards, carts, comments.

use std::cmp::Reverse;
use std::rc::Rc;

use super::super::goods::{GIFT_CODES, GIFT_FIRST};
use super::super::random::ms;
use super::super::shot::{Ask, Class, Reply, Shot};
use super::super::world::{Variant, World};
use super::bot::Bot;
use super::errand::{Account, Errand, explore};
use super::group::Aim;
use super::knobs::Session;
use super::lane::Lane;
use super::lists;

impl Lane {
    /// Whether it is after accounts and paths alone.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.aim, Aim::Scanning | Aim::Stuffing | Aim::Fakes | Aim::Both)
    }

    /// The template of comments that it uses now: another with each tactic.
    pub(super) fn template(&self) -> usize {
        usize::try_from((self.place >> 8).wrapping_add(u64::from(self.tactic)) % lists::TEMPLATES as u64)
            .unwrap_or(0)
    }

    /// What a client without an account asks for, of those who are after goods.
    pub(super) fn ask_for_goods(&mut self, world: &World) -> (Ask, Class) {
        let class = self.aim.class();
        if world.options.variant == Variant::Poisoning && self.dice.chance(0.3) {
            let (email, password) = self.dice.pick(&self.group.own);
            return (Ask::Login { email: Rc::clone(email), password: Rc::clone(password) }, Class::Own);
        }
        let ask = match self.aim {
            Aim::Recon => explore(&self.account_to_explore(), &mut self.dice),
            Aim::GiftCards => Ask::GiftCard(self.next_code()),
            // What is on sale is one product.
            Aim::Bots => Ask::Cart(7),
            Aim::Cards | Aim::Spam if self.dice.chance(0.5) => {
                let (email, password) = self.dice.pick(&self.group.stock);
                return (Ask::Login { email: Rc::clone(email), password: Rc::clone(password) }, Class::Own);
            }
            _ => {
                let email = lists::throwaway(&mut self.dice);
                Ask::Signup { email, password: format!("Aa1!{:08x}", self.dice.bits() >> 32).into() }
            }
        };
        (ask, class)
    }

    /// The next gift card: one after the other, or all of some thousands in no order.
    fn next_code(&mut self) -> u64 {
        self.place = self.place.wrapping_add(1);
        let (window, turn) = (self.place / 16_384, self.place % 16_384);
        // An odd factor goes through all of a power of two.
        let at = if self.group.shuffled { turn.wrapping_mul(10_007) % 16_384 } else { turn };
        GIFT_FIRST + (window % 61 * 16_384 + at) % GIFT_CODES
    }

    /// An account with which things are tried out: now and then a new one.
    fn account_to_explore(&mut self) -> Account {
        if self.dice.chance(0.15) {
            self.place = self.dice.bits();
        }
        let name = self.place >> 44;
        (format!("tester.{name:05x}@mail.example").into(), format!("Test-{name:05x}!").into())
    }

    /// What follows an entry of the list; whether anything does.
    pub(super) fn begin_errand(
        &mut self,
        bot: &mut Bot,
        now_ms: u64,
        shot: &Shot,
        reply: &Reply,
        world: &mut World,
    ) -> bool {
        if self.group.own.iter().any(|(own, _)| matches!(&shot.ask, Ask::Login { email, .. } if email == own))
        {
            return false;
        }
        if self.aim == Aim::Recon {
            bot.sid = reply.sid.or(bot.sid);
            return false;
        }
        bot.errand = match (&shot.ask, reply.status) {
            (Ask::Signup { email, .. }, 201) => {
                Errand::with_account(email, &self.group, true, &mut self.dice)
            }
            (Ask::Login { email, .. }, 200) => {
                Errand::with_account(email, &self.group, false, &mut self.dice)
            }
            // Few carts are paid: the rest keep others from buying.
            (Ask::Cart(_), 201) if self.dice.chance(0.04) => {
                let (email, _) = self.dice.pick(&self.group.own);
                Some(Errand::paying(email))
            }
            _ => None,
        };
        let awaits_mail = bot.errand.as_ref().is_some_and(Errand::awaits_mail);
        if awaits_mail && !reply.is_carried_out() {
            self.miss_mail(now_ms, world);
            bot.errand = None;
            return true;
        }
        bot.sid = if bot.errand.is_some() { reply.sid.or(bot.sid) } else { bot.sid };
        // A session that holds a cart has done its part.
        bot.errand.is_some() || matches!((&shot.ask, reply.status), (Ask::Cart(_), 201))
    }

    /// Lets a bot go on with its errand after a while; it is not used again after it.
    pub(super) fn send_on(&mut self, bot: Bot, now_ms: u64) {
        if bot.errand.is_none() {
            return;
        }
        let wait = match self.knobs.session {
            Session::Patient(_) => self.dice.lognormal(11.0, 0.8),
            _ => self.dice.lognormal(1.5, 0.8),
        };
        self.waiting.push(Reverse((now_ms + ms(wait), bot)));
    }
}
