//! Phrases with holes, found however a text was wrapped: `Role {resource} is invalid or cannot be assumed`.
//!
//! All phrases are searched for in one pass, by how their longest literals begin: an index of that is made in a
//! fraction of the time that an automaton takes, and most texts are short. A hole takes at most [`HOLE`] bytes; `*` is a hole without a name.

use super::Prepared;
use super::squeeze::squeeze;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// How many bytes of an anchor are looked up; no literal of the table is shorter.
const HEAD: usize = 4;

/// The most that a hole takes, in squeezed bytes.
const HOLE: usize = 420;

/// A phrase taken apart.
#[derive(Debug, Clone)]
struct Phrase {
    literals: Vec<String>,
    /// Whether a blank stands between a literal and the hole behind it.
    spaced: Vec<bool>,
    /// Whether a blank stands between a literal and the hole before it.
    led: Vec<bool>,
    /// The holes: before the first literal, between, behind the last; the outer ones may be absent.
    leading: Option<String>,
    between: Vec<String>,
    trailing: Option<String>,
    anchor: usize,
}

impl Phrase {
    fn parse(phrase: &str) -> Self {
        let (mut literals, mut holes, mut spaced, mut led) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut literal = String::new();
        let mut rest = phrase;
        while let Some(at) = rest.find(['{', '*']) {
            literal.push_str(&rest[..at]);
            let (name, length) = match rest[at..].find('}') {
                Some(end) if rest[at..].starts_with('{') => (&rest[at + 1..at + end], end + 1),
                _ => ("", 1),
            };
            spaced.push(literal.ends_with(' '));
            led.push(literal.starts_with(' '));
            literals.push(squeeze(&literal));
            literal.clear();
            holes.push(name.to_owned());
            rest = &rest[at + length..];
        }
        literal.push_str(rest);
        literals.push(squeeze(&literal));
        spaced.push(false);
        led.push(literal.starts_with(' '));
        let leading = literals.first().is_some_and(String::is_empty).then(|| {
            literals.remove(0);
            spaced.remove(0);
            led.remove(0);
            holes.remove(0)
        });
        let trailing = (literals.len() > 1 && literals.last().is_some_and(String::is_empty))
            .then(|| {
                literals.pop();
                holes.pop()
            })
            .flatten();
        let anchor = (0..literals.len()).max_by_key(|&at| literals[at].len()).unwrap_or(0);
        Self { literals, spaced, led, leading, between: holes, trailing, anchor }
    }

    /// The longest literal, by which the phrase is found.
    fn anchor(&self) -> &str {
        &self.literals[self.anchor]
    }
}

/// A phrase that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The phrase's number.
    pub phrase: usize,
    /// Where it stands in the cleaned text.
    pub range: Range<usize>,
    /// What stood in the named holes.
    pub captures: BTreeMap<String, String>,
    /// Squeezed length of the words, without holes: the measure of how telling the phrase is.
    pub length: usize,
}

/// Many phrases.
#[derive(Debug)]
pub struct Phrases {
    phrases: Vec<Phrase>,
    /// The phrases whose anchors begin with these bytes.
    by_head: HashMap<[u8; HEAD], Vec<usize>>,
    /// Which bytes begin an anchor.
    first: [bool; 256],
}

impl Phrases {
    /// Prepares phrases for searching. One whose longest literal has less than [`HEAD`] bytes is never found.
    pub fn new<'a>(phrases: impl IntoIterator<Item = &'a str>) -> Self {
        let phrases: Vec<Phrase> = phrases.into_iter().map(Phrase::parse).collect();
        let mut by_head: HashMap<[u8; HEAD], Vec<usize>> = HashMap::new();
        let mut first = [false; 256];
        for (number, phrase) in phrases.iter().enumerate() {
            if let Some(head) = phrase.anchor().as_bytes().first_chunk::<HEAD>() {
                by_head.entry(*head).or_default().push(number);
                first[usize::from(head[0])] = true;
            }
        }
        Self { phrases, by_head, first }
    }

    /// All phrases in a text, at most one per phrase and line.
    pub fn find(&self, prepared: &Prepared) -> Vec<Found> {
        let text = prepared.squeezed.text.as_bytes();
        let mut found: Vec<Found> = Vec::new();
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, byte) in text.iter().enumerate() {
            if !self.first[usize::from(*byte)] {
                continue;
            }
            let rest = &text[at..];
            let Some(numbers) = rest.first_chunk::<HEAD>().and_then(|head| self.by_head.get(head)) else { continue };
            for &number in numbers {
                let anchor = self.phrases[number].anchor();
                if last.get(&number).is_some_and(|end| at < *end) || !rest.starts_with(anchor.as_bytes()) {
                    continue;
                }
                if let Some((end, one)) = self.whole(prepared, number, at..at + anchor.len()) {
                    last.insert(number, end);
                    found.push(one);
                }
            }
        }
        found
    }

    /// The phrase around its anchor, if all of it is there.
    fn whole(&self, prepared: &Prepared, number: usize, anchor: Range<usize>) -> Option<(usize, Found)> {
        let phrase = &self.phrases[number];
        let squeezed = &prepared.squeezed;
        let mut captures = BTreeMap::new();
        let mut keep = |name: &str, range: Range<usize>| {
            if !name.is_empty() {
                let raw = &prepared.text[squeezed.range(range)];
                captures.insert(name.to_owned(), tidy(raw));
            }
        };
        let mut start = anchor.start;
        for at in (0..phrase.anchor).rev() {
            let mut from = start.saturating_sub(HOLE);
            while !squeezed.text.is_char_boundary(from) {
                from += 1;
            }
            let literal = &phrase.literals[at];
            let apart = |end: usize| end > 0 && squeezed.range(end - 1..end).end < squeezed.start(end);
            let (found, _) = squeezed.text[from..start]
                .rmatch_indices(literal.as_str())
                .map(|(found, _)| (from + found, from + found + literal.len()))
                .find(|(_, end)| {
                    // `awsuser is`: the literal is the end of the name, and nothing would be left for the hole.
                    let empty = *end == start && !phrase.between[at].is_empty();
                    !empty && (!phrase.spaced[at] || apart(*end))
                })?;
            keep(&phrase.between[at], found + phrase.literals[at].len()..start);
            start = found;
        }
        let mut end = anchor.end;
        for at in phrase.anchor + 1..phrase.literals.len() {
            let literal = phrase.literals[at].as_str();
            let window = squeezed.window(end, HOLE);
            // `call {operation} on`: not the end of `InvokeFunction`, unless all blanks were lost.
            let apart = |found: usize| {
                end + found > 0 && squeezed.range(end + found - 1..end + found).end < squeezed.start(end + found)
            };
            let mut words = window.match_indices(literal).map(|(found, _)| found);
            let word = if phrase.led[at] { words.find(|found| apart(*found)) } else { None };
            let found = end + word.or_else(|| window.find(literal))?;
            keep(&phrase.between[at - 1], end..found);
            end = found + phrase.literals[at].len();
        }
        let range = squeezed.range(start..end);
        if let Some(name) = phrase.leading.as_ref().filter(|name| !name.is_empty()) {
            let word = prepared.text[..range.start].split_whitespace().next_back().unwrap_or_default();
            captures.insert(name.clone(), tidy(word));
        }
        if let Some(name) = phrase.trailing.as_ref().filter(|name| !name.is_empty()) {
            let behind = prepared.text[range.end..].trim_start_matches(['"', '\'', '`', ':', ' ', '\n', '[']);
            captures.insert(name.clone(), super::field::token(behind, 0));
        }
        let length = phrase.literals.iter().map(String::len).sum();
        Some((end, Found { phrase: number, range, captures, length }))
    }
}

/// A captured text without line breaks, quotes and the sentence's marks.
fn tidy(raw: &str) -> String {
    let joined = raw.split_whitespace().collect::<Vec<_>>().join(if raw.trim().starts_with("arn:") { "" } else { " " });
    super::field::trimmed(joined.trim_matches(['"', '\'', '`', ' ', '[', ']', ':', ','])).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(phrases: &[&str], text: &str) -> Vec<Found> {
        Phrases::new(phrases.iter().copied()).find(&Prepared::new(text))
    }

    #[test]
    fn holes_are_captured_through_line_breaks() {
        let found = find(
            &["Provided role '{resource}' cannot be assumed by principal '{principal}'"],
            "Provided role 'arn:aws:iam::1:role/a' can\n  not be assumed by\n principal 'events.amazonaws.com'",
        );
        assert_eq!(found[0].captures["resource"], "arn:aws:iam::1:role/a");
        assert_eq!(found[0].captures["principal"], "events.amazonaws.com");
    }

    #[test]
    fn a_hole_at_the_end_takes_a_word() {
        let found =
            find(&["permission to access {resource}"], "no permission to access arn:aws:sqs:eu-west-1:1:q. Sorry");
        assert_eq!(found[0].captures["resource"], "arn:aws:sqs:eu-west-1:1:q");
    }

    #[test]
    fn a_word_behind_a_hole_is_not_the_end_of_what_the_hole_takes() {
        let found = find(&["may not call {operation} on {service}"], "it may not call InvokeFunction on Lambda");
        assert_eq!(found[0].captures["operation"], "InvokeFunction");
        assert_eq!(found[0].captures["service"], "Lambda");
    }

    #[test]
    fn a_phrase_whose_parts_are_far_apart_is_not_found() {
        assert!(find(&["one * two"], &format!("one {} two", "x".repeat(HOLE + 1))).is_empty());
    }
}
