//! Texts → what they say of a denial: every form that AWS, CloudFormation and the tools around them print.

pub mod call;
pub mod clean;
mod cli;
mod decoded;
pub mod denial;
mod field;
mod forms;
mod labelled;
pub mod phrase;
mod prose;
mod s3_command;
mod s3_tools;
mod sayings;
pub mod squeeze;
mod table;
mod words;

pub use field::{token, trimmed};
use squeeze::Squeezed;

/// A text that has been cleaned for reading.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The cleaned text, with its line breaks.
    pub text: String,
    /// The same without blanks and capitals.
    pub squeezed: Squeezed,
}

impl Prepared {
    /// Cleans a text.
    pub fn new(text: &str) -> Self {
        let text = clean::clean(text);
        Self { squeezed: Squeezed::new(&text), text }
    }

    /// The line that holds a byte of the text.
    pub fn line_at(&self, at: usize) -> std::ops::Range<usize> {
        let at = self.text.floor_char_boundary(at);
        let start = self.text[..at].rfind('\n').map_or(0, |found| found + 1);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |found| at + found);
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::Prepared;

    #[test]
    fn a_byte_inside_a_character_lies_in_that_characters_line() {
        let prepared = Prepared::new("one\n\u{11700}two");
        assert_eq!(&prepared.text[prepared.line_at(6)], "\u{11700}two");
    }
}
