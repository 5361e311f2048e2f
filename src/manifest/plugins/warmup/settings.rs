//! What `custom.warmup` and `warmup` of functions say: which warmers there are, and whom each one calls.

use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems, Service};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// One warmer.
pub struct Warmer {
    /// `None` in version 4's form, with one warmer.
    pub name: Option<String>,
    /// Where it stands in the manifest.
    pub path: String,
    settings: Map<String, Value>,
}

/// A function that is kept warm, as the warmer's code reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its deployed name.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    /// JSON of the client context; empty for none.
    client_context: String,
    payload: String,
    concurrency: Value,
}

/// How functions are called.
pub struct Calls {
    enabled: Value,
    alias: Option<String>,
    /// `None` where it is the payload.
    client_context: Option<String>,
    pub payload: String,
    concurrency: Value,
}

impl Calls {
    /// The settings over these.
    fn over(&self, settings: &Value) -> Self {
        let get = |key: &str| settings.get(key).filter(|value| !value.is_null());
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let raw = get("payloadRaw") == Some(&Value::Bool(true));
        Self {
            enabled: get("enabled").unwrap_or(&self.enabled).clone(),
            alias: get("alias").map(text).or_else(|| self.alias.clone()),
            client_context: match get("clientContext") {
                Some(Value::Bool(false)) => Some(String::new()),
                Some(context) => Some(context.to_string()),
                None => self.client_context.clone(),
            },
            payload: match get("payload") {
                Some(payload) if raw => text(payload),
                Some(payload) => payload.to_string(),
                None => self.payload.clone(),
            },
            concurrency: get("concurrency").unwrap_or(&self.concurrency).clone(),
        }
    }

    fn is_enabled(&self, stage: &str) -> bool {
        match &self.enabled {
            Value::Bool(enabled) => *enabled,
            Value::String(text) => text == "true" || text == stage,
            Value::Array(stages) => stages.iter().any(|one| one == stage),
            _ => false,
        }
    }

    fn target(self, name: &str) -> Target {
        Target {
            name: name.to_owned(),
            alias: self.alias,
            client_context: self.client_context.unwrap_or_else(|| self.payload.clone()),
            payload: self.payload,
            concurrency: self.concurrency,
        }
    }
}

impl Warmer {
    /// A setting that is there.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.settings.get(key).filter(|value| !value.is_null())
    }

    /// Its key among the functions.
    pub fn function_key(&self) -> String {
        format!("warmUpPlugin{}", self.capitalised())
    }

    /// Its deployed name.
    pub fn function_name(&self, service: &Service) -> String {
        let default = || {
            let name = format!("{}-{}-warmup-plugin", service.name, service.stage);
            self.name.as_ref().map_or(name.clone(), |own| format!("{name}-{own}"))
        };
        self.get("name").and_then(Value::as_str).map_or_else(default, str::to_owned)
    }

    /// The folder of its code in its archive.
    pub fn folder(&self) -> String {
        let default = || self.name.as_ref().map_or("_warmup".to_owned(), |name| format!(".warmup/{name}"));
        let given = self.get("folderName").and_then(Value::as_str).map(|folder| folder.trim_matches(['.', '/']));
        given.filter(|folder| !folder.is_empty()).map_or_else(default, str::to_owned)
    }

    /// The logical id of the role that is made for it; version 4 made none.
    pub fn own_role(&self) -> Option<String> {
        let made = self.name.is_some() && self.get("role").is_none();
        made.then(|| format!("WarmUpPlugin{}Role", self.capitalised()))
    }

    pub fn prewarm(&self) -> bool {
        self.get("prewarm") == Some(&Value::Bool(true))
    }

    /// Its environment, beside that of the provider.
    pub fn environment(&self) -> Map<String, Value> {
        self.get("environment").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// How it calls functions that say nothing themselves.
    pub fn defaults(&self) -> Calls {
        let calls = Calls {
            enabled: Value::Bool(false),
            alias: None,
            client_context: None,
            payload: json!({ "source": "serverless-plugin-warmup" }).to_string(),
            concurrency: json!(1),
        };
        calls.over(&Value::Object(self.settings.clone()))
    }

    fn capitalised(&self) -> String {
        let mut letters = self.name.as_deref().unwrap_or_default().chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
    }

    /// What a function says to this warmer.
    fn said_by(&self, function: &Function) -> Value {
        let said = &function.raw["warmup"];
        match &self.name {
            Some(name) => said[name].clone(),
            None => Value::Object(of_old(said)),
        }
    }
}

/// The warmers: named ones, or version 4's single one.
pub fn warmers(service: &Service) -> Vec<Warmer> {
    let path = "custom.warmup";
    let settings = service.custom.get("warmup").and_then(Value::as_object);
    match settings {
        Some(named) if !is_one(named) => named
            .iter()
            .filter_map(|(name, settings)| {
                let path = format!("{path}.{name}");
                Some(Warmer { name: Some(name.clone()), path, settings: settings.as_object()?.clone() })
            })
            .collect(),
        _ => {
            // Without settings, functions alone say it, or `warmup` says it of all.
            let asked = service
                .functions
                .values()
                .any(|f| matches!(f.raw["warmup"], Value::Bool(_) | Value::String(_) | Value::Array(_)));
            let said = service.custom.get("warmup").filter(|said| !said.is_null());
            let settings = said.map(of_old).or_else(|| asked.then(Map::new));
            settings.into_iter().map(|settings| Warmer { name: None, path: path.to_owned(), settings }).collect()
        }
    }
}

/// Settings of versions before 5, which take `warmup: true` and a list of stages, in the names that version 4 has.
fn of_old(said: &Value) -> Map<String, Value> {
    let Some(settings) = said.as_object() else { return Map::from_iter([("enabled".to_owned(), said.clone())]) };
    let mut settings = settings.clone();
    for (old, new) in [("default", "enabled"), ("source", "payload"), ("sourceRaw", "payloadRaw")] {
        let given = settings.remove(old).filter(|value| !matches!(value, Value::Null | Value::Bool(false)));
        settings.extend(given.map(|value| (new.to_owned(), value)));
    }
    let events = match settings.remove("schedule") {
        Some(Value::Array(all)) => all,
        Some(one @ Value::String(_)) => vec![one],
        _ => return settings,
    };
    let events = events.into_iter().map(|schedule| json!({ "schedule": schedule })).collect();
    settings.insert("events".to_owned(), Value::Array(events));
    settings
}

/// Whether these are the settings of one warmer, and not warmers by name: some value is no mapping.
fn is_one(settings: &Map<String, Value>) -> bool {
    settings.values().any(|value| !value.is_object() && !value.is_null())
}

/// The functions that a warmer keeps warm.
pub fn targets(service: &Service, warmer: &Warmer) -> Vec<Target> {
    let defaults = warmer.defaults();
    let calls = service.functions.values().map(|function| (function, defaults.over(&warmer.said_by(function))));
    let enabled = calls.filter(|(_, calls)| calls.is_enabled(&service.stage));
    enabled.map(|(function, calls)| calls.target(&function.name)).collect()
}

/// Functions that speak to a warmer that is not there, which the plugin refuses.
pub fn unknown_warmers(service: &Service, warmers: &[Warmer]) -> Problems {
    let mut problems = Problems::default();
    if warmers.iter().any(|warmer| warmer.name.is_none()) {
        return problems;
    }
    let names = || warmers.iter().filter_map(|warmer| warmer.name.as_deref());
    for function in service.functions.values() {
        for name in function.raw["warmup"].as_object().into_iter().flat_map(Map::keys) {
            if !names().any(|known| known == name) {
                let message = format!(
                    "function `{}` speaks to the warmer `{name}`, which `custom.warmup` does not have",
                    function.key
                );
                let help = match crate::manifest::nearest(name, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("add `{name}` to `custom.warmup`"),
                };
                problems.push(Problem::at(format!("functions.{}.warmup.{name}", function.key), message).help(help));
            }
        }
    }
    problems
}
