//! Principal, action and resource, cut out of a sentence whose lines may have been wrapped.

use super::squeeze::Squeezed;
use crate::iam::catalogue;

/// The longest ARN of a principal with its words, in squeezed bytes.
const PRINCIPAL: usize = 420;
/// The longest resource, in squeezed bytes.
const RESOURCE: usize = 700;

/// The longest word that stands for something taken out, such as `<your account id>`, in bytes.
const LONGEST_PLACEHOLDER: usize = 40;

/// What ends a resource within its sentence, squeezed.
const BEHIND_RESOURCE: [&str; 17] = [
    "becauseno",
    "becausethe",
    "withanexplicitdeny",
    "withexplicitdeny",
    "(service:",
    "(code=",
    "(code:",
    "statuscode:",
    "seedetailsincloudwatch",
    ".encodedauthorization",
    "encodedauthorization",
    "requestid:",
    "withaws",
    "andisnot",
    "user:arn:",
    "(requesttoken",
    ".seethe",
];

/// Of these, the ones that begin the reason.
const REASONS: [&str; 4] = ["becauseno", "becausethe", "withanexplicitdeny", "withexplicitdeny"];

/// Kinds that stand before a bare name where IAM gives no ARN, such as `role orders-dev`.
const BARE_KINDS: [&str; 9] = [
    "instance profile ",
    "server certificate ",
    "mfa device ",
    "access key ",
    "role ",
    "policy ",
    "user ",
    "group ",
    "service role ",
];

/// The principal before the anchor at `start`: behind `User:`, or the word before `is not authorized`.
pub fn principal(text: &str, squeezed: &Squeezed, start: usize) -> Option<String> {
    let mut end = start;
    for word in ["is", "was", "does", "are", "you"] {
        if squeezed.text[..end].ends_with(word) {
            end -= word.len();
            break;
        }
    }
    let mut from = end.saturating_sub(PRINCIPAL);
    while !squeezed.text.is_char_boundary(from) {
        from += 1;
    }
    let before = &squeezed.text[from..end];
    let label = ["user:", "role:", "principal:", "user\"", "user'", "user`", "entity:"]
        .iter()
        .filter_map(|label| before.rfind(label).map(|at| at + label.len()))
        .max();
    // `rfind` of an ARN: a principal without label, or one behind `User arn:`.
    let arn = before.rfind("arn:aws");
    let at = match (label, arn) {
        // A label that belongs to an earlier sentence.
        (Some(label), Some(arn)) if arn > label + 12 => arn,
        (Some(label), _) => label,
        (None, Some(arn)) => arn,
        (None, None) => return service_principal(text, squeezed, end),
    };
    let range = squeezed.range(from + at..end);
    let raw = joined(&text[range]);
    let name = unbracketed(without_brackets(raw.trim()).trim_matches(['"', '\'', '`', ',', ' ']));
    let name = name.trim_matches(['"', '\'', '`', ',', ' ']);
    // `**arn:...**` is Markdown, `assumed-role/*/*` is not.
    let name = if name.starts_with('*') && !name.contains("***") { name.trim_matches('*') } else { name };
    let whole = name.starts_with("arn:") || !without_placeholders(name).contains(' ');
    let plausible = !name.is_empty() && name.len() < 400 && whole;
    plausible.then(|| name.to_owned())
}

/// A service such as `lambda.amazonaws.com` as the word before the anchor.
fn service_principal(text: &str, squeezed: &Squeezed, end: usize) -> Option<String> {
    let at = squeezed.range(end.saturating_sub(1)..end).end;
    let word = text.get(..at)?.split_whitespace().next_back()?.trim_matches(['"', '\'', '`']);
    (word.ends_with(".amazonaws.com") || word.ends_with(".amazonaws.com.cn")).then(|| word.to_owned())
}

/// The action at `at` of the squeezed text, and where it ends there. Empty where the text was cut within it.
/// `None` where no action stands there.
pub fn action(text: &str, squeezed: &Squeezed, at: usize) -> Option<(String, usize)> {
    let rest = squeezed.window(at, 120);
    let skipped = rest.len() - rest.trim_start_matches([':', '"', '\'', '`', '[', '(', '.', '<']).len();
    let (at, rest) = (at + skipped, &rest[skipped..]);
    // The sentence goes on in known words: whatever stands before them is the action, even when it was wrapped.
    for word in ["onresource", "onthisresource", "onarn:", "becauseno", "becausethe", "withanexplicit", "action"] {
        for (end, _) in rest.match_indices(word).filter(|(end, _)| is_action(&rest[..*end])) {
            let range = squeezed.range(at..at + end);
            let name = joined_tight(&text[range.clone()]);
            // A gap, unless the wrapping ate it: then only a name that is an action.
            let apart = range.end < squeezed.start(at + end);
            if catalogue::action(&name).is_some() || (apart && known(&name)) {
                return Some((name, at + end));
            }
        }
    }
    let from = squeezed.start(at);
    let line = text.get(from..)?;
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-:*_".contains(c))).unwrap_or(line.len());
    // `**s3:GetObject**` is Markdown, `s3:Get*` is not.
    let word = line[..end].trim_end_matches([':', '-', '_']);
    let word = word.strip_suffix("**").unwrap_or(word).trim_start_matches(['*', '_']);
    let cut = line[end..].starts_with('…') || line[end..].starts_with("...") || line[end..].trim().is_empty();
    let behind = at + rest.len().min(word.len());
    if word.is_empty() {
        return cut.then(|| (String::new(), at));
    }
    if let Some((_, name)) = word.split_once(':') {
        // The end of the text within an action must not make up another one.
        if name.is_empty() || (cut && !known(word)) {
            return Some((String::new(), behind));
        }
        return Some((word.to_owned(), behind));
    }
    // An operation such as `AssumeRole`; anything else is prose.
    let operation = word.chars().next().is_some_and(|c| c.is_ascii_uppercase()) && word.len() > 3 && !cut;
    Some(if operation { (word.to_owned(), behind) } else { (String::new(), at) })
}

fn is_action(squeezed: &str) -> bool {
    squeezed.split_once(':').is_some_and(|(prefix, name)| {
        !prefix.is_empty()
            && prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '*')
    })
}

/// Whether an action may be believed: it is one, or its service is not one that the catalogue knows well.
fn known(name: &str) -> bool {
    catalogue::action(name).is_some()
        || name.contains('*')
        || name.split_once(':').is_none_or(|(prefix, rest)| {
            rest.len() > 3 && catalogue::actions_of(prefix).is_empty() || looks_complete(rest)
        })
}

/// A name of several words such as `CreateInference` that the catalogue does not have yet.
fn looks_complete(name: &str) -> bool {
    name.chars().filter(char::is_ascii_uppercase).count() >= 2 && name.ends_with(|c: char| c.is_ascii_lowercase())
}

/// The resource behind an action: `None` where the text names none, `Some((None, _))` for `on this resource`.
pub fn resource(text: &str, squeezed: &Squeezed, at: usize) -> Option<(Option<String>, usize)> {
    let rest = squeezed.window(at, RESOURCE);
    let skipped = rest.len() - rest.trim_start_matches(['"', '\'', '`', ']', ')', '>']).len();
    let rest = &rest[skipped..];
    let mut start = at + skipped;
    if let Some(behind) = ["onthisresource", "onanunknownresource"].iter().find(|word| rest.starts_with(**word)) {
        return Some((None, start + behind.len()));
    }
    let word =
        ["onresources", "onresource(s)", "ontheresource", "onthefollowingresource", "onresource", "onrole", "on"]
            .iter()
            .find(|word| rest.starts_with(**word))?;
    let rest = &rest[word.len()..];
    start += word.len();
    let marks = rest.len() - rest.trim_start_matches(':').len();
    if *word == "on" && !rest.trim_start_matches(['"', '\'', '`']).starts_with("arn:") && marks == 0 {
        return None;
    }
    start += marks;
    let rest = squeezed.window(start, RESOURCE);
    if let Some(quote) = rest.chars().next().filter(|c| "\"'`".contains(*c)) {
        // SES quotes `like this'.
        let end = rest[1..].find(|c| c == quote || (quote == '`' && c == '\'')).map_or(rest.len(), |end| end + 1);
        let end = BEHIND_RESOURCE.iter().filter_map(|word| rest.find(word)).chain([end]).min().unwrap_or(end);
        if end > 1 {
            let name = joined_tight(&text[squeezed.range(start + 1..start + end)]);
            return Some((Some(trimmed(&name).to_owned()), start + end + 1));
        }
    }
    let sentence_end = BEHIND_RESOURCE.iter().filter_map(|word| rest.find(word)).min();
    let from = squeezed.start(start);
    let raw = match sentence_end {
        Some(end) if end > 0 && rest[end..].starts_with("user:arn:") => {
            // The next sentence: what stands on lines with labels of their own belongs to neither.
            let raw = &text[squeezed.range(start..start + end)];
            let labelled = |line: &&str| line.split_whitespace().next().is_some_and(|word| word.ends_with(':'));
            let lines: Vec<&str> = raw.lines().take_while(|line| !labelled(line)).collect();
            believable(&lines.join("\n"), false)
        }
        Some(end) if end > 0 => {
            let reason = REASONS.iter().any(|word| rest[end..].starts_with(word));
            believable(&text[squeezed.range(start..start + end)], reason)
        }
        _ => None,
    };
    let name = raw.unwrap_or_else(|| word_at(&text[from.min(text.len())..]));
    let name = trimmed(unbracketed(&name));
    let behind = squeezed.find_origin(from + name.len());
    (!name.is_empty()).then(|| (Some(name.to_owned()), sentence_end.map_or(behind, |end| start + end).max(start)))
}

/// What stands between `on resource:` and the words that follow a resource, where it is one. Only before a reason may
/// a name have blanks.
fn believable(raw: &str, before_reason: bool) -> Option<String> {
    let raw = without_brackets(raw.trim().trim_end_matches(',').trim_end());
    if raw.lines().count() > 4 || raw.len() > 600 {
        return None;
    }
    if raw.starts_with("arn:") {
        let name = joined(raw);
        // Text that was left out stays visible as ` ... ` or `<account id>`.
        let told = without_placeholders(&name).replace(" ... ", "");
        let plain = !told.contains(|c: char| (c.is_whitespace() && c != ' ') || "\"'<>".contains(c));
        return (plain && (!told.contains(' ') || (before_reason && is_named_with_blanks(&told)))).then_some(name);
    }
    let name = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    (name.split(' ').count() <= 3 && !name.contains(['"', '\'', '{', '}'])).then_some(name)
}

/// Whether an ARN is of a resource whose name has blanks, such as a job of Glue: words alone, behind its last mark.
fn is_named_with_blanks(arn: &str) -> bool {
    const MOST_WORDS: usize = 8;
    let mut words = arn.split(' ');
    words.next().is_some_and(|first| first.split(':').count() > 5)
        && words.clone().count() < MOST_WORDS
        && words.all(|word| word.chars().all(|c| c.is_alphanumeric() || "-_/".contains(c)) && word != "-")
}

/// Without what stands for something that was taken out, such as `<account id>`.
fn without_placeholders(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, behind)) = rest.split_once('<') {
        let Some((inside, after)) = behind.split_once('>').filter(|(inside, _)| inside.len() <= LONGEST_PLACEHOLDER)
        else {
            break;
        };
        out.push_str(before);
        if inside.contains('<') {
            out.push_str(inside);
        }
        rest = after;
    }
    out + rest
}

/// The resource at the start of a text whose sentence ends there: an ARN, a bare name with its kind, or a word.
fn word_at(text: &str) -> String {
    let text = text.trim_start();
    let line = text.lines().next().unwrap_or_default();
    let kind = BARE_KINDS.iter().find(|kind| line.starts_with(**kind)).map_or(0, |kind| kind.len());
    // `<account>` stays, a closing tag does not.
    let line = &line[..line.find("</").unwrap_or(line.len())];
    let stop = |c: char| c.is_whitespace() || "\"'`|".contains(c);
    let mut end = line[kind..].find(stop).map_or(line.len(), |end| kind + end);
    if line.starts_with("arn:") {
        // An ARN with a part left out, `arn:aws:dynamodb:us-east-1: ... :table/orders`.
        loop {
            if let Some(rest) = line[end..].strip_prefix(" ... ") {
                end += 5 + rest.find(stop).unwrap_or(rest.len());
            } else if let Some(close) = open_placeholder(&line[..end]).and_then(|_| line[end..].find('>'))
                && close <= LONGEST_PLACEHOLDER
            {
                end += close;
                end += line[end..].find(stop).unwrap_or(line.len() - end);
            } else {
                break;
            }
        }
    }
    line[..end].to_owned()
}

/// `<arn:aws:...>` → the ARN: some logs put names into angle brackets.
fn without_brackets(name: &str) -> &str {
    let inside = name.strip_prefix('<').filter(|inside| inside.starts_with("arn:")).unwrap_or(name);
    let closed = inside.starts_with("arn:") && inside.matches('<').count() < inside.matches('>').count();
    if closed { inside.strip_suffix('>').unwrap_or(inside) } else { inside }
}

/// Without the brackets around it; those of a part that was taken out, such as `user/[NAME]`, stay.
fn unbracketed(mut name: &str) -> &str {
    for (open, close) in [('[', ']'), ('(', ')'), ('{', '}')] {
        let opened = |name: &str| name.matches(open).count();
        let closed = |name: &str| name.matches(close).count();
        if let Some(inside) = name.strip_prefix(open)
            && (opened(name) > closed(name) || (name.ends_with(close) && inside.starts_with("arn:")))
        {
            name = inside;
        }
        if closed(name) > opened(name) {
            name = name.strip_suffix(close).unwrap_or(name);
        }
    }
    name
}

/// Where a `<` stands that no `>` has closed yet.
fn open_placeholder(text: &str) -> Option<usize> {
    text.rfind('<').filter(|at| !text[*at..].contains('>'))
}

/// A word of a text, from a byte on, to the next blank or quote; without the sentence's marks.
pub fn token(text: &str, at: usize) -> String {
    trimmed(&word_at(text.get(at..).unwrap_or_default())).to_owned()
}

/// Without the marks of the sentence around it; `...` stays.
pub fn trimmed(name: &str) -> &str {
    let mut name = without_brackets(name.trim());
    loop {
        let before = name;
        name = name.trim_end_matches([',', ';', '\\', '!', '?']);
        // `*CreateNetworkInterface*` of Markdown
        if let Some(inner) = name.strip_prefix('*').and_then(|rest| rest.strip_suffix('*'))
            && inner.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            name = inner;
        }
        if !name.ends_with("***") {
            name = name.strip_suffix("**").unwrap_or(name);
        }
        if name.ends_with('.') && !name.ends_with("..") {
            name = &name[..name.len() - 1];
        }
        for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
            if name.ends_with(close) && name.matches(open).count() < name.matches(close).count() {
                name = &name[..name.len() - 1];
            }
        }
        if name == before {
            return name;
        }
    }
}

/// Without its line breaks and the blanks around them: a word that was cut at the end of a line.
fn joined(text: &str) -> String {
    text.lines().enumerate().fold(String::new(), |mut out, (number, line)| {
        if number == 0 {
            out.push_str(line);
        } else {
            out.truncate(out.trim_end().len());
            // `<account id>` keeps its blank.
            if open_placeholder(&out).is_some() {
                out.push(' ');
            }
            out.push_str(line.trim_start());
        }
        out
    })
}

/// Without any white space.
fn joined_tight(text: &str) -> String {
    text.split_whitespace().collect()
}
