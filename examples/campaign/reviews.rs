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
/// Parts of which people make sentences, each with words of its own: two reviews have few pairs of
/// words in common, as those of two people have.
const PARTS: [&str; 5] = [
    // Who or when.
    "[After|Before|During|Since|Until] [two days|a week|ten washes|last winter|our trip|a month|half a year|the first rain|three parties|one evening|Easter|moving house]|[My son|My wife|Our neighbour|A colleague|Grandma|The dog|My flatmate|Her sister|Their kids|Mine|Dad] [says|claims|thinks|noticed|swears|found|laughed because|complained that]|[Honestly|Sadly|Luckily|Well|Overall|Frankly|Surprisingly|Meanwhile|Admittedly|Still]|[Ordered|Unpacked|Assembled|Returned|Washed|Wore|Tested|Gifted] [it|this|one|both|mine] [yesterday|twice|in May|at work|outdoors|with gloves|for him|on Sunday|here|alone] and|[Compared with|Unlike|Next to|Instead of] [my old one|cheaper ones|the blue version|what friends own|last year's model|the catalogue photo]",
    // What.
    "[the|its|that|every|one|each] [zip|lining|handle|lid|button|cable|seam|colour|switch|strap|blade|leg|screw|manual|cover|battery|hook|wheel|sleeve|edge|box|plug|smell|fabric|motor|label|size|weight|price|glue|spring|hinge]",
    // How it is.
    "[feels|seems|is|looks|stays|became|turned|was|got|remains|arrived|sounds] [rather|a bit|really|far too|surprisingly|hardly|still|almost|not exactly|quite] [sturdy|loose|soft|loud|heavy|light|rough|bright|stiff|thin|warm|small|cheap|solid|smooth|wobbly|lovely|odd|dull|tight|crooked|sticky|faded|elegant|useless]|[broke|bent|tore|leaked|squeaked|slipped|faded|held|worked|fits|jammed|rusted|shrank|glows] [immediately|eventually|perfectly|overnight|without warning|somehow|as hoped|like new|under load|again|near the seam|halfway]",
    // What of it.
    ", [so|but|and|yet|which means|although|because] [I|we|he|she|they|nobody|everyone] [kept|returned|repaired|gave away|painted|love|use|forgot|recommend|exchanged|regret|ordered|glued|ignored] [it|them|another|that|two more|everything|the spare|the whole thing]||| [for|with|despite|around|against|inside|near] [the garden|camping|our kitchen|cold mornings|the office|travel|toddlers|big hands|a small flat|daily use|winter|guests|the bike|long walks]",
    "[.|.|.|!|...]",
];

/// A review. Some write what many write, some link to a picture of theirs.
pub(crate) fn review(dice: &mut Dice) -> Rc<str> {
    if dice.chance(0.2) {
        return (*dice.pick(&SHORT)).into();
    }
    let mut text = String::new();
    for _ in 0..=1 + dice.run(0.5, 4) {
        if !text.is_empty() {
            text.push(' ');
        }
        for (n, part) in PARTS.iter().enumerate() {
            if n > 0 && n < 3 {
                text.push(' ');
            }
            let ways = ways(part);
            let way = *dice.pick(&ways);
            fill(way, dice, &mut text);
        }
    }
    if dice.chance(0.03) {
        fill(" Picture: https://pics.example/[a|b|c|d]####", dice, &mut text);
    }
    text.into()
}

/// The ways to say a part: what stands between bars that are in no brackets.
fn ways(part: &str) -> Vec<&str> {
    let mut depth = 0;
    part.split(|letter| {
        depth += i32::from(letter == '[') - i32::from(letter == ']');
        letter == '|' && depth == 0
    })
    .collect()
}
