//! Management commands of web applications: `rlx invoke web --wsgi manage "migrate"`. The handler that rlx makes
//! answers them with exit code and output, in the form of serverless-wsgi's.

use super::invoke::{Answer, say};
use super::{ExitKind, Failure, OutputFormat};
use crate::build::wsgi::Application;
use crate::context::Context;
use crate::manifest::Service;
use serde_json::{Value, json};

/// The kinds of commands, and what each runs.
const KINDS: [(&str, &str); 4] = [
    ("manage", "a command of Django's manage.py"),
    ("flask", "a command of Flask's command line"),
    ("exec", "Python code"),
    ("command", "a command of the shell"),
];

/// The event that asks for a command; `words` are its kind and its text.
pub fn event(words: &[String]) -> Result<Vec<u8>, Failure> {
    let [kind, text] = words else {
        return Err(Failure::new(ExitKind::Usage, "`--wsgi` takes a kind and a command"));
    };
    if KINDS.iter().any(|(name, _)| name == kind) {
        return Ok(json!({ "_serverless-wsgi": { "command": kind, "data": text } }).to_string().into_bytes());
    }
    let known: Vec<String> = KINDS.iter().map(|(name, what)| format!("`{name}` ({what})")).collect();
    let failure = Failure::new(ExitKind::Usage, format!("`{kind}` is no kind of command"));
    Err(failure.hint(format!("there are {}", known.join(", "))))
}

/// The function that is meant where none is named: the only web application.
pub fn only_application(service: &Service) -> Result<String, Failure> {
    let applications = service.functions.values().filter(|f| Application::of(service, f).is_some());
    let keys: Vec<&str> = applications.map(|f| f.key.as_str()).collect();
    match keys.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Failure::new(ExitKind::Usage, "no function of the service is a web application")
            .hint("a function becomes one with `wsgi: module.app` or `asgi: module.app`")),
        several => Err(Failure::new(ExitKind::Usage, "several functions are web applications")
            .hint(format!("name one of {}", several.join(", ")))),
    }
}

/// Prints what a command wrote; one that ended with another code than 0 has failed.
pub fn say_output(key: &str, answer: &Answer, context: &Context) -> Result<ExitKind, Failure> {
    let value: Value = serde_json::from_str(&answer.payload).unwrap_or_default();
    let (Some(code), Some(output)) = (value[0].as_i64(), value[1].as_str()) else {
        return say(key, answer, context);
    };
    let line = json!({ "version": 1, "function": key, "exitCode": code, "output": output });
    let end = if output.is_empty() || output.ends_with('\n') { "" } else { "\n" };
    context.report.answer(&line, &format!("{output}{end}"));
    if let (Some(log), OutputFormat::Text) = (&answer.log, context.report.format) {
        context.report.note(log);
    }
    match code {
        0 => Ok(ExitKind::Done),
        code => Err(Failure::new(ExitKind::Failed, format!("the command in {key} ended with exit code {code}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    #[test]
    fn a_command_is_asked_for_as_the_plugin_does() {
        let words = |kind: &str| [kind.to_owned(), "migrate --noinput".to_owned()];
        let event = event(&words("manage")).expect("a known kind");
        let expected = json!({ "_serverless-wsgi": { "command": "manage", "data": "migrate --noinput" } });
        assert_eq!(serde_json::from_slice::<Value>(&event).expect("JSON"), expected);
        let failure = super::event(&words("manege")).unwrap_err();
        assert_eq!(failure.kind, ExitKind::Usage);
    }

    #[test]
    fn the_only_application_need_not_be_named() {
        let it = service(
            "service: shop\nprovider: { name: aws, runtime: python3.12 }\nfunctions: { web: { wsgi: a.app }, job: { handler: a.b } }\n",
        );
        assert_eq!(only_application(&it).expect("one"), "web");
        let none = service("service: shop\nprovider: { name: aws }\nfunctions: { job: { handler: a.b } }\n");
        assert!(only_application(&none).is_err());
    }
}
