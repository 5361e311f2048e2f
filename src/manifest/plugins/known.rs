//! The plugins that rlx knows.

use super::{Key, Plugin, Role, domain_manager, dotenv, scripts, warmup};
use crate::build::node::{bundle, webpack};
use crate::build::{cargo, go, python, wsgi};
use crate::deploy::after::{self, deployment_bucket, sync};
use crate::manifest::schema::build::{doc, list, object, text};
use crate::package::external;
use crate::template::function::own_role;
use crate::template::plugins::step_functions;
use crate::template::pseudo_parameters;
use serde_json::json;

const fn plugin(name: &'static str, role: Role) -> Plugin {
    Plugin { name, role, function_keys: &[], top_level_keys: &[], custom_keys: &[], unread: &[] }
}

/// A key whose value is not checked here.
macro_rules! any {
    ($name:literal, $what:literal) => {
        Key { name: $name, schema: || doc(json!({}), $what) }
    };
}

const fn with_custom_keys(plugin: Plugin, custom_keys: &'static [Key]) -> Plugin {
    Plugin { custom_keys, ..plugin }
}

const fn without(plugin: Plugin, unread: &'static [(&'static str, &'static str)]) -> Plugin {
    Plugin { unread, ..plugin }
}

const fn taken(name: &'static str, what: &'static str) -> Plugin {
    plugin(name, Role::TakenOver(what))
}

const fn needless(name: &'static str, why: &'static str) -> Plugin {
    plugin(name, Role::NotNeeded(why))
}

const fn missing(name: &'static str, what: &'static str) -> Plugin {
    plugin(name, Role::Missing(what))
}

const fn with_function_keys(plugin: Plugin, function_keys: &'static [Key]) -> Plugin {
    Plugin { function_keys, ..plugin }
}

const fn with_top_level_keys(plugin: Plugin, top_level_keys: &'static [Key]) -> Plugin {
    Plugin { top_level_keys, ..plugin }
}

/// The package name of serverless-stage-manager.
pub const STAGE_MANAGER: &str = "serverless-stage-manager";

/// What of serverless-dynamodb-local the emulator has no part in.
const SEEDS: &[(&str, &str)] = &[("custom.dynamodb.seed", "put these items into its tables")];

/// The plugins, the most used first.
pub const KNOWN: &[Plugin] = &[
    with_custom_keys(
        with_function_keys(
            taken(
                "serverless-python-requirements",
                "Python dependencies are packaged, from `custom.pythonRequirements`",
            ),
            &[
                Key { name: "vendor", schema: || doc(text(), "A folder of libraries that comes along.") },
                any!("module", "The folder that its code and its requirements stand in."),
                any!("dockerizePip", "Of no effect: wheels for the function's platform are taken on any machine."),
            ],
        ),
        &[Key { name: "pythonRequirements", schema: python::options::schema }],
    ),
    with_custom_keys(
        taken("serverless-package-external", "folders outside the service are packaged, from `custom.packageExternal`"),
        &[Key { name: "packageExternal", schema: external::plugin_schema }],
    ),
    with_custom_keys(
        taken(STAGE_MANAGER, "stages that `custom.stages` does not list are refused"),
        &[any!("stages", "The stages that there are.")],
    ),
    needless("serverless-offline", "`rlx invoke local` runs functions here, and `--local` deploys to an emulator"),
    without(
        with_custom_keys(
            with_function_keys(
                taken(webpack::WEBPACK, "Node.js functions are bundled, with esbuild instead of webpack"),
                &[any!("entrypoint", "The file that is bundled, where it is not the handler's.")],
            ),
            &[
                Key { name: "webpack", schema: webpack::webpack_schema },
                Key { name: "webpackIncludeModules", schema: webpack::webpack_modules_schema },
            ],
        ),
        webpack::WEBPACK_UNREAD,
    ),
    without(
        with_custom_keys(
            taken(dotenv::NAME, "functions get the variables of `.env` files, from `custom.dotenv`"),
            &[Key { name: "dotenv", schema: dotenv::schema }],
        ),
        &[("custom.dotenv.dotenvParser", "give the files to this JavaScript, and functions what it answers")],
    ),
    with_custom_keys(
        taken(after::PRUNE, "old versions of functions and layers go after a deploy, from `custom.prune`"),
        after::PRUNE_KEYS,
    ),
    with_custom_keys(
        taken("serverless-iam-roles-per-function", "`iamRoleStatements` of a function gives it a role of its own"),
        &[Key { name: "serverless-iam-roles-per-function", schema: own_role::plugin_schema }],
    ),
    with_custom_keys(
        taken(
            after::TERMINATION_PROTECTION,
            "stacks are protected against deletion, from `custom.serverlessTerminationProtection`",
        ),
        after::TERMINATION_PROTECTION_KEYS,
    ),
    without(
        with_custom_keys(
            taken(
                webpack::BUNDLE,
                "Node.js functions are bundled, with esbuild instead of webpack, from `custom.bundle`",
            ),
            &[Key { name: "bundle", schema: webpack::bundle_schema }],
        ),
        webpack::BUNDLE_UNREAD,
    ),
    with_custom_keys(
        with_function_keys(
            taken(webpack::ESBUILD, "Node.js functions are bundled, from `custom.esbuild`"),
            &[
                any!("skipEsbuild", "`true`: it is not bundled."),
                any!("esbuildEntrypoint", "The file that is bundled, where it is not the handler's."),
            ],
        ),
        &[Key { name: "esbuild", schema: bundle::schema }],
    ),
    with_custom_keys(
        taken(
            "serverless-plugin-typescript",
            "TypeScript functions are bundled with esbuild, from `custom.serverlessPluginTypescript`",
        ),
        &[Key { name: "serverlessPluginTypescript", schema: bundle::typescript_schema }],
    ),
    with_custom_keys(
        taken(
            deployment_bucket::NAME,
            "the deployment bucket is made where it is missing, with the settings of `custom.deploymentBucket`",
        ),
        &[Key { name: "deploymentBucket", schema: deployment_bucket::schema }],
    ),
    with_custom_keys(
        with_function_keys(
            taken("serverless-wsgi", "WSGI apps get their handler, from `custom.wsgi`"),
            &[Key { name: "wsgi", schema: wsgi::function_schema }],
        ),
        &[Key { name: "wsgi", schema: wsgi::custom_schema }],
    ),
    with_custom_keys(
        taken(pseudo_parameters::PLUGIN, "`#{AWS::AccountId}` and the like are replaced"),
        &[Key { name: "pseudoParameters", schema: pseudo_parameters::schema }],
    ),
    with_custom_keys(
        with_function_keys(
            taken("serverless-rust", "Rust functions are built with cargo, from `custom.rust`"),
            &[Key { name: "rust", schema: cargo::schema }],
        ),
        &[Key { name: "rust", schema: cargo::schema }],
    ),
    with_custom_keys(
        with_function_keys(
            taken("serverless-go-plugin", "Go functions are built to a static `bootstrap`, from `custom.go`"),
            &[Key { name: "go", schema: go::schema }],
        ),
        &[Key { name: "go", schema: go::schema }],
    ),
    needless("serverless-localstack", "`--local` and `stages.<name>.endpoint` deploy to an emulator"),
    with_custom_keys(
        taken(
            domain_manager::NAME,
            "custom domains are mapped to APIs, from `custom.customDomain`; `rlx domain` makes and deletes them",
        ),
        &[
            Key { name: "customDomain", schema: domain_manager::domain_schema },
            Key { name: "customDomains", schema: domain_manager::domains_schema },
        ],
    ),
    without(needless("serverless-dynamodb-local", "`--local` deploys to an emulator that has DynamoDB"), SEEDS),
    without(needless("serverless-dynamodb", "`--local` deploys to an emulator that has DynamoDB"), SEEDS),
    with_top_level_keys(
        taken(step_functions::NAME, "state machines and what starts them are made, from `stepFunctions`"),
        &[Key { name: "stepFunctions", schema: step_functions::schema }],
    ),
    with_custom_keys(
        taken(scripts::SCRIPTS, "commands run at moments of packages, deploys and removals, from `custom.scripts`"),
        &[Key { name: "scripts", schema: scripts::scripts_schema }],
    ),
    with_custom_keys(
        taken(
            scripts::SCRIPTABLE,
            "commands run at moments of packages, deploys and removals, from `custom.scriptable`",
        ),
        &[Key { name: "scriptable", schema: scripts::scriptable_schema }],
    ),
    without(
        with_custom_keys(
            taken(sync::NAME, "folders are copied into buckets after a deploy, from `custom.s3Sync`"),
            &[Key { name: "s3Sync", schema: sync::schema }],
        ),
        sync::UNREAD,
    ),
    with_custom_keys(
        with_function_keys(
            taken(warmup::NAME, "functions call others to keep them warm, from `custom.warmup`"),
            &[Key { name: "warmup", schema: warmup::function_schema }],
        ),
        &[Key { name: "warmup", schema: warmup::custom_schema }],
    ),
    with_custom_keys(
        taken("serverless-plugin-log-retention", "logs are kept as long as `custom.logRetentionInDays` says"),
        &[any!("logRetentionInDays", "Days that logs are kept, where no function says otherwise.")],
    ),
    needless("serverless-plugin-include-dependencies", "only files that are needed come into the archive"),
    needless("serverless-plugin-tracing", "`provider.tracing` and `tracing` of a function do this"),
    needless("serverless-plugin-split-stacks", "a template over 500 resources is said so before upload"),
    with_custom_keys(
        taken("serverless-apigw-binary", "the REST API has the binary media types of `custom.apigwBinary`"),
        &[Key { name: "apigwBinary", schema: || object([("types", list(text()))]) }],
    ),
    missing("serverless-api-gateway-throttling", "set limits per route, from `custom.apiGatewayThrottling`"),
    missing("serverless-api-gateway-caching", "cache responses, from `custom.apiGatewayCaching`"),
    missing("serverless-associate-waf", "put a web ACL before the API, from `custom.associateWaf`"),
    missing("serverless-plugin-aws-alerts", "make CloudWatch alarms, from `custom.alerts`"),
    with_function_keys(
        missing("serverless-plugin-canary-deployments", "shift traffic gradually, from `deploymentSettings`"),
        &[any!("deploymentSettings", "Not read.")],
    ),
    missing("serverless-appsync-plugin", "make GraphQL APIs, from `appSync`"),
    missing("serverless-finch", "publish a website from a bucket, from `custom.client`"),
    missing("serverless-export-env", "write environment variables to a file, from `custom.export-env`"),
    missing("serverless-aws-documentation", "document the API, from `custom.documentation`"),
    missing("serverless-openapi-documentation", "document the API, from `custom.documentation`"),
    missing("serverless-plugin-datadog", "add Datadog's layers, from `custom.datadog`"),
    missing("serverless-plugin-lambda-insights", "turn on Lambda Insights, from `custom.lambdaInsights`"),
];
