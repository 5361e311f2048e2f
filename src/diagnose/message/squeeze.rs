//! A text without blanks and capitals, with the way back: phrases are found in it however the text was wrapped.

use std::ops::Range;

/// A squeezed text and where each of its bytes came from.
#[derive(Debug, Clone, Default)]
pub struct Squeezed {
    /// The text: no white space, ASCII letters small.
    pub text: String,
    origin: Vec<u32>,
    end: u32,
}

impl Squeezed {
    /// Squeezes a text of less than 4 GiB.
    pub fn new(text: &str) -> Self {
        let mut squeezed =
            Self { text: String::with_capacity(text.len()), origin: Vec::with_capacity(text.len()), end: 0 };
        for (at, char) in text.char_indices().filter(|(_, char)| !char.is_whitespace()) {
            squeezed.text.push(char.to_ascii_lowercase());
            squeezed.origin.resize(squeezed.text.len(), u32::try_from(at).unwrap_or(u32::MAX));
            squeezed.end = u32::try_from(at + char.len_utf8()).unwrap_or(u32::MAX);
        }
        squeezed
    }

    /// The range of the original text that a range of this one came from; what reaches beyond the end is cut off.
    pub fn range(&self, range: Range<usize>) -> Range<usize> {
        let (from, to) = (ceil(&self.text, range.start), ceil(&self.text, range.end));
        // Up to the end of the last character, not to the start of the next one: blanks in between are no part of it.
        match self.text.get(from..to).and_then(|part| part.chars().next_back()) {
            Some(last) => self.start(from)..self.start(to - last.len_utf8()) + last.len_utf8(),
            None => self.start(from)..self.start(from),
        }
    }

    /// Where a byte of this text stands in the original one.
    pub fn start(&self, at: usize) -> usize {
        self.origin.get(at).copied().unwrap_or(self.end) as usize
    }

    /// The first byte of this text that came from `at` of the original one or from behind it.
    pub fn find_origin(&self, at: usize) -> usize {
        self.origin.partition_point(|origin| (*origin as usize) < at)
    }

    /// A part of this text, cut so that it ends on a character boundary.
    pub fn window(&self, from: usize, length: usize) -> &str {
        let from = ceil(&self.text, from);
        let to = ceil(&self.text, from.saturating_add(length));
        &self.text[from..to]
    }
}

fn ceil(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at.min(text.len())
}

/// Squeezes a phrase that is to be found in a squeezed text.
pub fn squeeze(phrase: &str) -> String {
    phrase.chars().filter(|char| !char.is_whitespace()).map(|char| char.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_through_line_breaks_and_leads_back() {
        let text = "User:\n   é is not AUTHO\nrized x";
        let squeezed = Squeezed::new(text);
        let at = squeezed.text.find("isnotauthorized").unwrap();
        assert_eq!(&text[squeezed.range(at..at + 15)], "is not AUTHO\nrized");
        assert_eq!(&text[squeezed.range(0..5)], "User:");
    }
}
