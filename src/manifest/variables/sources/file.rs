//! `${file(path):key.path}`: a file, or a part of it. YAML, JSON and Terraform state are read, JavaScript and TypeScript
//! evaluated; anything else is text.

use super::Arguments;
use crate::manifest::Problems;
use crate::manifest::document::{self, Node, Span, Syntax, Value, text};
use crate::manifest::script::{self, Mode, Outcome, Question, Script, ScriptError};
use crate::manifest::variables::grammar;
use crate::manifest::variables::resolver::{Answer, Halt, Resolver, Stop};
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// What was read, by path: `None` where there is no such file, `Err` where reading failed (and was reported).
#[derive(Default)]
pub(in crate::manifest::variables) struct FileCache {
    whole: HashMap<PathBuf, Result<Option<Rc<Node>>, Stop>>,
    /// Parts of files whose functions decide about the value.
    parts: HashMap<(PathBuf, Option<String>), Node>,
    /// What git said.
    pub git: HashMap<String, Result<String, String>>,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let Some(given) = arguments.param(0)?.map(str::to_owned) else {
        return Err(Halt::wrong("`file` needs a path in its parentheses, as in `${file(./config.yml):key}`"));
    };
    let path = normal(&resolver.world.dir.join(&given));
    resolver.include(arguments.expression.clone())?;
    let content = match resolver.files.whole.get(&path) {
        Some(known) => known.clone()?,
        None if is_script(&path) && path.is_file() => {
            let address = (!arguments.names_nothing()).then(|| arguments.address()).transpose()?;
            let what = &arguments.expression;
            match resolver.evaluating(what, |resolver| evaluated(resolver, &path, address))? {
                Evaluated::Whole(content) => Some(content),
                Evaluated::Part(Node { value: Value::Null, .. }) => {
                    return Ok(Answer::missing(format!(
                        "{given} gives no value for `{}`",
                        address.unwrap_or_default()
                    )));
                }
                Evaluated::Part(node) => return Ok(Answer::Found(node)),
            }
        }
        None => tree(resolver, &given)?,
    };
    let Some(content) = content else {
        return Ok(Answer::missing(format!("there is no file {given}")));
    };
    if arguments.names_nothing() {
        return Ok(Answer::Found((*content).clone()));
    }
    let address = arguments.address()?;
    let parsed = parsed(resolver, &path, &content)?;
    match part(resolver, parsed.as_ref().unwrap_or(&content), address)? {
        Some(node) => Ok(Answer::Found(node)),
        None => Ok(Answer::missing(format!("{given} has no `{address}`"))),
    }
}

/// The content of a file that is not evaluated; `None` where there is none.
pub(super) fn tree(resolver: &mut Resolver<'_>, given: &str) -> Result<Option<Rc<Node>>, Stop> {
    let path = normal(&resolver.world.dir.join(given));
    if let Some(known) = resolver.files.whole.get(&path) {
        return known.clone();
    }
    let content = read(resolver, &path);
    resolver.files.whole.insert(path, content.clone());
    content
}

enum Evaluated {
    Whole(Rc<Node>),
    Part(Node),
}

fn is_script(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(script::is_script)
}

/// What node makes of a file.
fn evaluated(resolver: &mut Resolver<'_>, path: &Path, address: Option<&str>) -> Result<Evaluated, Halt> {
    let key = (path.to_path_buf(), address.map(str::to_owned));
    if let Some(known) = resolver.files.parts.get(&key) {
        return Ok(Evaluated::Part(known.clone()));
    }
    let world = resolver.world;
    let shown = path.strip_prefix(&world.dir).unwrap_or(path);
    let options = world.options.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let script = Script {
        file: path,
        dir: &world.dir,
        env: &world.env,
        options: serde_json::Value::Object(options),
        address,
        mode: Mode::File,
    };
    let mut stop = None;
    // A function may catch that a variable has no value.
    let mut caught = Problems::default();
    let open = resolver.wanted.len();
    let result = script::evaluate(&script, &mut |question| {
        let (answer, problems) = resolver.attempt(|resolver| answer(resolver, question));
        caught.extend(problems);
        answer.map_err(|reason| match reason {
            Refusal::Stop(reason) => {
                stop = Some(reason);
                "rlx cannot resolve this variable".to_owned()
            }
            Refusal::NoVariable(text) => format!("`{text}` is no variable"),
        })
    });
    if resolver.wanted.len() > open {
        return Err(Halt::Stop(Stop::Waiting));
    }
    match result {
        Ok(outcome) => {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let span = Span { source: resolver.documents.add(shown, text), start: 0, end: 0 };
            let node = |json| Node::from_json(json, Some(span));
            match outcome {
                Outcome::Whole(json) => {
                    let content = Rc::new(node(json));
                    resolver.files.whole.insert(key.0, Ok(Some(content.clone())));
                    Ok(Evaluated::Whole(content))
                }
                Outcome::Part(json) => {
                    let part = node(json);
                    resolver.files.parts.insert(key, part.clone());
                    Ok(Evaluated::Part(part))
                }
            }
        }
        // The function failed because a variable has no value: that is what is told.
        Err(ScriptError::Threw { .. }) if stop.is_some() => {
            caught.0.into_iter().for_each(|problem| resolver.report(problem));
            Err(Halt::Stop(stop.unwrap_or(Stop::Failed)))
        }
        Err(error) => Err(Halt::wrong(format!("cannot evaluate {}: {error}", shown.display()))),
    }
}

/// Why a question of a script has no answer.
enum Refusal {
    Stop(Stop),
    NoVariable(String),
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Answers a script; `None` is JavaScript's `undefined`.
fn answer(resolver: &mut Resolver<'_>, question: Question) -> Result<Option<serde_json::Value>, Refusal> {
    Ok(match question {
        Question::Variable(text) => {
            let text = format!("${{{text}}}");
            if grammar::parse(&text).is_ok_and(|variables| variables.is_empty()) {
                return Err(Refusal::NoVariable(text));
            }
            Some(resolver.resolve_string(text)?.to_json())
        }
        Question::Text(text) => Some(resolver.resolve_string(text)?.to_json()),
        Question::Property(keys) => {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            resolver.configuration(&keys)?.ok().map(|node| node.to_json())
        }
    })
}

/// TOML is text to the framework; where a key of it is asked for, it is read.
fn parsed(resolver: &mut Resolver<'_>, path: &Path, content: &Node) -> Result<Option<Node>, Stop> {
    let (Value::String(text), Some(span)) = (&content.value, content.span) else { return Ok(None) };
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Ok(None);
    }
    Syntax::Toml.read(text, span.source).map(Some).map_err(|error| {
        resolver.problems.extend(error.into());
        Stop::Failed
    })
}

/// Follows a path of keys; a text on the way is resolved first.
fn part(resolver: &mut Resolver<'_>, content: &Node, address: &str) -> Result<Option<Node>, Halt> {
    let (mut resolved, mut own): (Node, Node);
    let mut at = content;
    for key in address.split('.') {
        if let Value::String(text) = &at.value {
            resolved = resolver.resolve_string(text.clone())?;
            at = &resolved;
        }
        at = match &at.value {
            Value::Map(map) => match map.get(key) {
                Some(entry) => &entry.node,
                None => return Ok(None),
            },
            other => match text::own_property(other, key) {
                Some(property) => {
                    own = property;
                    &own
                }
                None => return Ok(None),
            },
        };
    }
    Ok(Some(at.clone()))
}

fn read(resolver: &mut Resolver<'_>, path: &Path) -> Result<Option<Rc<Node>>, Stop> {
    let shown = path.strip_prefix(&resolver.world.dir).unwrap_or(path).to_path_buf();
    let bytes = match crate::manifest::read::bytes(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(resolver.fail(format!("cannot read {}: {error}", shown.display()), None)),
    };
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let read = document::decode(&bytes, &shown, &mut resolver.documents).and_then(|source| {
        let text = resolver.documents.get(source).map(|s| s.text.as_str()).unwrap_or_default();
        match Syntax::of_extension(extension) {
            Some(syntax @ (Syntax::Yaml | Syntax::Json)) => syntax.read(text, source),
            _ => {
                let span = Span { source, start: 0, end: 0 };
                Ok(Node { value: Value::String(text.to_owned()), span: Some(span) })
            }
        }
    });
    match read {
        Ok(node) => Ok(Some(Rc::new(node))),
        Err(error) => {
            resolver.problems.extend(error.into());
            Err(Stop::Failed)
        }
    }
}

/// Without `.` and `..`, so that a file has one name.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
