//! The variable sources: a file each, a line each in [`ALL`].

mod aws;
mod cf;
mod env;
mod file;
mod git;
mod opt;
mod own;
mod param;
mod s3;
mod secretsmanager;
mod sls;
mod ssm;
mod str_to_bool;
mod terraform;

pub(super) use file::FileCache;
pub(super) use sls::stage;

use super::grammar::Call;
use super::resolver::{Answer, Halt, Resolver};
use crate::manifest::document::text;
use crate::manifest::document::{Node, Value};

/// A variable source.
pub(super) struct VariableSource {
    /// What stands before the colon.
    pub name: &'static str,
    /// Gives the value of an address.
    pub resolve: fn(&mut Resolver<'_>, &Arguments) -> Result<Answer, Halt>,
}

/// All sources.
const ALL: &[VariableSource] = &[
    VariableSource { name: "self", resolve: own::resolve },
    VariableSource { name: "opt", resolve: opt::resolve },
    VariableSource { name: "env", resolve: env::resolve },
    VariableSource { name: "file", resolve: file::resolve },
    VariableSource { name: "param", resolve: param::resolve },
    VariableSource { name: "sls", resolve: sls::resolve },
    VariableSource { name: "aws", resolve: aws::resolve },
    VariableSource { name: "cf", resolve: cf::resolve },
    VariableSource { name: "ssm", resolve: ssm::resolve },
    VariableSource { name: "s3", resolve: s3::resolve },
    VariableSource { name: "secretsmanager", resolve: secretsmanager::resolve },
    VariableSource { name: "git", resolve: git::resolve },
    VariableSource { name: "terraform", resolve: terraform::resolve },
    VariableSource { name: "strToBool", resolve: str_to_bool::resolve },
];

/// The source of a name.
pub(super) fn find(name: &str) -> Option<&'static VariableSource> {
    ALL.iter().find(|source| source.name == name)
}

/// What to do about a source that does not exist.
pub(super) fn did_you_mean(name: &str) -> String {
    // Framework v1 wrote the region behind a dot.
    if let Some((source, region)) = name.split_once('.')
        && ["cf", "ssm"].contains(&source)
    {
        return format!("write `${{{source}({region}):...}}`");
    }
    let near = ALL
        .iter()
        .map(|source| (strsim::jaro_winkler(name, source.name), source.name))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => {
            let names: Vec<_> = ALL.iter().map(|source| source.name).collect();
            format!("sources are {}; a text that is no variable is written `\\${{...}}`", names.join(", "))
        }
    }
}

/// What a source is called with.
pub(super) struct Arguments {
    /// The source as a whole, with its variables resolved: `file(./a.yml):b`.
    pub expression: String,
    pub params: Vec<Node>,
    pub address: Option<Node>,
}

impl Arguments {
    /// Numbers and booleans are taken as texts, as the framework does (`ensureString`).
    pub fn new(call: &Call, mut params: Vec<Node>, mut address: Option<Node>) -> Self {
        for node in params.iter_mut().chain(&mut address) {
            if matches!(node.value, Value::Number(_) | Value::Bool(_))
                && let Some(text) = text::coerce(&node.value)
            {
                node.value = Value::String(text);
            }
        }
        let argument = |node: &Node| text::coerce(&node.value).unwrap_or_default();
        let mut expression = call.kind.clone();
        if call.params.is_some() {
            let params: Vec<_> = params.iter().map(argument).collect();
            expression.push_str(&format!("({})", params.join(", ")));
        }
        if let Some(address) = &address {
            expression.push_str(&format!(":{}", argument(address)));
        }
        Self { expression, params, address }
    }

    /// The address, where it must be a text.
    pub fn address(&self) -> Result<&str, Halt> {
        match self.address.as_ref().map(|node| &node.value) {
            Some(Value::String(address)) => Ok(address),
            None | Some(Value::Null) => Err(Halt::wrong(format!("`${{{}}}` has no address", self.expression))),
            Some(other) => Err(self.no_text("address", other)),
        }
    }

    /// The address, empty where there is none.
    pub fn address_text(&self) -> &str {
        self.address.as_ref().and_then(Node::as_str).unwrap_or_default()
    }

    /// Whether there is no address, or one that resolves to nothing.
    pub fn names_nothing(&self) -> bool {
        self.address.as_ref().is_none_or(|node| match &node.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        })
    }

    /// A param, where it must be a text; null counts as absent.
    pub fn param(&self, index: usize) -> Result<Option<&str>, Halt> {
        match self.params.get(index).map(|node| &node.value) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(param)) => Ok(Some(param)),
            Some(other) => Err(self.no_text("param", other)),
        }
    }

    fn no_text(&self, what: &str, value: &Value) -> Halt {
        let found = text::type_name(value);
        Halt::wrong(format!("the {what} of `${{{}}}` is {found}, not text", self.expression))
    }
}
