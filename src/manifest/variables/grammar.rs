//! `${type(param, ...):address, fallback, 'literal'}`: text → variables.
//!
//! What is accepted, refused or left alone is what Framework v3's parser (`lib/configuration/variables/parse.js`)
//! does: `${AWS::Region}`, `${Name}` and `${}` are foreign and stay text; `\${` is an escape; nested
//! variables may stand in params and addresses, but not as a whole source (`${a:b, ${c:d}}` is an error).

use serde_json::Value;
use std::ops::Range;

/// Levels of variables in variables.
const MAX_DEPTH: usize = 40;
/// Variables in one text, with those in variables and with fallbacks: some 250 bytes are kept for each.
const MAX_SOURCES: usize = 100_000;

/// One variable, or one escape, in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// The bytes that it replaces.
    pub range: Range<usize>,
    /// What replaces them.
    pub content: Content,
}

/// What replaces a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// An escape: this text.
    Escape(String),
    /// The first source that has a value.
    Lookup(Vec<Source>),
}

/// One of the sources of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A default: string, number, boolean or null.
    Literal(Value),
    /// `type(params):address`
    Call(Call),
}

/// `type(params):address`
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `self`, `opt`, `file`, ...
    pub kind: String,
    /// What stands in parentheses.
    pub params: Option<Vec<Argument>>,
    /// What stands after the colon.
    pub address: Option<Argument>,
}

/// A param or an address, which may hold variables.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// Text, or the literal that a param is; null where empty.
    pub value: Value,
    /// Variables in the text, by their place in it.
    pub variables: Vec<Variable>,
}

/// A text that begins like a variable but is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where it is wrong, in bytes of the text.
    pub range: Range<usize>,
}

/// Whether a text can hold variables or escapes at all.
pub fn may_hold_variables(text: &str) -> bool {
    text.contains("${")
}

/// All variables of a text, outermost only, in order.
pub fn parse(text: &str) -> Result<Vec<Variable>, SyntaxError> {
    let mut parser = Parser { text, at: 0, depth: 0, sources: 0 };
    let mut found = Vec::new();
    parser.text(&mut found)?;
    Ok(found)
}

/// Whether the text is one variable and nothing else, so that its value keeps its type.
pub fn is_whole(text: &str, variables: &[Variable]) -> bool {
    matches!(variables, [Variable { range, content: Content::Lookup(_) }] if *range == (0..text.len()))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// How many were found.
    sources: usize,
}

/// What ends a source.
enum End {
    Comma,
    Brace,
}

/// What `type:` turned out to be.
enum Called {
    Source(Call, End),
    /// `${AWS::Region}`
    Foreign,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn count(&self, byte: u8) -> usize {
        self.text.as_bytes()[self.at..].iter().take_while(|b| **b == byte).count()
    }

    fn skip_spaces(&mut self) {
        self.at += self.count(b' ');
    }

    fn error<T>(&self, start: usize, message: impl Into<String>) -> Result<T, SyntaxError> {
        let end = self.text.ceil_char_boundary((self.at + 1).min(self.text.len())).max(start);
        Err(SyntaxError { message: message.into(), range: start..end })
    }

    fn one_more(&mut self, start: usize) -> Result<(), SyntaxError> {
        self.sources += 1;
        if self.sources > MAX_SOURCES {
            return self.error(start, format!("more than {MAX_SOURCES} variables in one text"));
        }
        Ok(())
    }

    fn unterminated<T>(&self) -> Result<T, SyntaxError> {
        Err(SyntaxError {
            message: "the variable has no closing `}`".to_owned(),
            range: self.text.rfind("${").unwrap_or_default()..self.text.len(),
        })
    }

    /// Text outside variables.
    fn text(&mut self, found: &mut Vec<Variable>) -> Result<(), SyntaxError> {
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => {
                    let start = self.at;
                    let slashes = self.count(b'\\');
                    self.at += slashes;
                    let opens = self.text[self.at..].starts_with("${");
                    let half = "\\".repeat(slashes / 2);
                    if opens && slashes % 2 == 1 {
                        self.at += 2;
                        found.push(Variable { range: start..self.at - 1, content: Content::Escape(half + "$") });
                    } else if opens {
                        found.push(Variable { range: start..self.at, content: Content::Escape(half) });
                    } else if slashes % 2 == 1 && self.peek() == Some(b'$') {
                        self.at += 1;
                    }
                }
                b'$' => self.dollar(false, found)?,
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// One or more `$`: with `{`, a variable that swallows them all.
    fn dollar(&mut self, nested: bool, found: &mut Vec<Variable>) -> Result<(), SyntaxError> {
        let start = self.at;
        self.at += self.count(b'$');
        match self.peek() {
            Some(b'{') => {
                self.at += 1;
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return self.error(start, format!("variables nested more than {MAX_DEPTH} levels deep"));
                }
                self.one_more(start)?;
                self.variable(start, nested, found)?;
                self.depth -= 1;
            }
            // As in the framework, the character after a lone `$` has no meaning of its own.
            Some(_) => self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8),
            None => {}
        }
        Ok(())
    }

    /// After `${`.
    fn variable(&mut self, start: usize, nested: bool, found: &mut Vec<Variable>) -> Result<(), SyntaxError> {
        let name_start = self.at;
        if self.peek().is_some_and(|b| b.is_ascii_lowercase()) {
            self.at += self.text.as_bytes()[self.at..].iter().take_while(|b| is_word(**b)).count();
            let kind = self.text[name_start..self.at].to_owned();
            let called = match self.peek() {
                Some(b':') => {
                    self.at += 1;
                    self.address(kind, None, nested)?
                }
                Some(b'(') => {
                    self.at += 1;
                    self.params(kind, nested)?
                }
                _ => Called::Foreign,
            };
            if let Called::Source(call, end) = called {
                let sources = self.sources(Source::Call(call), end, nested)?;
                found.push(Variable { range: start..self.at, content: Content::Lookup(sources) });
                return Ok(());
            }
        }
        if nested && self.peek().is_some() {
            return self.error(name_start, "a variable inside a variable must name its type, as in `${self:key}`");
        }
        self.foreign(found)
    }

    /// `${...}` that belongs to somebody else; variables in it are still ours.
    fn foreign(&mut self, found: &mut Vec<Variable>) -> Result<(), SyntaxError> {
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b'$' => self.dollar(false, found)?,
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// The fallbacks after the first source.
    fn sources(&mut self, first: Source, mut end: End, nested: bool) -> Result<Vec<Source>, SyntaxError> {
        let mut sources = vec![first];
        while matches!(end, End::Comma) {
            self.skip_spaces();
            let start = self.at;
            self.one_more(start)?;
            match self.peek() {
                None => return self.unterminated(),
                Some(b'"' | b'\'') => {
                    let value = self.quoted()?;
                    self.skip_spaces();
                    match self.peek() {
                        None => return self.unterminated(),
                        Some(b'}') => self.at += 1,
                        Some(_) => return self.error(start, "a string must be the last source of a variable"),
                    }
                    sources.push(Source::Literal(value));
                    return Ok(sources);
                }
                Some(byte) if is_word(byte) => {
                    let bytes = &self.text.as_bytes()[self.at..];
                    self.at += bytes.iter().take_while(|b| is_word(**b) || **b == b' ').count();
                    let word = &self.text[start..self.at];
                    match self.peek() {
                        None => return self.unterminated(),
                        Some(b'}') => {
                            let Some(value) = literal(word.trim()) else {
                                let word = word.trim();
                                return self
                                    .error(start, format!("`{word}` is no source; a string default stands in quotes"));
                            };
                            self.at += 1;
                            sources.push(Source::Literal(value));
                            return Ok(sources);
                        }
                        Some(delimiter @ (b':' | b'(')) if is_type(word) => {
                            let kind = word.to_owned();
                            self.at += 1;
                            let called = if delimiter == b':' {
                                self.address(kind, None, nested)?
                            } else {
                                self.params(kind, nested)?
                            };
                            match called {
                                Called::Source(call, next) => {
                                    sources.push(Source::Call(call));
                                    end = next;
                                }
                                Called::Foreign => return self.error(start, "`::` cannot stand in a fallback"),
                            }
                        }
                        Some(_) => return self.error(start, format!("`{}` is no source of variables", word.trim())),
                    }
                }
                Some(b'$') => {
                    return self.error(start, "a fallback is written without its own `${`: `${a:b, c:d}`");
                }
                Some(_) => return self.error(start, "a source or a literal must stand here"),
            }
        }
        Ok(sources)
    }

    /// After `type(`.
    fn params(&mut self, kind: String, nested: bool) -> Result<Called, SyntaxError> {
        let mut params = Vec::new();
        loop {
            self.skip_spaces();
            let start = self.at;
            let argument = match self.peek() {
                None => return self.unterminated(),
                Some(b')') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => {
                    self.at += 1;
                    params.push(Argument { value: Value::Null, variables: Vec::new() });
                    continue;
                }
                Some(b'"' | b'\'') => {
                    let value = self.quoted()?;
                    self.skip_spaces();
                    Argument { value, variables: Vec::new() }
                }
                Some(_) => {
                    let argument = self.argument(b",)}")?;
                    if argument.variables.is_empty() { literal_argument(argument) } else { argument }
                }
            };
            match self.peek() {
                None => return self.unterminated(),
                Some(b',') => params.push(argument),
                Some(b')') => {
                    params.push(argument);
                    self.at += 1;
                    break;
                }
                Some(_) => return self.error(start, "the parentheses are not closed properly"),
            }
            self.at += 1;
        }
        self.skip_spaces();
        let call = Call { kind, params: Some(params), address: None };
        match self.peek() {
            None => self.unterminated(),
            Some(b':') => {
                self.at += 1;
                self.address(call.kind, call.params, nested)
            }
            Some(b'}') => {
                self.at += 1;
                Ok(Called::Source(call, End::Brace))
            }
            Some(b',') => {
                self.at += 1;
                Ok(Called::Source(call, End::Comma))
            }
            Some(_) => self.error(self.at, "after `)` comes `:`, `,` or `}`"),
        }
    }

    /// After `type:` or `type(...):`.
    fn address(&mut self, kind: String, params: Option<Vec<Argument>>, nested: bool) -> Result<Called, SyntaxError> {
        self.skip_spaces();
        let start = self.at;
        let address = match self.peek() {
            None => return self.unterminated(),
            Some(b'}' | b',') => None,
            Some(b':') if params.is_none() && !nested => return Ok(Called::Foreign),
            Some(b':') => return self.error(start, "an address cannot begin with `:`"),
            Some(b'"' | b'\'') => {
                let value = self.quoted()?;
                self.skip_spaces();
                Some(Argument { value, variables: Vec::new() })
            }
            Some(_) => Some(self.argument(b",}")?),
        };
        let end = match self.peek() {
            None => return self.unterminated(),
            Some(b'}') => End::Brace,
            Some(b',') => End::Comma,
            Some(_) => return self.error(start, "after a quoted address comes `,` or `}`"),
        };
        self.at += 1;
        Ok(Called::Source(Call { kind, params, address }, end))
    }

    /// Unquoted text up to one of `ends`, with variables in it.
    fn argument(&mut self, ends: &[u8]) -> Result<Argument, SyntaxError> {
        let start = self.at;
        let mut variables = Vec::new();
        loop {
            match self.peek() {
                None => return self.unterminated(),
                Some(byte) if ends.contains(&byte) => break,
                Some(b'$') => self.dollar(true, &mut variables)?,
                Some(_) => self.at += 1,
            }
        }
        for variable in &mut variables {
            variable.range = variable.range.start - start..variable.range.end - start;
        }
        let text = self.text[start..self.at].trim();
        let value = if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) };
        Ok(Argument { value, variables })
    }

    /// A string in quotes: JSON in double ones, as it stands in single ones.
    fn quoted(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        let quote = self.text.as_bytes()[start];
        self.at += 1;
        loop {
            match self.peek() {
                None => return self.unterminated(),
                Some(byte) if byte == quote => break,
                Some(b'\\') if quote == b'"' => self.at += 2,
                Some(_) => self.at += 1,
            }
            if !self.text.is_char_boundary(self.at.min(self.text.len())) {
                self.at = self.text.ceil_char_boundary(self.at);
            }
        }
        self.at += 1;
        let text = &self.text[start..self.at];
        if quote == b'\'' {
            return Ok(Value::String(text[1..text.len() - 1].to_owned()));
        }
        serde_json::from_str(text).or_else(|_| self.error(start, "the string in double quotes is not valid JSON"))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-'
}

fn is_type(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase()) && word.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `true`, `false`, `null` or what JavaScript's `Number()` accepts of these characters. Infinity is null, as in JSON.
fn literal(word: &str) -> Option<Value> {
    match word {
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        "null" | "Infinity" | "-Infinity" => return Some(Value::Null),
        _ => {}
    }
    let radix = |prefix: [&str; 2], radix| {
        let digits = word.strip_prefix(prefix[0]).or_else(|| word.strip_prefix(prefix[1]))?;
        u64::from_str_radix(digits, radix).ok()
    };
    if let Some(value) = radix(["0x", "0X"], 16).or_else(|| radix(["0o", "0O"], 8)).or_else(|| radix(["0b", "0B"], 2)) {
        return Some(value.into());
    }
    if !word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')) {
        return None;
    }
    if word.contains(['n', 'N']) {
        // Names of numbers that only Rust reads.
        return None;
    }
    let number = word.parse::<f64>().ok()?;
    Some(crate::manifest::document::number::from_f64(number).map_or(Value::Null, Value::Number))
}

/// A param without quotes: a literal where it is one; what JavaScript holds false becomes null.
fn literal_argument(argument: Argument) -> Argument {
    let value = argument.value.as_str().and_then(literal).unwrap_or(argument.value);
    let empty = match &value {
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        _ => false,
    };
    Argument { value: if empty { Value::Null } else { value }, variables: Vec::new() }
}

#[cfg(test)]
mod tests;
