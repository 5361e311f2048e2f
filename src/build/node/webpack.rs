//! serverless-webpack and serverless-bundle: their functions are bundled with esbuild, from what of
//! `custom.webpack` and `custom.bundle` has a counterpart there (READMEs of serverless-webpack 5, serverless-bundle 6).

use super::dependencies::production;
use crate::manifest::schema::build::*;
use crate::manifest::{Service, plugins};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The packages' names.
pub const WEBPACK: &str = "serverless-webpack";
/// Its package name.
pub const BUNDLE: &str = "serverless-bundle";

/// Its package name.
pub const ESBUILD: &str = "serverless-esbuild";

/// What serverless-bundle never bundles (`src/config.js`).
const NOT_BUNDLED: [&str; 2] = ["knex", "sharp"];
/// What serverless-bundle imports as text.
const TEXT_FILES: [&str; 2] = ["pem", "txt"];

/// The schema of `custom.webpack`.
pub fn webpack_schema() -> Value {
    any_of([
        object([
            ("webpackConfig", doc(text(), "Not read: it is JavaScript.")),
            ("includeModules", doc(any_of([boolean(), modules()]), "Packages beside the bundle.")),
            ("packagerOptions", doc(any_object(), "Of no effect, apart from `scripts`, which are not run.")),
            ("packager", doc(text(), "Of no effect.")),
            ("excludeFiles", doc(any_of([text(), list(text())]), "Of no effect: handlers alone are bundled.")),
            ("excludeRegex", doc(json!({}), "Of no effect.")),
            ("keepOutputDirectory", doc(boolean(), "Of no effect.")),
            ("concurrency", doc(json!({}), "Of no effect.")),
            ("serializedCompile", doc(boolean(), "Of no effect.")),
        ]),
        text(),
    ])
}

/// The schema of `custom.webpackIncludeModules`, which versions before 4 read.
pub fn webpack_modules_schema() -> Value {
    doc(any_of([boolean(), modules()]), "The old spelling of `custom.webpack.includeModules`.")
}

fn modules() -> Value {
    object([
        ("forceInclude", doc(list(text()), "Packages that come into the archive as files.")),
        ("forceExclude", doc(list(text()), "Packages that stay out of the archive.")),
        ("packagePath", doc(text(), "Of no effect: packages are found as Node finds them.")),
        ("nodeModulesRelativeDir", doc(text(), "Of no effect: packages are found as Node finds them.")),
    ])
}

/// The schema of `custom.bundle`.
pub fn bundle_schema() -> Value {
    let none = |what: &str| doc(json!({}), what);
    object([
        ("sourcemaps", doc(boolean(), "Make source maps [default: true].")),
        ("externals", doc(any_of([constant("all"), list(text())]), "Packages that come as files instead.")),
        ("forceInclude", doc(list(text()), "Packages that come into the archive as files.")),
        ("forceExclude", doc(list(text()), "Packages that stay out of the archive.")),
        ("ignorePackages", doc(list(text()), "Packages that are not there at run time.")),
        ("aliases", doc(list(any_object()), "Other names of folders and packages.")),
        ("rawFileExtensions", doc(list(text()), "Endings of files that are imported as text.")),
        ("minifyOptions", doc(any_object(), "Options of esbuild.")),
        ("tsConfig", doc(text(), "The tsconfig.json.")),
        ("copyFiles", none("Not done: name the files in `package.patterns`.")),
        ("concatText", none("Not done.")),
        ("fixPackages", none("Not done.")),
        ("packagerOptions", none("Of no effect, apart from `scripts`, which are not run.")),
        ("caching", none("Of no effect.")),
        ("concurrency", none("Of no effect.")),
        ("disableForkTsChecker", none("Of no effect: types are not checked.")),
        ("esbuild", none("Of no effect: it is esbuild that bundles.")),
        ("excludeFiles", none("Of no effect: handlers alone are bundled.")),
        ("experiments", none("Of no effect.")),
        ("generateStatsFiles", none("Of no effect.")),
        ("linting", none("Of no effect: code is not checked.")),
        ("nodeModulesRelativeDir", none("Of no effect: packages are found as Node finds them.")),
        ("packager", none("Of no effect.")),
        ("stats", none("Of no effect.")),
    ])
}

/// Settings that have no counterpart.
pub const WEBPACK_UNREAD: &[(&str, &str)] = &[("custom.webpack.packagerOptions.scripts", "run them in its folder")];
/// Settings that have no counterpart.
pub const BUNDLE_UNREAD: &[(&str, &str)] = &[
    ("custom.bundle.copyFiles", "copy the files into the archive; `package.patterns` takes them in"),
    ("custom.bundle.concatText", "join the files"),
    (
        "custom.bundle.fixPackages",
        "bundle the packages in another way; `package.patterns` and `externals` keep them whole",
    ),
    ("custom.bundle.packagerOptions.scripts", "run them in its folder"),
];

/// esbuild's options for a service of one of the plugins, in the names of serverless-esbuild.
pub fn options(service: &Service) -> Option<Map<String, Value>> {
    let options = if plugins::uses(&service.plugins, BUNDLE) {
        of_bundle(&service.custom["bundle"], &service.dir)
    } else if plugins::uses(&service.plugins, WEBPACK) {
        of_webpack(&service.custom)
    } else if plugins::uses(&service.plugins, ESBUILD) {
        json!({})
    } else {
        return None;
    };
    match options {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// The webpack configuration that lies there and is not read.
pub fn config(service: &Service) -> Option<String> {
    if !plugins::uses(&service.plugins, WEBPACK) || plugins::uses(&service.plugins, BUNDLE) {
        return None;
    }
    let settings = &service.custom["webpack"];
    let named = settings.as_str().or_else(|| settings["webpackConfig"].as_str());
    let name = named.unwrap_or("webpack.config.js");
    service.dir.join(name).is_file().then(|| name.to_owned())
}

fn of_webpack(custom: &Value) -> Value {
    let modules = custom["webpack"].get("includeModules").unwrap_or(&custom["webpackIncludeModules"]);
    json!({ "external": texts(&modules["forceInclude"]), "exclude": texts(&modules["forceExclude"]) })
}

fn of_bundle(settings: &Value, dir: &Path) -> Value {
    let mut external = texts(&settings["forceInclude"]);
    if settings["externals"] == "all" {
        external.extend(production(dir));
    } else {
        external.extend(NOT_BUNDLED.map(str::to_owned));
        external.extend(texts(&settings["externals"]));
    }
    let excluded = texts(&settings["forceExclude"]);
    external.retain(|name| !excluded.contains(name));
    let mut exclude = excluded;
    exclude.extend(texts(&settings["ignorePackages"]));
    let mut alias = Map::new();
    for (name, target) in settings["aliases"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten() {
        match target {
            Value::String(path) if dir.join(path).exists() && !path.starts_with(['.', '/']) => {
                alias.insert(name.clone(), json!(format!("./{path}")));
            }
            Value::String(path) => {
                alias.insert(name.clone(), json!(path));
            }
            // Not there at all.
            _ => exclude.push(name.clone()),
        }
    }
    let endings = TEXT_FILES.map(str::to_owned).into_iter().chain(texts(&settings["rawFileExtensions"]));
    let loader: Map<String, Value> =
        endings.map(|end| (format!(".{}", end.trim_start_matches('.')), json!("text"))).collect();
    let mut options = json!({
        "minify": true,
        "sourcemap": settings["sourcemaps"] != Value::Bool(false),
        "external": external,
        "exclude": exclude,
        "loader": loader,
        "alias": alias,
        "tsconfig": settings["tsConfig"],
    });
    crate::template::value::merge(&mut options, settings["minifyOptions"].clone());
    options
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    fn of(plugin: &str, custom: &str) -> Value {
        let manifest = format!("service: quay\nprovider: {{ name: aws }}\nplugins: [{plugin}]\ncustom: {custom}");
        options(&service(&manifest)).map_or(Value::Null, Value::Object)
    }

    #[test]
    fn modules_that_webpack_forces_in_and_out_are_files_and_absent() {
        let custom = "{ webpack: { includeModules: { forceInclude: [mysql], forceExclude: [aws-sdk] } } }";
        assert_eq!(of(WEBPACK, custom), json!({ "external": ["mysql"], "exclude": ["aws-sdk"] }));
        assert_eq!(of(WEBPACK, "{ webpack: './w.js' }"), json!({ "external": [], "exclude": [] }));
        let old = "{ webpackIncludeModules: { forceInclude: [mysql] } }";
        assert_eq!(of(WEBPACK, old), json!({ "external": ["mysql"], "exclude": [] }));
        assert_eq!(of("serverless-offline", "{}"), Value::Null);
    }

    #[test]
    fn the_plugin_of_esbuild_bundles_without_settings_too() {
        assert_eq!(of(ESBUILD, "{}"), json!({}));
    }

    #[test]
    fn bundles_settings_become_esbuilds() {
        let custom = "{ bundle: { sourcemaps: false, forceExclude: [knex], ignorePackages: [hiredis], \
                      externals: [pg], aliases: [{ Lib: ./lib }, { canvas: false }], rawFileExtensions: [csv], \
                      minifyOptions: { keepNames: true }, tsConfig: t.json } }";
        assert_eq!(
            of(BUNDLE, custom),
            json!({
                "minify": true, "sourcemap": false, "external": ["sharp", "pg"],
                "exclude": ["knex", "hiredis", "canvas"],
                "loader": { ".pem": "text", ".txt": "text", ".csv": "text" },
                "alias": { "Lib": "./lib" }, "tsconfig": "t.json", "keepNames": true,
            })
        );
    }
}
