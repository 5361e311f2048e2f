//! Manifests and files in JavaScript, evaluated by node.

use super::Project;
use serde_json::json;

/// Whether node is there; tests of JavaScript say nothing where it is not.
fn node_is_there() -> bool {
    which::which("node").is_ok()
}

#[test]
fn javascript_functions_ask_for_variables() {
    if !node_is_there() {
        return;
    }
    let project = Project::new("custom:\n  k: 5\n  js: ${file(./c.js):deep.value}\n  whole: ${file(./d.cjs)}\n")
        .file(
            "c.js",
            "console.log('noise');\nmodule.exports = async ({ options, resolveVariable, resolveConfigurationProperty }) => ({\n  deep: { value: [await resolveVariable('self:custom.k'), await resolveConfigurationProperty(['service']), options.stage] },\n});\n",
        )
        .file("d.cjs", "module.exports = Promise.resolve({ a: '${self:service}' });")
        .stage("qa");
    assert_eq!(project.value("custom"), json!({"k": 5, "js": [5, "shop", "qa"], "whole": {"a": "shop"}}));
}

#[test]
fn an_error_in_javascript_is_told_with_its_line() {
    if !node_is_there() {
        return;
    }
    let project = Project::new("custom: ${file(./c.js)}\n").file("c.js", "\nthrow new Error('boom');\n");
    let refusal = project.refusal();
    assert!(refusal[0].starts_with("cannot evaluate c.js: boom (at "), "{refusal:?}");
    assert!(refusal[0].contains("c.js:2:7"), "{refusal:?}");
}

#[test]
fn a_manifest_may_be_javascript() {
    if !node_is_there() {
        return;
    }
    let project = Project::raw("").file(
        "serverless.js",
        "module.exports = async () => ({ service: 'js', provider: { name: 'aws' }, custom: { a: '${self:service}' } });",
    );
    std::fs::remove_file(project.dir.path().join("serverless.yml")).expect("removed");
    assert_eq!(project.value("custom.a"), json!("js"));
}

#[test]
fn without_node_javascript_is_refused_in_words() {
    let project = Project::new("custom: ${file(./c.js)}\n").file("c.js", "module.exports = 1").env("PATH", "/nowhere");
    assert_eq!(project.refusal(), ["cannot evaluate c.js: it takes node, which is not installed"]);
}

fn js(expression: &str, file: &str) -> Project {
    Project::new(&format!("custom:\n  n: 3\n  it: {expression}\n")).file("c.js", file)
}

#[test]
fn a_property_that_is_not_there_is_undefined() {
    if !node_is_there() {
        return;
    }
    let project = js(
        "${file(./c.js)}",
        "module.exports = async ({ resolveConfigurationProperty: of }) => ({ no: await of(['custom', 'x', 'y']), n: await of(['custom', 'n']) });",
    );
    assert_eq!(project.value("custom.it"), json!({"n": 3}));
}

#[test]
fn a_function_may_live_without_a_variable() {
    if !node_is_there() {
        return;
    }
    let caught = "module.exports = ({ resolveVariable }) => resolveVariable('self:custom.x').catch(() => 'caught');";
    assert_eq!(js("${file(./c.js)}", caught).value("custom.it"), json!("caught"));
    let thrown = "module.exports = ({ resolveVariable }) => resolveVariable('self:custom.x');";
    assert_eq!(js("${file(./c.js)}", thrown).refusal(), ["`${self:custom.x}` has no value: `custom` has no `x`"]);
}

#[test]
fn what_a_function_asks_for_must_be_a_variable() {
    if !node_is_there() {
        return;
    }
    let refusal =
        js("${file(./c.js)}", "module.exports = ({ resolveVariable }) => resolveVariable('a text');").refusal();
    assert!(refusal[0].starts_with("cannot evaluate c.js: `${a text}` is no variable"), "{refusal:?}");
}

#[test]
fn a_manifest_in_javascript_sees_the_command_line() {
    if !node_is_there() {
        return;
    }
    let project = Project::raw("")
        .file(
            "serverless.js",
            "module.exports = ({ options }) => ({ service: 'js', provider: 'aws', custom: { options, argv: process.argv.slice(2) } });",
        )
        .param("a=1")
        .stage("qa");
    std::fs::remove_file(project.path().join("serverless.yml")).expect("removed");
    assert_eq!(
        project.value("custom"),
        json!({"options": {"stage": "qa", "param": ["a=1"]}, "argv": ["--param", "a=1", "--stage", "qa"]})
    );
}

/// A manifest in a file of that name, and no other.
fn manifest(file: &str, text: &str) -> Project {
    let project = Project::raw("").file(file, text);
    std::fs::remove_file(project.path().join("serverless.yml")).expect("removed");
    project
}

#[test]
fn a_manifest_may_be_an_ecmascript_module() {
    if !node_is_there() {
        return;
    }
    let text = "export default { service: 'esm', provider: { name: 'aws' } };";
    let project = manifest("serverless.js", text).file("package.json", "{\"type\": \"module\"}");
    assert_eq!(project.value("service"), json!("esm"));
    assert_eq!(manifest("serverless.mjs", text).value("service"), json!("esm"));
}

#[test]
fn typescript_is_read_with_what_is_installed_beside_it() {
    if !node_is_there() {
        return;
    }
    let text = "const it: object = { service: 'ts', provider: { name: 'aws' } };\nexport default it;\n";
    let javascript = "exports.default = { service: 'ts', provider: { name: 'aws' } };";
    let ts_node = format!(
        "exports.register = () => {{ require.extensions['.ts'] = (it, file) => it._compile({javascript:?}, file); }};"
    );
    let project = manifest("serverless.ts", text).file("node_modules/ts-node/index.js", &ts_node);
    assert_eq!(project.value("service"), json!("ts"));
    let esbuild = format!("exports.build = async (options) => ({{ outputFiles: [{{ text: {javascript:?} }}] }});");
    let project = manifest("serverless.ts", text).file("node_modules/esbuild/index.js", &esbuild);
    assert_eq!(project.value("service"), json!("ts"));
}

#[test]
fn a_package_that_is_missing_is_told_with_the_line_that_wants_it() {
    if !node_is_there() {
        return;
    }
    let refusal = js("${file(./c.js)}", "\nmodule.exports = require('not-there');").refusal();
    let words = "cannot evaluate c.js: Cannot find module 'not-there': is it installed (`npm install`)? (at ";
    assert!(refusal[0].starts_with(words) && refusal[0].contains("c.js:2:"), "{refusal:?}");
}
