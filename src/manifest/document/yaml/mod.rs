//! YAML → tree: js-yaml 4's scalars and limits, merge keys, anchors, CloudFormation short tags.

mod scalar;
mod tag;

use super::{Entry, MAX_WEIGHT, Map, Node, ReadError, SourceId, Span, Value, number};
use crate::manifest::Problem;
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use std::collections::{HashMap, HashSet};

/// Levels of nesting (js-yaml's `maxDepth`).
const MAX_DEPTH: usize = 100;
/// Keys that merges (`<<`) may bring in (js-yaml's `maxTotalMergeKeys`, with room).
const MAX_MERGED_KEYS: usize = 100_000;

/// Reads one document. Duplicate keys are reported all at once.
pub fn read(text: &str, source: SourceId) -> Result<Node, ReadError> {
    let mut reader = Reader::new(text, source);
    let node = reader.document(text)?;
    if reader.problems.is_empty() { Ok(node) } else { Err(ReadError(reader.problems)) }
}

/// A collection that is still open.
struct Open {
    tag: Option<Tag>,
    anchor: usize,
    span: Span,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        map: Map,
        key: Option<Key>,
        /// Keys that came by a merge: an own key may still replace them.
        merged: HashSet<String>,
    },
}

struct Key {
    text: String,
    span: Span,
    merge: bool,
}

struct Reader {
    source: SourceId,
    /// Byte offsets of the characters; empty for ASCII, where they are the same.
    offsets: Vec<u32>,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    weight: usize,
    merged_keys: usize,
    root: Option<Node>,
    problems: Vec<Problem>,
}

impl Reader {
    fn new(text: &str, source: SourceId) -> Self {
        let offsets = if text.is_ascii() {
            Vec::new()
        } else {
            let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
            text.char_indices().map(|(i, _)| u32::try_from(i).unwrap_or(u32::MAX)).chain([end]).collect()
        };
        Self {
            source,
            offsets,
            open: Vec::new(),
            anchors: HashMap::new(),
            weight: 0,
            merged_keys: 0,
            root: None,
            problems: Vec::new(),
        }
    }

    fn offset(&self, characters: usize) -> u32 {
        if self.offsets.is_empty() {
            return u32::try_from(characters).unwrap_or(u32::MAX);
        }
        self.offsets.get(characters).or(self.offsets.last()).copied().unwrap_or_default()
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        let start = self.offset(span.start.index());
        Span { source: self.source, start, end: self.offset(span.end.index()).max(start) }
    }

    fn document(&mut self, text: &str) -> Result<Node, ReadError> {
        let mut parser = Parser::new(StrInput::new(text));
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, at) = event.map_err(|error| {
                let start = self.offset(error.marker().index());
                let span = Span { source: self.source, start, end: start };
                let problem = Problem::span(span, format!("not valid YAML: {}", error.info()));
                ReadError::from(explain(problem, error.info(), text, start as usize))
            })?;
            let span = self.span(at);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(Problem::span(span, "more than one YAML document in a file")
                            .help("remove the `---` line, or move the second document to its own file")
                            .into());
                    }
                }
                Event::Scalar(value, style, anchor, tag) => {
                    self.scalar(&value, style, anchor, tag.as_deref(), span)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.start(Content::List(Vec::new()), anchor, tag.map(std::borrow::Cow::into_owned), span)?;
                }
                Event::MappingStart(anchor, tag) => {
                    let content = Content::Map { map: Map::new(), key: None, merged: HashSet::new() };
                    self.start(content, anchor, tag.map(std::borrow::Cow::into_owned), span)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Alias(anchor) => {
                    let weight = self.anchors.get(&anchor).map(|(_, weight)| *weight).ok_or_else(|| {
                        ReadError::from(Problem::span(span, "the alias stands inside the value that it names"))
                    })?;
                    // Before it is copied.
                    self.weigh(weight, span)?;
                    if let Some((node, _)) = self.anchors.get(&anchor) {
                        let node = node.clone();
                        self.add(node, span, false)?;
                    }
                }
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(self.root.take().unwrap_or(Node { value: Value::Null, span: None }))
    }

    fn weigh(&mut self, weight: usize, span: Span) -> Result<(), ReadError> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > MAX_WEIGHT {
            return Err(Problem::span(
                span,
                "the document holds too many values, aliases counted as often as they are used",
            )
            .help("an alias (`*name`) copies what it names; aliases of aliases multiply")
            .into());
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), ReadError> {
        let plain = style == ScalarStyle::Plain;
        let value = match tag {
            Some(tag) => tag::scalar(tag, text, plain, span).map_err(|m| ReadError::from(Problem::span(span, m)))?,
            None if plain => scalar::plain(text),
            None => Value::String(text.to_owned()),
        };
        let weight = 1 + text.len() / 64;
        self.weigh(weight, span)?;
        let node = Node { value, span: Some(span) };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        self.add(node, span, plain && tag.is_none() && text == "<<")
    }

    fn start(&mut self, content: Content, anchor: usize, tag: Option<Tag>, span: Span) -> Result<(), ReadError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Problem::span(span, format!("nested more than {MAX_DEPTH} levels deep")).into());
        }
        self.weigh(1, span)?;
        self.open.push(Open { tag, anchor, span, content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), ReadError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.content {
            Content::List(list) => Value::List(list),
            Content::Map { map, .. } => Value::Map(map),
        };
        let mut node = Node { value, span: Some(open.span) };
        if let Some(tag) = &open.tag {
            let value = tag::collection(tag, node).map_err(|m| ReadError::from(Problem::span(open.span, m)))?;
            node = Node { value, span: Some(open.span) };
        }
        if open.anchor > 0 {
            self.anchors.insert(open.anchor, (node.clone(), node.weight()));
        }
        self.add(node, open.span, false)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, span: Span, merge: bool) -> Result<(), ReadError> {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.content {
            Content::List(list) => list.push(node),
            Content::Map { map, key, merged } => match key.take() {
                None => {
                    if map.is_empty() {
                        // A mapping is shown by its first key.
                        parent.span = Span { end: span.end, ..span };
                    }
                    *key = Some(Key { text: key_text(&node), span, merge });
                }
                Some(Key { merge: true, span, .. }) => {
                    let brought = merge_into(map, merged, node)
                        .map_err(|message| ReadError::from(Problem::span(span, message)))?;
                    self.merged_keys += brought;
                    if self.merged_keys > MAX_MERGED_KEYS {
                        return Err(Problem::span(span, "merge keys (`<<`) bring in too many keys").into());
                    }
                    self.weigh(brought, span)?;
                }
                Some(Key { text, span, .. }) => {
                    let replaces_merged = merged.remove(&text);
                    if !replaces_merged && let Some(first) = map.get(&text) {
                        let problem = Problem::span(span, format!("the key `{text}` stands here twice"));
                        let help = match first.key_span {
                            Some(_) => "only one of them can count: remove or rename one",
                            None => "remove it",
                        };
                        self.problems.push(problem.help(help));
                    } else {
                        map.insert(text, Entry { key_span: Some(span), node });
                    }
                }
            },
        }
        Ok(())
    }
}

/// `<<: *base` or `<<: [*a, *b]`: keys that are there already stay. Returns how many keys were looked at.
fn merge_into(map: &mut Map, merged: &mut HashSet<String>, source: Node) -> Result<usize, &'static str> {
    match source.value {
        Value::Map(entries) => {
            let count = entries.len() + 1;
            for (key, entry) in entries {
                if !map.contains_key(&key) {
                    merged.insert(key.clone());
                    map.insert(key, entry);
                }
            }
            Ok(count)
        }
        Value::List(list) => {
            let mut count = 0;
            for item in list {
                if !matches!(item.value, Value::Map(_)) {
                    return Err("`<<` can merge mappings only");
                }
                count += merge_into(map, merged, item)?;
            }
            Ok(count)
        }
        _ => Err("`<<` can merge mappings only"),
    }
}

/// What a JavaScript object has as key for this node.
fn key_text(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => number::js_string(n),
        Value::String(s) => s.clone(),
        Value::List(list) => list.iter().map(key_text).collect::<Vec<_>>().join(","),
        Value::Map(_) => "[object Object]".to_owned(),
    }
}

/// Adds what usually leads to an error of the scanner.
fn explain(problem: Problem, info: &str, text: &str, at: usize) -> Problem {
    let line_start = text.get(..at).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    let line = text.get(line_start..).and_then(|t| t.lines().next()).unwrap_or_default();
    let indent = &line[..line.len() - line.trim_start().len()];
    if indent.contains('\t') || info.contains("tab") {
        problem.help("YAML is indented with spaces; replace the tab")
    } else if info.contains("mapping values") {
        problem.help("a value that holds `: ` must stand in quotes; or the line is indented wrongly")
    } else if info.contains("expected key") || info.contains("block") {
        problem.help("lines of one mapping or list must be indented by the same number of spaces")
    } else if line.trim_start().starts_with(['%', '@', '`']) {
        problem.help("a value that begins with `%`, `@` or a backtick must stand in quotes")
    } else {
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_json(text: &str) -> serde_json::Value {
        read(text, SourceId(0)).expect("valid").to_json()
    }

    fn error(text: &str) -> String {
        let error = read(text, SourceId(0)).expect_err("invalid");
        error.0.into_iter().map(|p| p.message).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn short_tags_become_cloudformation_functions() {
        let text =
            "a: !Ref X\nb: !GetAtt R.Outputs.Y\nc: !Sub [\"${a}\", {a: 1}]\nd: !If [x, !Ref A, !Ref B]\ne: !Ref\n";
        assert_eq!(
            read_json(text),
            json!({
                "a": {"Ref": "X"},
                "b": {"Fn::GetAtt": ["R", "Outputs.Y"]},
                "c": {"Fn::Sub": ["${a}", {"a": 1}]},
                "d": {"Fn::If": ["x", {"Ref": "A"}, {"Ref": "B"}]},
                "e": {"Ref": null},
            })
        );
    }

    #[test]
    fn merge_keys_fill_in_and_own_keys_win_whatever_the_order() {
        let text =
            "base: &b {x: 1, y: 2}\nlate: &l {y: 3, z: 4}\nafter:\n  <<: *b\n  x: 9\nbefore:\n  x: 9\n  <<: [*b, *l]\n";
        let value = read_json(text);
        assert_eq!(value["after"], json!({"x": 9, "y": 2}));
        assert_eq!(value["before"], json!({"x": 9, "y": 2, "z": 4}));
    }

    #[test]
    fn a_quoted_merge_key_is_an_ordinary_key() {
        assert_eq!(read_json("'<<': 1"), json!({"<<": 1}));
    }

    #[test]
    fn keys_are_text_as_in_javascript() {
        assert_eq!(
            read_json("200: a\ntrue: b\n~: c\n012: d\n"),
            json!({"200": "a", "true": "b", "null": "c", "12": "d"})
        );
    }

    #[test]
    fn all_duplicate_keys_are_reported() {
        assert_eq!(
            error("a: 1\na: 2\nb: {c: 1, c: 2}\n"),
            "the key `a` stands here twice; the key `c` stands here twice"
        );
    }

    #[test]
    fn an_unknown_tag_is_refused() {
        assert_eq!(error("a: !Rfe X"), "unknown tag !Rfe");
    }

    #[test]
    fn spans_are_byte_ranges_even_after_wide_characters() {
        let text = "ä: ö\nkey: value\n";
        let node = read(text, SourceId(0)).expect("valid");
        let span = node.get("key").and_then(|n| n.span).expect("a span");
        assert_eq!(&text[span.start as usize..span.end as usize], "value");
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert_eq!(error(&format!("{}1", "- ".repeat(10_000))), "nested more than 100 levels deep");
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..10 {
            text.push_str(&format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", ")));
        }
        assert_eq!(error(&text), "the document holds too many values, aliases counted as often as they are used");
    }

    #[test]
    fn an_alias_inside_its_own_anchor_is_refused() {
        assert_eq!(error("a: &a [*a]"), "the alias stands inside the value that it names");
    }

    #[test]
    fn a_second_document_is_refused() {
        assert_eq!(error("a: 1\n---\nb: 2\n"), "more than one YAML document in a file");
    }

    #[test]
    fn nothing_is_null() {
        assert_eq!(read_json("# only a comment\n"), json!(null));
    }
}
