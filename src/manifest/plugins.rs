//! Plugins of the Serverless Framework: what rlx does in their place.

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
    with_function_keys(taken("serverless-webpack", "Node.js functions are bundled with esbuild"), &["entrypoint"]),
    taken("serverless-dotenv-plugin", "`.env` files are read, from `custom.dotenv`"),
    taken("serverless-prune-plugin", "old versions are removed after a deploy, from `custom.prune`"),
    taken("serverless-iam-roles-per-function", "`iamRoleStatements` of a function gives it a role of its own"),
    taken(
        "serverless-stack-termination-protection",
        "stacks are protected from removal, from `custom.serverlessTerminationProtection`",
    ),
    taken("serverless-bundle", "Node.js functions are bundled with esbuild"),
    with_function_keys(
        taken("serverless-esbuild", "Node.js functions are bundled, from `custom.esbuild`"),
        &["skipEsbuild", "esbuildEntrypoint"],
    ),
    taken("serverless-plugin-typescript", "TypeScript functions are bundled with esbuild"),
    taken("serverless-deployment-bucket", "the deployment bucket is made before the stack where it is missing"),
    with_function_keys(taken("serverless-wsgi", "WSGI apps get their handler, from `custom.wsgi`"), &["wsgi"]),
    needless("serverless-pseudo-parameters", "`#{AWS::AccountId}` is what `Fn::Sub` and `${aws:accountId}` do"),
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
    missing("serverless-plugin-log-retention", "set how long logs are kept, from `custom.logRetentionInDays`"),
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
