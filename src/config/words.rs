//! Words in messages: lists of what is allowed, and the allowed word nearest to a misspelt one.

/// "a", "a or b", "a, b or c".
pub(super) fn any_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    list(words, "or")
}

/// "a", "a and b", "a, b and c".
pub(super) fn all_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    list(words, "and")
}

fn list<'w>(words: impl IntoIterator<Item = &'w str>, last: &str) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// The word that was most likely meant, if one is near.
pub(super) fn nearest<'w>(found: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // Longer words are no misspelling of ours, and the comparison below is quadratic.
    const LONGEST: usize = 60;
    if found.len() > LONGEST {
        return None;
    }
    let found = found.to_ascii_lowercase().replace('_', "-");
    let allowed = |word: &str| 1 + word.len().max(found.len()) / 5;
    words
        .into_iter()
        .map(|word| (distance(&found, &word.replace('_', "-")), word))
        .filter(|&(steps, word)| steps <= allowed(word))
        .min_by_key(|&(steps, _)| steps)
        .map(|(_, word)| word)
}

/// How many letters have to be changed, added, dropped or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, &a) in from.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, &b) in to.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&row, j + 1) + 1).min(at(&next, j) + 1);
            best = best.min(at(&row, j) + usize::from(a != b));
            let swapped = i > 0 && j > 0 && from.get(i - 1) == Some(&b) && to.get(j - 1) == Some(&a);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = core::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_changes() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("wihtin", "within"), 1);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn suggests_only_near_words() {
        let words = ["failures", "failure_test", "score"];
        assert_eq!(nearest("failurs", words), Some("failures"));
        assert_eq!(nearest("failure-test", words), Some("failure_test"));
        assert_eq!(nearest("threshold", words), None);
        assert_eq!(nearest(&"x".repeat(10_000), words), None);
    }

    #[test]
    fn lists_words() {
        assert_eq!(any_of(["a"]), "a");
        assert_eq!(any_of(["a", "b", "c"]), "a, b or c");
        assert_eq!(all_of(["a", "b"]), "a and b");
    }
}
