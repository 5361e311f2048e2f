//! Plugins of the Serverless Framework: what rlx does in their place. rlx runs no plugin; each one that a
//! manifest lists is spoken of, so that nothing is missing in silence.

use super::document::Node;
use super::problem::{Place, Problem, Problems, Severity};

/// What becomes of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// rlx does what it does, from the same settings. The text says what.
    TakenOver(&'static str),
    /// Nothing is missing without it. The text says why.
    NotNeeded(&'static str),
    /// rlx does not do it. The text says what it would have done.
    Missing(&'static str),
}

/// A plugin that rlx knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plugin {
    /// Its package name.
    pub name: &'static str,
    /// What becomes of it.
    pub role: Role,
    /// Keys that it adds to functions.
    pub function_keys: &'static [&'static str],
    /// Keys that it adds beside `functions`.
    pub top_level_keys: &'static [&'static str],
}

const fn taken(name: &'static str, what: &'static str) -> Plugin {
    Plugin { name, role: Role::TakenOver(what), function_keys: &[], top_level_keys: &[] }
}

const fn needless(name: &'static str, why: &'static str) -> Plugin {
    Plugin { name, role: Role::NotNeeded(why), function_keys: &[], top_level_keys: &[] }
}

const fn missing(name: &'static str, what: &'static str) -> Plugin {
    Plugin { name, role: Role::Missing(what), function_keys: &[], top_level_keys: &[] }
}

const fn with_function_keys(plugin: Plugin, function_keys: &'static [&'static str]) -> Plugin {
    Plugin { function_keys, ..plugin }
}

const fn with_top_level_keys(plugin: Plugin, top_level_keys: &'static [&'static str]) -> Plugin {
    Plugin { top_level_keys, ..plugin }
}

/// The plugins, the most used first.
pub const KNOWN: &[Plugin] = &[
    with_function_keys(
        taken("serverless-python-requirements", "Python dependencies are packaged, from `custom.pythonRequirements`"),
        &["module", "dockerizePip"],
    ),
    taken("serverless-package-external", "folders outside the service are packaged, from `custom.packageExternal`"),
    taken("serverless-stage-manager", "stages that `custom.stages` does not list are refused"),
    needless("serverless-offline", "`rlx invoke local` runs functions here, and `--local` deploys to an emulator"),
    with_function_keys(
        missing(
            "serverless-webpack",
            "bundle with webpack; rlx bundles TypeScript with esbuild, and JavaScript where `build.esbuild` is set",
        ),
        &["entrypoint"],
    ),
    missing(
        "serverless-dotenv-plugin",
        "read `.env` files into functions; `useDotenv: true` reads them for `${env:NAME}`",
    ),
    missing("serverless-prune-plugin", "remove old versions of functions after a deploy, from `custom.prune`"),
    taken("serverless-iam-roles-per-function", "`iamRoleStatements` of a function gives it a role of its own"),
    missing(
        "serverless-stack-termination-protection",
        "protect stacks from removal, from `custom.serverlessTerminationProtection`",
    ),
    missing(
        "serverless-bundle",
        "bundle with webpack; rlx bundles TypeScript with esbuild, and JavaScript where `build.esbuild` is set",
    ),
    with_function_keys(
        taken("serverless-esbuild", "Node.js functions are bundled, from `custom.esbuild`"),
        &["skipEsbuild", "esbuildEntrypoint"],
    ),
    taken("serverless-plugin-typescript", "TypeScript functions are bundled with esbuild"),
    missing("serverless-deployment-bucket", "make the deployment bucket where it is missing"),
    with_function_keys(taken("serverless-wsgi", "WSGI apps get their handler, from `custom.wsgi`"), &["wsgi"]),
    taken("serverless-pseudo-parameters", "`#{AWS::AccountId}` and the like are replaced"),
    with_function_keys(taken("serverless-rust", "Rust functions are built with cargo"), &["rust"]),
    needless("serverless-localstack", "`--local` and `stages.<name>.endpoint` deploy to an emulator"),
    missing("serverless-domain-manager", "make a custom domain and its base path mapping, from `custom.customDomain`"),
    missing("serverless-dynamodb-local", "run DynamoDB on this machine, from `custom.dynamodb`"),
    missing("serverless-dynamodb", "run DynamoDB on this machine, from `custom.serverless-dynamodb`"),
    with_top_level_keys(
        missing("serverless-step-functions", "make state machines, from `stepFunctions`"),
        &["stepFunctions"],
    ),
    missing("serverless-plugin-scripts", "run commands on lifecycle events, from `custom.scripts`"),
    missing("serverless-scriptable-plugin", "run commands on lifecycle events, from `custom.scriptable`"),
    missing("serverless-s3-sync", "copy folders into buckets after a deploy, from `custom.s3Sync`"),
    with_function_keys(
        missing(
            "serverless-plugin-warmup",
            "make a function that calls others to keep them warm, from `custom.warmup`",
        ),
        &["warmup"],
    ),
    taken("serverless-plugin-log-retention", "logs are kept as long as `custom.logRetentionInDays` says"),
    needless("serverless-plugin-include-dependencies", "only files that are needed come into the archive"),
    needless("serverless-plugin-tracing", "`provider.tracing` and `tracing` of a function do this"),
    needless("serverless-plugin-split-stacks", "a template over 500 resources is said so before upload"),
    missing("serverless-apigw-binary", "set binary media types; `provider.apiGateway.binaryMediaTypes` does this"),
    missing("serverless-api-gateway-throttling", "set limits per route, from `custom.apiGatewayThrottling`"),
    missing("serverless-api-gateway-caching", "cache responses, from `custom.apiGatewayCaching`"),
    missing("serverless-associate-waf", "put a web ACL before the API, from `custom.associateWaf`"),
    missing("serverless-plugin-aws-alerts", "make CloudWatch alarms, from `custom.alerts`"),
    with_function_keys(
        missing("serverless-plugin-canary-deployments", "shift traffic gradually, from `deploymentSettings`"),
        &["deploymentSettings"],
    ),
    missing("serverless-appsync-plugin", "make GraphQL APIs, from `appSync`"),
    missing("serverless-finch", "publish a website from a bucket, from `custom.client`"),
    missing("serverless-export-env", "write environment variables to a file, from `custom.export-env`"),
    missing("serverless-aws-documentation", "document the API, from `custom.documentation`"),
    missing("serverless-openapi-documentation", "document the API, from `custom.documentation`"),
    missing("serverless-plugin-datadog", "add Datadog's layers, from `custom.datadog`"),
    missing("serverless-plugin-lambda-insights", "turn on Lambda Insights, from `custom.lambdaInsights`"),
];

/// The plugin of a name; scoped forks such as `@me/serverless-offline` are not it.
pub fn known(name: &str) -> Option<&'static Plugin> {
    KNOWN.iter().find(|plugin| plugin.name == name)
}

/// What is said about the plugins of a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Plugins that rlx stands in for, a sentence each.
    pub notes: Vec<String>,
    /// Plugins whose work is not done.
    pub problems: Problems,
}

/// The entries of `plugins`: a list, or `modules` of a mapping.
pub fn entries(config: &Node) -> Vec<&Node> {
    let plugins = config.get("plugins");
    let list = plugins.and_then(|p| p.as_list().or_else(|| p.get("modules")?.as_list()));
    list.into_iter().flatten().collect()
}

/// Whether some plugin of a manifest is one that rlx does not know.
pub fn has_foreign(config: &Node) -> bool {
    entries(config).iter().any(|entry| entry.as_str().is_some_and(|name| known(name).is_none()))
}

/// Speaks of every plugin of a manifest. Where `strict` is set, a plugin whose work is not done is an error.
pub fn check(config: &Node, strict: bool) -> Verdict {
    let mut verdict = Verdict::default();
    for entry in entries(config) {
        let Some(name) = entry.as_str() else { continue };
        let (message, help) = match known(name).map(|plugin| plugin.role) {
            Some(Role::TakenOver(what)) => {
                verdict.notes.push(format!("{name}: rlx does this: {what}"));
                continue;
            }
            Some(Role::NotNeeded(why)) => {
                verdict.notes.push(format!("{name}: not needed: {why}"));
                continue;
            }
            Some(Role::Missing(what)) => (
                format!("the plugin `{name}` is not run; it would {what}"),
                "do this by other means before you rely on it, then remove the plugin from `plugins`",
            ),
            None => (
                format!("the plugin `{name}` is not run, and rlx does not know what it would do"),
                "rlx runs no plugins: see what it does for you, and remove it from `plugins`",
            ),
        };
        let place = entry.span.map_or_else(|| Place::Path("plugins".into()), Place::Span);
        let severity = if strict { Severity::Error } else { Severity::Warning };
        verdict.problems.push(Problem { severity, message, place, help: Some(help.into()) });
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn verdict(plugins: serde_json::Value, strict: bool) -> Verdict {
        check(&Node::from_json(json!({ "plugins": plugins }), None), strict)
    }

    #[test]
    fn every_listed_plugin_is_spoken_of() {
        let verdict =
            verdict(json!(["serverless-offline", "serverless-esbuild", "serverless-s3-sync", "./own"]), false);
        assert_eq!(verdict.notes.len(), 2);
        assert_eq!(
            verdict.problems.iter().map(|p| p.message.as_str()).collect::<Vec<_>>(),
            [
                "the plugin `serverless-s3-sync` is not run; it would copy folders into buckets after a deploy, from `custom.s3Sync`",
                "the plugin `./own` is not run, and rlx does not know what it would do",
            ]
        );
        assert!(!verdict.problems.has_errors());
    }

    #[test]
    fn strict_makes_missing_work_an_error() {
        assert!(verdict(json!({ "modules": ["theirs"], "localPath": "x" }), true).problems.has_errors());
        assert!(!verdict(json!(["serverless-offline"]), true).problems.has_errors());
    }
}
