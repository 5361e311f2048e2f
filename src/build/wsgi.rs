//! Web applications as functions: `wsgi: app.app` (Flask, Django, ...) and `asgi: app.app`
//! (FastAPI, Starlette, ...) get a handler that an adapter package makes of them.

use crate::manifest::Service;
use crate::manifest::schema::build::{any_of, doc, list, object, text};
use crate::manifest::service::Function;
use serde_json::{Value, json};

/// The interface of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    Wsgi,
    Asgi,
}

/// The application of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub interface: Interface,
    /// Dotted name of the module.
    module: String,
    /// The object in it.
    object: String,
    /// The module that rlx adds to the archive.
    shim: String,
    /// Further content types that are sent as text (`textMimeTypes`).
    text_types: Vec<String>,
}

/// The content types, or their beginnings, that serverless-wsgi sends as text.
const TEXT_TYPES: [&str; 6] = [
    "text/",
    "application/json",
    "application/javascript",
    "application/xml",
    "application/vnd.api+json",
    "image/svg+xml",
];

/// The handlers that serverless-wsgi's users write; the second is that of versions before 1.7.4, which the plugin still
/// takes for the first.
const PLUGIN_HANDLERS: [&str; 2] = ["wsgi_handler.handler", "wsgi.handler"];

/// The schema of `custom.wsgi`.
pub fn custom_schema() -> Value {
    let none = |what: &str| doc(json!({}), what);
    object([
        ("app", doc(text(), "The WSGI application: a module and its object, such as `api.app`.")),
        ("packRequirements", none("Of no effect: requirements are packaged as `custom.pythonRequirements` says.")),
        ("pythonBin", none("Of no effect here.")),
        ("pipArgs", none("Of no effect: further arguments of pip stand in `custom.pythonRequirements`.")),
        ("textMimeTypes", doc(list(text()), "Further content types that are sent as text.")),
    ])
}

/// The schema of `wsgi` of a function.
pub fn function_schema() -> Value {
    let app = "The WSGI application of the function: a module and its object, such as `api.app`.";
    doc(any_of([text(), object([("app", text())])]), app)
}

impl Application {
    /// The application that a function names: `wsgi` or `asgi` of the function, or
    /// `custom.wsgi.app` where the handler is serverless-wsgi's.
    pub fn of(service: &Service, function: &Function) -> Option<Self> {
        let text = |value: &Value| value.as_str().or(value["app"].as_str()).map(str::to_owned);
        let (interface, app, shim) = if let Some(app) = text(&function.raw["asgi"]) {
            (Interface::Asgi, app, None)
        } else if let Some(app) = text(&function.raw["wsgi"]) {
            (Interface::Wsgi, app, None)
        } else if function.handler.as_deref().is_some_and(|handler| PLUGIN_HANDLERS.contains(&handler)) {
            (Interface::Wsgi, text(&service.custom["wsgi"])?, Some("wsgi_handler".to_owned()))
        } else {
            return None;
        };
        let (module, object) = app.rsplit_once(':').or_else(|| app.rsplit_once('.'))?;
        let module = module.trim_end_matches(".py").replace('/', ".");
        let shim = shim.unwrap_or_else(|| format!("rlx_app_{}", function.key.replace('-', "_")));
        let types = service.custom.pointer("/wsgi/textMimeTypes").and_then(Value::as_array).into_iter().flatten();
        let text_types = types.filter_map(Value::as_str).map(str::to_owned).collect();
        Some(Self { interface, module, object: object.to_owned(), shim, text_types })
    }

    /// The function's handler.
    pub fn handler(&self) -> String {
        format!("{}.handler", self.shim)
    }

    /// The file that the application's own code stands in, for the check of missing handlers.
    pub fn module(&self) -> String {
        format!("{}.{}", self.module, self.object)
    }

    /// The adapter as a requirement line: pinned, so that the same service is the same archive next year. These
    /// versions run on every Python that Lambda has.
    pub fn adapter(&self) -> &'static str {
        match self.interface {
            Interface::Wsgi => "apig-wsgi==2.18.0",
            Interface::Asgi => "mangum==0.19.0",
        }
    }

    /// The file that rlx adds to the archive, and its text.
    pub fn shim(&self) -> (String, String) {
        let make = match self.interface {
            Interface::Wsgi => {
                let types: Vec<&str> =
                    TEXT_TYPES.into_iter().chain(self.text_types.iter().map(String::as_str)).collect();
                format!(
                    "from apig_wsgi import make_lambda_handler\n_adapter = make_lambda_handler(\n    _app, \
                     binary_support=True, non_binary_content_type_prefixes={}\n)",
                    json!(types)
                )
            }
            Interface::Asgi => "from mangum import Mangum\n_adapter = Mangum(_app, lifespan=\"auto\")".to_owned(),
        };
        let text =
            SHIM.replace("{{module}}", &self.module).replace("{{object}}", &self.object).replace("{{make}}", &make);
        (format!("{}.py", self.shim), text)
    }
}

/// Requests go to the adapter; events with the key of serverless-wsgi run management commands
/// and answer with their exit code and output, as that plugin's handler does.
const SHIM: &str = r#""""Made by rlx: serves the application `{{module}}.{{object}}` as a Lambda function."""
import contextlib
import importlib
import io
import os
import shlex
import subprocess
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

_app = getattr(importlib.import_module("{{module}}"), "{{object}}")

{{make}}


def handler(event, context):
    command = event.get("_serverless-wsgi") if isinstance(event, dict) else None
    return _manage(command) if command else _adapter(event, context)


def _manage(command):
    kind, data = command.get("command"), command.get("data", "")
    if kind == "command":
        done = subprocess.run(data, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return [done.returncode, done.stdout]
    output, code = io.StringIO(), 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            if kind == "exec":
                exec(data, {})
            elif kind == "manage":
                from django.core import management

                management.call_command(*shlex.split(data))
            elif kind == "flask":
                from flask.cli import FlaskGroup

                FlaskGroup(create_app=lambda: _app).main(shlex.split(data), standalone_mode=False)
            else:
                raise ValueError(f"unknown command: {kind}")
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            traceback.print_exc()
            code = 1
    return [code, output.getvalue()]
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    fn application(manifest: &str) -> Application {
        let service = service(&format!("service: shop\nprovider: {{ name: aws }}\n{manifest}"));
        Application::of(&service, &service.functions[0]).expect("an application")
    }

    #[test]
    fn an_application_is_named_by_module_and_object() {
        for name in ["api.app", "api:app"] {
            let it = application(&format!("functions: {{ web-site: {{ wsgi: '{name}' }} }}"));
            assert_eq!((it.module.as_str(), it.object.as_str()), ("api", "app"));
            assert_eq!(it.handler(), "rlx_app_web_site.handler");
        }
        let it = application("functions: { web: { asgi: src/api/main.app } }");
        assert_eq!((it.interface, it.module.as_str()), (Interface::Asgi, "src.api.main"));
        assert!(it.shim().1.contains("import_module(\"src.api.main\")"));
    }

    #[test]
    fn the_plugins_handler_keeps_its_name() {
        let it = application(
            "custom: { wsgi: { app: shop.wsgi.app } }\nfunctions: { web: { handler: wsgi_handler.handler } }",
        );
        assert_eq!(it.handler(), "wsgi_handler.handler");
        assert_eq!(it.shim().0, "wsgi_handler.py");
        let old =
            application("custom: { wsgi: { app: shop.wsgi.app } }\nfunctions: { web: { handler: wsgi.handler } }");
        assert_eq!(old, it);
    }

    #[test]
    fn content_types_that_are_text_are_the_plugins_and_the_services() {
        let it = application(
            "custom: { wsgi: { app: a.b, textMimeTypes: [application/custom+json] } }\nfunctions: { web: { handler: wsgi_handler.handler } }",
        );
        assert!(it.shim().1.contains("\"image/svg+xml\",\"application/custom+json\"]"), "{}", it.shim().1);
    }
}
