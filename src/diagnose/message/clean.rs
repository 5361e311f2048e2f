//! A pasted text → the same text without what terminals, JSON, XML, log collectors and line wrapping did to it.

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// The most text that is read closely, in bytes; of a longer one only the surroundings of telling lines are kept.
const CLOSE_READING: usize = 512 * 1024;
/// A line of a long text that is longer than this is cut down, in bytes.
const LONG_LINE: usize = 8 * 1024;
/// Lines that are kept before and after a telling line of a long text.
const SURROUNDINGS: usize = 24;
/// A line shorter than this was not cut by a terminal.
const NARROWEST_TERMINAL: usize = 60;
/// Usual widths of terminals and of the consoles of CI.
const USUAL_TERMINALS: [usize; 6] = [80, 100, 120, 132, 160, 200];

/// Cleans a text: colours, escapes, entities, line prefixes, hard wraps.
pub fn clean(text: &str) -> String {
    let text = telling(text);
    let text = with_lines_of_quote(&text);
    let text = anstream::adapter::strip_str(&text).to_string();
    let text = without_escapes(&text);
    let text = without_common_prefix(&text);
    let text = without_leading_commas(&text);
    let lines: Vec<String> = text.lines().map(|line| without_prefix(line).to_owned()).collect();
    unwrapped(&without_hanging_indents(&super::table::read_columns(&lines)))
}

/// A quoted mail that was put into one line, `> one > two`, in its lines again.
fn with_lines_of_quote(text: &str) -> Cow<'_, str> {
    const FEWEST: usize = 2;
    let body = text.trim();
    let quoted = body.starts_with("> ") && !body.contains('\n') && body.matches(" > ").count() >= FEWEST;
    if quoted { Cow::Owned(body.replace(" > ", "\n> ")) } else { Cow::Borrowed(text) }
}

/// The part of a long text that can matter.
fn telling(text: &str) -> Cow<'_, str> {
    static TELLING: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            "(?i)denied|authori[sz]|forbidden|credential|token|_failed|error|exceed|throttl|kms|assume|expired|\
             permission|explicit|already exists|cannot|unable",
        )
        .ok()
    });
    if text.len() <= CLOSE_READING {
        return Cow::Borrowed(text);
    }
    let text = with_short_lines(text, TELLING.as_ref());
    let lines: Vec<&str> = text.lines().collect();
    let mut keep = vec![false; lines.len()];
    for (index, line) in lines.iter().enumerate() {
        if TELLING.as_ref().is_some_and(|telling| telling.is_match(line)) {
            let last = (index + SURROUNDINGS).min(lines.len() - 1);
            keep[index.saturating_sub(SURROUNDINGS)..=last].fill(true);
        }
    }
    let mut kept = String::new();
    // The end of a log is where the failure stands: it is filled from there.
    let mut chosen = Vec::new();
    for (line, _) in lines.iter().zip(keep).rev().filter(|(_, keep)| *keep) {
        if kept.len() + line.len() > CLOSE_READING {
            let tail: String = line.chars().take(CLOSE_READING / 8).collect();
            chosen.push(tail);
            break;
        }
        kept.push_str(line);
        chosen.push((*line).to_owned());
    }
    chosen.reverse();
    Cow::Owned(chosen.join("\n"))
}

/// Long lines, such as a log in one line of JSON, cut down to the surroundings of their telling words.
fn with_short_lines<'a>(text: &'a str, telling: Option<&Regex>) -> Cow<'a, str> {
    if text.lines().all(|line| line.len() <= LONG_LINE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for line in text.lines() {
        if line.len() <= LONG_LINE {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let mut kept = 0;
        for found in telling.into_iter().flat_map(|telling| telling.find_iter(line)) {
            let from = line.floor_char_boundary(found.start().saturating_sub(LONG_LINE / 8)).max(kept);
            let to = line.floor_char_boundary((found.end() + LONG_LINE / 4).min(line.len()));
            if from >= to {
                continue;
            }
            // What was left out between two pieces ends a line.
            if from > kept {
                out.push('\n');
            }
            out.push_str(&line[from..to]);
            kept = to;
        }
        out.push('\n');
    }
    Cow::Owned(out)
}

/// Undoes JSON escapes (of any depth), XML entities, typographic quotes and colour codes that lost their escape.
fn without_escapes(text: &str) -> String {
    static RESIDUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:\\+u001[bB]|\\x1[bB]|[\\#]033|\^\[)?\[(?:[0-9]{1,3}(?:;[0-9]{1,3})*)m|(?:\\+u001[bB]|\\033)")
            .ok()
    });
    let text = match Some(text).filter(|text| text.contains('[')).and_then(|_| RESIDUE.as_ref()) {
        Some(residue) => residue.replace_all(text, ""),
        None => Cow::Borrowed(text),
    };
    // Text that was escaped for HTML more than once.
    let text =
        if text.contains("&amp;") { Cow::Owned(text.replace("&amp;amp;", "&").replace("&amp;", "&")) } else { text };
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) =
        rest.find(['\\', '#', '&', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{a0}', '\u{200b}', '\r'])
    {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (replacement, taken) = escape(rest);
        out.push_str(&replacement);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

/// What the escape at the start of `text` stands for, and its length in bytes.
fn escape(text: &str) -> (Cow<'static, str>, usize) {
    const ENTITIES: [(&str, &str); 9] = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
        ("&nbsp;", " "),
    ];
    if let Some((entity, meaning)) = ENTITIES.iter().find(|(entity, _)| text.starts_with(entity)) {
        return (Cow::Borrowed(meaning), entity.len());
    }
    // The control characters of rsyslog.
    const OCTAL: [(&str, &str); 3] = [("#011", "\t"), ("#012", "\n"), ("#015", "")];
    if let Some((code, meaning)) = OCTAL.iter().find(|(code, _)| text.starts_with(code)) {
        return (Cow::Borrowed(meaning), code.len());
    }
    let first = text.chars().next().unwrap_or(' ');
    if first == '#' {
        return (Cow::Borrowed("#"), 1);
    }
    if first != '\\' {
        let meaning = match first {
            '\u{2018}' | '\u{2019}' => "'",
            '\u{201c}' | '\u{201d}' => "\"",
            '\u{a0}' => " ",
            '\r' | '\u{200b}' => "",
            _ => "&",
        };
        return (Cow::Borrowed(meaning), first.len_utf8());
    }
    let slashes = text.len() - text.trim_start_matches('\\').len();
    let after = &text[slashes..];
    let meaning = match after.as_bytes().first() {
        Some(b'"') => "\"",
        Some(b'\'') => "'",
        Some(b'n') => "\n",
        Some(b'r') => "",
        Some(b't') => "\t",
        Some(b'/') => "/",
        Some(b'u') => {
            let code = after.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
            return match code {
                Some(char) => (Cow::Owned(char.to_string()), slashes + 5),
                None => (Cow::Borrowed("\\"), slashes),
            };
        }
        // A shell's continued line.
        Some(b'\n') | None => return (Cow::Borrowed(""), slashes),
        _ => return (Cow::Borrowed("\\"), slashes),
    };
    (Cow::Borrowed(meaning), slashes + 1)
}

/// Without the comma that some consoles print before every line but the first.
fn without_leading_commas(text: &str) -> Cow<'_, str> {
    let lines: Vec<&str> = text.lines().collect();
    let comma = |at: usize| lines.get(at).is_some_and(|line| line.starts_with(','));
    // One alone may be a comma of the text.
    let one_of_several = |at: usize| comma(at) && (comma(at + 1) || at > 0 && comma(at - 1));
    if !(0..lines.len()).any(one_of_several) {
        return Cow::Borrowed(text);
    }
    let bare =
        |(at, line): (usize, &&'_ str)| if one_of_several(at) { line[1..].to_owned() } else { (*line).to_owned() };
    Cow::Owned(lines.iter().enumerate().map(bare).collect::<Vec<_>>().join("\n"))
}

/// Without what a collector put before every line: the pod, the job, the time.
fn without_common_prefix(text: &str) -> Cow<'_, str> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(first), Some(_)) = (lines.next(), lines.next()) else { return Cow::Borrowed(text) };
    let Some(length) = common_prefix(first, text) else { return Cow::Borrowed(text) };
    let bare = |line: &'_ str| line.get(length..).unwrap_or_default().to_owned();
    Cow::Owned(text.lines().map(bare).collect::<Vec<_>>().join("\n"))
}

/// The length of the longest beginning that all lines share but for their digits, that holds a digit, ends in a mark
/// and says nothing of a failure.
fn common_prefix(first: &str, text: &str) -> Option<usize> {
    const LONGEST: usize = 100;
    const WORDS: [&str; 8] = ["arn:", "user:", "denied", "error", "exception", "fail", "expired", "aws::"];
    let alike = |a: u8, b: u8| a == b || (a.is_ascii_digit() && b.is_ascii_digit());
    let mut shared = first.len().min(LONGEST);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        shared = first.bytes().zip(line.bytes()).take(shared).take_while(|(a, b)| alike(*a, *b)).count();
    }
    // A line without content still has the mark, not the blank behind it.
    let ends = (1..=shared).rev().filter(|end| first.is_char_boundary(*end));
    ends.map(|end| (end, &first[..end])).find_map(|(end, prefix)| {
        let marked = ["| ", "- ", ": ", "] ", "Z ", "\t"].iter().any(|mark| prefix.ends_with(mark));
        let small = prefix.to_ascii_lowercase();
        let telling = WORDS.iter().any(|word| small.contains(word));
        (marked && !telling && prefix.contains(|c: char| c.is_ascii_digit())).then_some(end)
    })
}

/// A line without what a log collector or a tool's frame put before and behind it.
fn without_prefix(line: &str) -> &str {
    static PREFIX: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?-u)^(?:\s*(?:",
            r"(?u:[│┃║▕╵╷╭╰|>]+)(?:\s|$)", // frames, quotes
            r"|remote:\s",
            r"|#[0-9]+\s+[0-9.]+\s", // docker build
            r"|\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]+)?(?:Z|\s?[+-][0-9]{2}:?[0-9]{2})?\]?(?:\s|$)",
            r"|\[(?:INFO|WARN|WARNING|ERROR|DEBUG|stderr|stdout|Container)\]:?",
            r"|(?:INFO|WARN|WARNING|ERROR|DEBUG)[:\s]\s*",
            r"))+",
        ))
        .ok()
    });
    let body = line.trim_end_matches(['│', '┃', '║', ' ', '\t']);
    let cut = PREFIX.as_ref().and_then(|prefix| prefix.find(body)).map_or(0, |found| found.end());
    // The indentation stays: a table is known by it.
    if body[..cut].trim().is_empty() { body } else { &body[cut..] }
}

/// Joins what was cut at a width and indented below: at least three lines of that width, give or take one for a blank
/// at the cut, all but the first with the same indentation.
fn without_hanging_indents(lines: &[String]) -> Vec<String> {
    let width = |line: &String| line.chars().count();
    let indentation = |line: &String| line.chars().take_while(|c| *c == ' ').count();
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    let mut index = 0;
    while index < lines.len() {
        let full = lines[index..].iter().take_while(|line| width(line).abs_diff(width(&lines[index])) <= 1).count();
        let below = lines.get(index + 1).map_or(0, indentation);
        let wrapped = lines[index..].iter().skip(1).take(full).take_while(|line| indentation(line) == below).count();
        let block = &lines[index..=index + wrapped];
        let alike = block.windows(2).any(|pair| begins_alike(pair[0].trim_start(), pair[1].trim_start()));
        let longest = block.iter().map(width).max().unwrap_or(0);
        if full < 3
            || below < 2
            || wrapped < 2
            || alike
            || longest < NARROWEST_TERMINAL
            || width(&block[wrapped]) > longest
        {
            out.push(lines[index].clone());
            index += 1;
            continue;
        }
        out.push(block[0].clone() + &block[1..].iter().map(|line| line.trim_start()).collect::<String>());
        index += wrapped + 1;
    }
    out
}

/// Joins lines that a terminal cut at its width: several of the very same length, no blank at the cut.
fn unwrapped(lines: &[String]) -> String {
    let widths: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
    let widest = widths.iter().copied().max().unwrap_or(0);
    // A single line of that length may be chance, unless terminals are often that wide.
    let cuts = widths.iter().filter(|width| **width == widest).count() > 1 || USUAL_TERMINALS.contains(&widest);
    let cut = |index: usize| {
        cuts && widest >= NARROWEST_TERMINAL
            && widths[index] == widest
            && lines.get(index + 1).is_some_and(|next| {
                next.starts_with(|c: char| !c.is_whitespace())
                    && !lines[index].ends_with(char::is_whitespace)
                    && !begins_alike(&lines[index], next)
            })
            && !lines[index].ends_with(['.', ':', '}', ')', '"'])
    };
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        out.push_str(line);
        if !cut(index) {
            out.push('\n');
        }
    }
    out
}

/// Whether two lines are records of the same form, not one that was cut.
fn begins_alike(one: &str, next: &str) -> bool {
    one.chars().zip(next.chars()).take(5).filter(|(a, b)| a == b).count() == 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_even_when_their_escape_was_lost() {
        assert_eq!(clean("\u{1b}[31mAccess Denied\u{1b}[0m"), "Access Denied\n");
        assert_eq!(clean("[31mAccess Denied[0m"), "Access Denied\n");
        assert_eq!(clean(r"\u001b[1;31mAccess Denied\u001b[0m"), "Access Denied\n");
        assert_eq!(clean("#033[31;1mAccess Denied#033[0m"), "Access Denied\n");
    }

    #[test]
    fn json_escapes_of_any_depth_are_undone() {
        assert_eq!(clean(r#"{\"a\":\"b\\\"c\\\"\"}"#), "{\"a\":\"b\"c\"\"}\n");
        assert_eq!(clean(r"one\ntwo"), "one\ntwo\n");
        assert_eq!(clean(r"it\u0027s"), "it's\n");
    }

    #[test]
    fn entities_and_typographic_quotes_become_plain() {
        assert_eq!(clean("&quot;a&quot; &amp; ‘b’"), "\"a\" & 'b'\n");
        assert_eq!(clean("one#012#011two #1"), "one\n\ttwo #1\n");
    }

    #[test]
    fn a_quote_in_one_line_gets_its_lines_back() {
        assert_eq!(clean("> one > two > three"), "one\ntwo\nthree\n");
        assert_eq!(clean("one > two > three"), "one > two > three\n");
    }

    #[test]
    fn log_prefixes_go() {
        assert_eq!(clean("2024-03-09T15:27:06.601Z [WARNING]: Error: no"), " Error: no\n");
        assert_eq!(clean("│ Error: no      │"), "Error: no\n");
    }

    #[test]
    fn what_stands_before_every_line_goes() {
        assert_eq!(clean("web-6f9 | User: a\nweb-6f9 |   is not\n"), "User: a\n  is not\n");
        assert_eq!(
            clean("[2024-05-01 10:00:01] {run.py:93} INFO - one\n[2024-05-01 10:00:02] {run.py:93} INFO - two"),
            "one\ntwo\n"
        );
        assert_eq!(clean("AccessDenied 1: one\nAccessDenied 1: two"), "AccessDenied 1: one\nAccessDenied 1: two\n");
    }

    #[test]
    fn commas_before_lines_go_and_others_stay() {
        assert_eq!(clean("one\n,two\n,three"), "one\ntwo\nthree\n");
        assert_eq!(clean("one\n,two"), "one\n,two\n");
    }

    #[test]
    fn lines_cut_at_the_width_of_a_terminal_are_joined() {
        let (one, two) = ("x".repeat(80), "y".repeat(80));
        assert_eq!(clean(&format!("{one}\n{two}\nzzz")), format!("{one}{two}zzz\n"));
    }

    #[test]
    fn lines_cut_at_a_width_and_indented_below_are_joined() {
        let sentence = "the agent could not start the task because it may not read one of its secrets: service call has been retried 3 time(s): \
                        AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/shop-test-Role/0a1b is";
        let (first, rest) = sentence.split_at(64);
        let mut text = format!("  - {first}\n");
        for at in (0..rest.len()).step_by(64) {
            text += &format!("    {}\n", &rest[at..rest.len().min(at + 64)]);
        }
        assert_eq!(clean(&text), format!("  - {sentence}\n"));
    }

    #[test]
    fn records_of_one_length_are_not_joined() {
        let record = format!("User: {}", "x".repeat(80));
        assert_eq!(clean(&format!("{record}\n{record}")), format!("{record}\n{record}\n"));
    }

    #[test]
    fn a_long_log_is_cut_to_the_surroundings_of_telling_lines() {
        let log = format!("{}AccessDenied here\n{}", "nothing\n".repeat(200_000), "quiet\n".repeat(100_000));
        let cleaned = clean(&log);
        assert!(cleaned.contains("AccessDenied here"));
        assert!(cleaned.len() < CLOSE_READING);
    }

    #[test]
    fn a_long_log_in_one_line_is_cut_to_the_surroundings_of_telling_words() {
        let log = format!("{}AccessDenied here{}", "n".repeat(600_000), "q".repeat(600_000));
        let cleaned = clean(&log);
        assert!(cleaned.contains("nAccessDenied hereq"));
        assert!(cleaned.len() < CLOSE_READING);
    }
}
