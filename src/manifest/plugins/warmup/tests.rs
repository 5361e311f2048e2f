use super::*;
use crate::template::testing::{problems, service, template};

fn manifest(warmup: &str, function: &str) -> String {
    format!(
        "service: quay\nprovider: {{ name: aws, runtime: nodejs22.x, environment: {{ PORT: '80' }} }}\n\
         plugins: [{NAME}]\ncustom:\n  warmup: {warmup}\nfunctions:\n  one:\n    handler: one.run\n    \
         warmup: {function}\n  two: {{ handler: two.run }}\n"
    )
}

fn list(service: &Service, key: &str) -> Value {
    let function = &service.functions[key];
    let (_, text) = function.files.iter().find(|(name, _)| name.ends_with("targets.json")).unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_named_warmer_calls_the_functions_that_are_enabled_for_it() {
    let service = service(&manifest("{ day: { enabled: [dev], concurrency: 2 } }", "{ day: { payload: { a: 1 } } }"));
    assert_eq!(
        list(&service, "warmUpPluginDay"),
        json!({
            "functions": [
                { "name": "quay-dev-one", "clientContext": "{\"a\":1}", "payload": "{\"a\":1}", "concurrency": 2 },
                {
                    "name": "quay-dev-two",
                    "clientContext": "{\"source\":\"serverless-plugin-warmup\"}",
                    "payload": "{\"source\":\"serverless-plugin-warmup\"}",
                    "concurrency": 2,
                },
            ],
            "verbose": true,
        })
    );
    assert!(service.functions["warmUpPluginDay"].files.contains_key(".warmup/day/index.mjs"));
}

#[test]
fn a_function_that_says_no_is_not_called() {
    let service = service(&manifest("{ day: { enabled: true } }", "{ day: { enabled: prod } }"));
    let called = list(&service, "warmUpPluginDay");
    assert_eq!(called["functions"].as_array().unwrap().len(), 1);
    assert_eq!(called["functions"][0]["name"], "quay-dev-two");
}

#[test]
fn the_one_warmer_of_version_4_has_no_name_and_no_role_of_its_own() {
    let service = service(&manifest("{ prewarm: true, clientContext: false }", "true"));
    let function = &service.functions["warmUpPlugin"];
    assert_eq!(function.name, "quay-dev-warmup-plugin");
    assert_eq!(function.handler.as_deref(), Some("_warmup/index.warmUp"));
    assert_eq!(function.role, None);
    assert_eq!(list(&service, "warmUpPlugin")["functions"][0]["clientContext"], "");
    assert_eq!(prewarms(&service)[0].function, "quay-dev-warmup-plugin");
}

#[test]
fn the_environment_of_the_provider_is_not_the_warmers() {
    let template = template(&manifest("{ day: { enabled: true, environment: { A: b } } }", "{}"));
    let environment = |template: &crate::template::Template| {
        template.resource("WarmUpPluginDayLambdaFunction").unwrap()["Properties"]["Environment"].clone()
    };
    assert_eq!(environment(&template)["Variables"]["A"], "b");
    let template = crate::template::testing::template(&manifest("{ day: { enabled: true } }", "{}"));
    assert_eq!(environment(&template)["Variables"]["PORT"], Value::Null);
}

#[test]
fn a_warmer_without_functions_is_not_made_and_a_warning() {
    let mut service = service(&manifest("{ day: { enabled: true } }", "{}"));
    service.custom["warmup"]["night"] = json!({});
    service.functions.shift_remove("warmUpPluginDay");
    let problems = complete(&mut service);
    assert!(service.functions.contains_key("warmUpPluginDay") && !service.functions.contains_key("warmUpPluginNight"));
    assert_eq!(problems.0.len(), 1);
    assert!(!problems.has_errors());
}

#[test]
fn a_misspelt_warmer_of_a_function_is_an_error() {
    let mut service = service(&manifest("{ night: { enabled: true } }", "{}"));
    service.functions.shift_remove("warmUpPluginNight");
    service.functions["one"].raw["warmup"] = json!({ "nihgt": {} });
    let problems = complete(&mut service);
    assert!(problems.has_errors());
    assert_eq!(problems.0[0].help.as_deref(), Some("did you mean `night`?"));
}

#[test]
fn a_misspelt_setting_of_a_warmer_is_an_error_as_it_is_for_the_plugin() {
    let text = problems(&manifest("{ night: { enabled: true, concurency: 2 } }", "{}"));
    assert!(text.starts_with("error:") && text.contains("did you mean `concurrency`?"), "{text}");
}

#[test]
fn spellings_of_versions_before_5_are_read() {
    let settings = "{ schedule: ['rate(5 minutes)'], default: prod, source: '{}', sourceRaw: true }";
    let service = service(&manifest(settings, "{ default: dev }"));
    let function = &service.functions["warmUpPlugin"];
    assert_eq!(function.raw["events"], json!([{ "schedule": "rate(5 minutes)" }]));
    let called = list(&service, "warmUpPlugin");
    assert_eq!(called["functions"].as_array().unwrap().len(), 1);
    assert_eq!(called["functions"][0]["payload"], "{}");
    assert_eq!(problems(&manifest(settings, "{ default: dev }")), "");
}

#[test]
fn true_alone_warms_all_functions() {
    let service = service(&manifest("true", ""));
    assert_eq!(list(&service, "warmUpPlugin")["functions"].as_array().unwrap().len(), 2);
}
