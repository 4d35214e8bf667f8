//! What customers write about products, and how texts are made of patterns.

use std::rc::Rc;

use super::random::Dice;

/// Fills a pattern: of `[a|b|c]` one is taken, `#` is a digit.
pub(crate) fn fill(pattern: &str, dice: &mut Dice, to: &mut String) {
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('[') {
        push(before, dice, to);
        let (choice, left) = after.split_once(']').unwrap_or((after, ""));
        let words: Vec<&str> = choice.split('|').collect();
        let word = *dice.pick(&words);
        push(word, dice, to);
        rest = left;
    }
    push(rest, dice, to);
}

fn push(text: &str, dice: &mut Dice, to: &mut String) {
    for letter in text.chars() {
        if letter == '#' {
            to.push(char::from_digit(u32::try_from(dice.below(10)).unwrap_or(0), 10).unwrap_or('0'));
        } else {
            to.push(letter);
        }
    }
}

/// What many write alike.
const SHORT: [&str; 14] = [
    "Great product, fast delivery!",
    "Alles bestens, gerne wieder.",
    "Top",
    "Very good quality.",
    "Works as described.",
    "Super!",
    "Passt perfekt, danke.",
    "Exactly what I was looking for.",
    "Five stars.",
    "Not worth the money.",
    "Tres bien, livraison rapide.",
    "Gute Ware, schneller Versand.",
    "Love it!",
    "Came broken, sent it back.",
];
const THING: &str = "[jacket|lamp|pan|kettle|backpack|tent|knife|chair|shelf|blanket|drill|bottle|bag|shirt|pair of shoes|mixer|clock|toy|table|speaker|keyboard|mattress]";
const PART: &str = "[zip|lining|handle|lid|button|cable|seam|colour|switch|strap|blade|leg|screw|manual|cover|battery|hook|wheel|sleeve|edge|box|plug]";
const WHO: &str =
    "[my son|my wife|my husband|a friend|my father|our kitchen|the office|my daughter|camping|work|the garden|my mother|a neighbour|the kids|my flat]";
const SPAN: &str = "[two days|a week|ten washes|last winter|every morning|a month|half a year|the first rain|three trips|one evening|the holidays|a year]";
const HOW: &str =
    "[sturdy|loose|soft|loud|heavy|light|rough|bright|stiff|thin|warm|small|cheap|solid|smooth|wobbly|lovely|odd|dull|tight]";
/// Sentences that people put together.
const SENTENCES: [&str; 22] = [
    "Bought this {thing} for {who} and it still looks [new|fine|good|the same] after {span}.",
    "The {part} is a bit {how} but [that is fine|I can live with it|one gets used to it|it does its job].",
    "[Sadly|Unfortunately|To my surprise|As others wrote] the {part} [broke|came off|got {how}|was {how}] after {span}.",
    "I had another {thing} before, and its {part} was more {how}.",
    "Arrived [on Tuesday|a day early|two days late|in time|well packed|in a huge box] and {who} [liked|loved|hated|kept] it.",
    "For {who} it is too {how}, so I [sent it back|gave it away|kept it anyway|will exchange it].",
    "[Would|Will not|Might] buy the {thing} again, if only for the {part}.",
    "My {who2} [says|thinks|finds|complains] that the {part} feels {how}.",
    "[Measured|Weighed|Checked] it: [##|1##|2##] [cm|grams|mm] rather than what the page says.",
    "Price went [up|down] by # [euro|pounds|dollars] since {span}, which is {how}.",
    "Compared with the one from [the market|my brother|our old flat|the catalogue], this {thing} is {how} and {how2}.",
    "Assembly took [## minutes|an hour|longer than I thought|no time], the {part} was the [hard|easy|annoying] bit.",
    "Support [answered|wrote back|called] within {span} and sent another {part}.",
    "We use the {thing} for {who}, mostly after {span}.",
    "It smells [a little|strongly|of plastic|like paint] for {span}, then it is fine.",
    "If you need something {how} for {who}, take the larger {thing}.",
    "The photo shows a {how} {part}, mine is rather {how2}.",
    "After {span} I washed it at [30|40|60] degrees and the {part} is {how} now.",
    "Second {thing} in this house, the first has been with {who} for {span}.",
    "Nothing special, a {how} {thing} with a {how2} {part}.",
    "Instructions only in [French|German|English|tiny print], the {part} was missing at first.",
    "Ein {thing2} wie man ihn sich [wünscht|vorstellt|erhofft], nur die {part2} ist etwas [laut|dünn|schwer|klein].",
];

/// A review. Some write what many write, some link to a picture of theirs.
pub(crate) fn review(dice: &mut Dice) -> Rc<str> {
    if dice.chance(0.2) {
        return (*dice.pick(&SHORT)).into();
    }
    let mut text = String::new();
    for _ in 0..=1 + dice.run(0.5, 4) {
        let pattern = dice
            .pick(&SENTENCES)
            .replace("{thing}", THING)
            .replace("{part}", PART)
            .replace("{who}", WHO)
            .replace("{who2}", "[sister|boss|partner|colleague|daughter|aunt]")
            .replace("{span}", SPAN)
            .replace("{how}", HOW)
            .replace("{how2}", HOW)
            .replace("{thing2}", "[Topf|Rucksack|Tisch|Stuhl|Bohrer|Wecker]")
            .replace("{part2}", "[Klinge|Naht|Farbe|Lampe|Schraube|Batterie]");
        if !text.is_empty() {
            text.push(' ');
        }
        fill(&pattern, dice, &mut text);
    }
    if dice.chance(0.03) {
        fill(" Picture: https://pics.example/[a|b|c|d]####", dice, &mut text);
    }
    text.into()
}
