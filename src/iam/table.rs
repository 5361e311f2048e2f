//! Lookups in the committed tables of `facts/`: lines of tab-separated columns, sorted by their
//! lower-cased first column. A lookup is a binary search in the text, so nothing is parsed at start.

use std::cmp::Ordering;

/// A table as it is compiled in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table(pub &'static str);

impl Table {
    /// The columns after the key, and the key as it is spelled in the table. Letter case does not matter.
    pub fn find(self, key: &str) -> Option<Row> {
        let row = self.from(key).next()?;
        row.key.eq_ignore_ascii_case(key).then_some(row)
    }

    /// All rows whose key starts with a prefix, whatever its letter case.
    pub fn with_prefix(self, prefix: &str) -> impl Iterator<Item = Row> + use<'_> {
        self.from(prefix)
            .take_while(move |row| row.key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
    }

    /// All rows.
    pub fn rows(self) -> impl Iterator<Item = Row> {
        self.0.lines().map(Row::new)
    }

    /// The rows from the first whose key is not less than the given one.
    fn from(self, key: &str) -> impl Iterator<Item = Row> + use<> {
        let text = self.0;
        let (mut low, mut high) = (0, text.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = text[..middle].rfind('\n').map_or(0, |at| at + 1);
            let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
            match compare(Row::new(text[start..end].trim_end_matches('\n')).key, key) {
                Ordering::Less => low = end,
                _ => high = start,
            }
        }
        text[low..].lines().map(Row::new)
    }
}

/// A line of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// The first column.
    pub key: &'static str,
    rest: &'static str,
}

impl Row {
    fn new(line: &'static str) -> Self {
        let (key, rest) = line.split_once('\t').unwrap_or((line, ""));
        Self { key, rest }
    }

    /// The column after the key with this number, from 0; empty where the line ends before it.
    pub fn column(self, number: usize) -> &'static str {
        self.rest.split('\t').nth(number).unwrap_or_default()
    }

    /// The comma-separated parts of a column.
    pub fn list(self, number: usize) -> impl Iterator<Item = &'static str> {
        self.column(number).split(',').filter(|part| !part.is_empty())
    }
}

fn compare(a: &str, b: &str) -> Ordering {
    a.bytes().map(|c| c.to_ascii_lowercase()).cmp(b.bytes().map(|c| c.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table("a:One\t1\t2\nA:Two\nb:one\tx,y\nb:two\t\tz\n");

    #[test]
    fn every_key_is_found_whatever_its_case() {
        for (key, spelled) in [("A:ONE", "a:One"), ("a:two", "A:Two"), ("b:one", "b:one"), ("B:Two", "b:two")] {
            assert_eq!(TABLE.find(key).map(|r| r.key), Some(spelled), "{key}");
        }
    }

    #[test]
    fn what_lies_between_or_beyond_the_keys_is_not_found() {
        for key in ["", "a", "a:O", "a:Ones", "b:two!", "zzz"] {
            assert_eq!(TABLE.find(key), None, "{key}");
        }
    }

    #[test]
    fn a_prefix_gives_its_rows_and_no_others() {
        let keys: Vec<_> = TABLE.with_prefix("A:").map(|r| r.key).collect();
        assert_eq!(keys, ["a:One", "A:Two"]);
        assert_eq!(TABLE.with_prefix("c").count(), 0);
    }

    #[test]
    fn columns_beyond_the_end_of_a_line_are_empty() {
        let row = TABLE.find("b:two").unwrap();
        assert_eq!((row.column(0), row.column(1), row.column(2)), ("", "z", ""));
        assert_eq!(TABLE.find("b:one").unwrap().list(0).collect::<Vec<_>>(), ["x", "y"]);
    }
}
