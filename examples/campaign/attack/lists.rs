//! What attackers try: leaked pairs of address and password, names for fake accounts, paths.

use std::rc::Rc;

use super::super::customers::{Customers, address_of, password_of};
use super::super::random::Dice;
use super::super::reviews::fill;

/// Some 10 % of a list's addresses have an account here, with another password.
const KNOWN: f64 = 0.10;

/// A pair from a list of which such a share is valid.
pub(super) fn pair(valid: f64, customers: &Customers, dice: &mut Dice) -> (Rc<str>, Rc<str>) {
    let draw = dice.unit();
    if draw < valid + KNOWN {
        let customer = dice.pick(customers);
        let password = if draw < valid { Rc::clone(&customer.password) } else { leaked(dice) };
        return (Rc::clone(&customer.email), password);
    }
    let number = 100_000_000 + (dice.bits() >> 34);
    (address_of(dice, number), leaked(dice))
}

/// A password as people had it elsewhere.
fn leaked(dice: &mut Dice) -> Rc<str> {
    match dice.below(6) {
        0 => "123456789".into(),
        1 => "password1".into(),
        2 => format!("qwerty{}", dice.below(1000)).into(),
        _ => password_of(dice),
    }
}

const DOMAINS: [&str; 16] = [
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "proton.me",
    "mail.example",
    "tempbox.example",
    "dropmail.example",
    "inboxkit.example",
    "sharkmail.example",
    "gmx.net",
    "mailnesia.example",
    "trashpost.example",
    "10min.example",
    "web.example",
    "icloud.com",
];

/// A mail address that nobody reads.
pub(super) fn throwaway(dice: &mut Dice) -> Rc<str> {
    let domain = dice.pick(&DOMAINS);
    let bits = dice.bits();
    match dice.below(3) {
        0 => format!("{:010x}@{domain}", bits >> 24).into(),
        1 => {
            let named = address_of(dice, bits >> 44);
            let name = named.split('@').next().unwrap_or("x");
            format!("{name}.{:03x}@{domain}", bits & 0xfff).into()
        }
        _ => format!("{:06x}@m{}.{domain}", bits >> 40, bits % 900).into(),
    }
}

const WORDS: [&str; 24] = [
    ".env",
    ".git/config",
    "wp-login.php",
    "wp-admin",
    "admin",
    "backup.zip",
    "phpinfo.php",
    "server-status",
    "actuator/env",
    "graphql",
    "swagger.json",
    "openapi.yaml",
    "api/v2/users",
    "api/internal/orders",
    "debug",
    "config.json",
    "db.sql",
    "old",
    "test",
    "staging",
    "console",
    "metrics",
    "api/v1/admin",
    "private",
];

/// A path that a scanner hopes for.
pub(super) fn path(number: u64, dice: &mut Dice) -> Rc<str> {
    let word = dice.pick(&WORDS);
    match number % 3 {
        0 => format!("/{word}").into(),
        1 => format!("/{word}/{}", number / 3).into(),
        _ => format!("/api/v1/products/{word}{}", number / 3).into(),
    }
}

/// Templates of comments, with words to choose in brackets.
const ADVERTISEMENTS: [&str; 10] = [
    "Hi, [Ann|Bob|Cleo|Dan|Eve|Finn] here. I was [broke|poor|in debt] until I found this [amazing|superb|great] trading robot, it made me [2|3|4|5]### dollars in [one week|ten days|a month], see https://[fast|safe|smart]-gain##.example/[a|b|c]###",
    "[Cheap|Original|Best] replica watches and bags, [60|70|80] percent off only [today|this week], free shipping: https://luxe##.example/[w|b]/####",
    "I lost [12|15|18|20] kilos in [five|six|seven] weeks with this [tea|powder|method], my doctor was [amazed|speechless|surprised]. Read how at https://slim##.example/####",
    "Work from home, [no skills|no experience|no boss], [300|400|500] euro a day, [write|text|message] me on the app: @[anna|mark|lisa]_job## or https://jobs##.example",
    "Need a loan? [Fast|Easy|Quick] money without [questions|papers|credit check], approved in [5|10|15] minutes https://kredit##.example/r=####",
    "This product is [ok|fine|nice] but you can get the same for [half|a third] of the price at https://deal##.example/p####, I [ordered|bought] there [twice|three times] and it came in two days",
    "[Download|Watch] the [full|new] [movie|season|match] free in HD no registration https://stream##.example/v/#### enjoy [friends|guys|everyone]",
    "Followers and likes for your [page|channel|shop], real people, [1000|5000|10000] for only # euro, start here https://boost##.example and use code SALE##",
    "Crypto airdrop is [live|open|on]! Connect your wallet and claim [100|250|500] tokens before [midnight|Friday|it ends] https://claim##.example/[x|y|z]####",
    "My [wife|husband|friend] and I play at this casino since [May|June|July], [first deposit doubled|50 free spins|no limits], we won [2|3|7]### already: https://lucky##.example/ref####",
];

/// How many templates there are.
pub(super) const TEMPLATES: usize = ADVERTISEMENTS.len();

/// A comment from a template.
pub(super) fn advertisement(template: usize, dice: &mut Dice) -> Rc<str> {
    let mut text = String::new();
    fill(ADVERTISEMENTS[template % TEMPLATES], dice, &mut text);
    text.into()
}
