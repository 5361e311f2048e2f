//! Settings that manifests of earlier versions of the framework have, and what became of them.

/// Where a setting stood, its name, and what to do. `*` stands for one name.
/// Source: <https://www.serverless.com/framework/docs/guides/upgrading-v3> and its predecessor for version 2.
const MOVED: &[(&str, &str, &str)] = &[
    ("provider", "apiKeys", "version 3 has it as `provider.apiGateway.apiKeys`"),
    ("provider", "usagePlan", "version 3 has it as `provider.apiGateway.usagePlan`"),
    ("provider", "resourcePolicy", "version 3 has it as `provider.apiGateway.resourcePolicy`"),
    ("provider", "variableSyntax", "version 3 has one syntax of variables, `${source:address}`; remove it"),
    ("provider", "cfLogs", "functions always have log groups; remove it"),
    ("provider.httpApi", "timeout", "the API takes the function's `timeout`; remove it"),
    ("functions.*", "awsKmsKeyArn", "version 3 has it as `kmsKeyArn`"),
    ("functions.*.events.*.http.request", "schema", "version 3 has it as `schemas`"),
    ("", "awsKmsKeyArn", "version 3 has it as `provider.kmsKeyArn`"),
    ("", "defaults", "version 1 has `stage` and `region` in `provider`"),
    (
        "",
        "component",
        "rlx runs no Serverless Components: it is for services on AWS Lambda with `provider` and `functions`",
    ),
    (
        "",
        "inputs",
        "rlx runs no Serverless Components: it is for services on AWS Lambda with `provider` and `functions`",
    ),
];

/// What became of a setting that stands at `path`, as in `functions.hello.events[0].http`.
pub fn advice(path: &str, key: &str) -> Option<&'static str> {
    let steps = steps(path);
    let stood = |at: &str| {
        let at = self::steps(at);
        at.len() == steps.len() && at.iter().zip(&steps).all(|(at, step)| *at == "*" || at == step)
    };
    MOVED.iter().find(|(at, name, _)| *name == key && stood(at)).map(|(.., advice)| *advice)
}

fn steps(path: &str) -> Vec<&str> {
    path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_is_known_by_its_place() {
        assert!(advice("provider", "apiKeys").is_some_and(|text| text.contains("provider.apiGateway.apiKeys")));
        assert!(advice("functions.hello.events[0].http.request", "schema").is_some());
        assert!(advice("", "defaults").is_some());
        assert_eq!(advice("functions.hello", "apiKeys"), None);
        assert_eq!(advice("provider", "enviroment"), None);
    }
}
