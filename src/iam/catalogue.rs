//! IAM facts: which actions exist and on what, what CloudFormation's resource handlers call,
//! and which action an API operation needs.
//!
//! `facts/generated` comes from the packages that `facts/generated/source.tsv` names
//! (`cargo run -p xtask --release -- generate iam`); `facts/reviewed` is written by hand.

use super::table::{Row, Table};

const ACTIONS: Table = Table(include_str!("facts/generated/actions.tsv"));
const CONDITION_SETS: Table = Table(include_str!("facts/generated/condition_sets.tsv"));
const CONDITION_KEYS: Table = Table(include_str!("facts/generated/condition_keys.tsv"));
const RESOURCE_TYPES: Table = Table(include_str!("facts/generated/resource_types.tsv"));
const SERVICES: Table = Table(include_str!("facts/generated/services.tsv"));
const HANDLERS: Table = Table(include_str!("facts/generated/handlers.tsv"));
const SOURCES: Table = Table(include_str!("facts/generated/source.tsv"));
const SERVICE_NAMES: Table = Table(include_str!("facts/reviewed/service_names.tsv"));
/// In the form of [`HANDLERS`]: types that the schemas have without handlers.
const REVIEWED_HANDLERS: Table = Table(include_str!("facts/reviewed/handlers.tsv"));
const OPERATIONS: Table = Table(include_str!("facts/reviewed/operations.tsv"));

/// What kind of access an action gives (AWS "Service Authorization Reference").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLevel {
    List,
    Read,
    Write,
    Tagging,
    Permissions,
}

/// An IAM action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action(Row);

impl Action {
    /// The canonical spelling, such as `s3:GetObject`.
    pub fn name(self) -> &'static str {
        self.0.key
    }

    /// The prefix, such as `s3`.
    pub fn prefix(self) -> &'static str {
        self.0.key.split(':').next().unwrap_or_default()
    }

    /// Its access level.
    pub fn level(self) -> AccessLevel {
        match self.0.column(0) {
            "L" => AccessLevel::List,
            "R" => AccessLevel::Read,
            "T" => AccessLevel::Tagging,
            "P" => AccessLevel::Permissions,
            _ => AccessLevel::Write,
        }
    }

    /// The resource types that it works on; none where only `Resource: "*"` grants it.
    pub fn resource_types(self) -> impl Iterator<Item = ResourceType> {
        let prefix = self.prefix();
        self.0.list(1).filter_map(move |name| {
            let row = RESOURCE_TYPES.find(&format!("{prefix}:{}", name.trim_end_matches('*')))?;
            Some(ResourceType { row, required: name.ends_with('*') })
        })
    }

    /// Whether a statement must say `Resource: "*"` to grant it.
    pub fn wants_any_resource(self) -> bool {
        self.0.column(1).is_empty()
    }

    /// The condition keys that a statement for it may use, besides the global ones.
    pub fn condition_keys(self) -> impl Iterator<Item = &'static str> {
        CONDITION_SETS.find(self.0.column(2)).into_iter().flat_map(|row| row.list(0))
    }

    /// Actions that a caller of this one needs too.
    pub fn dependent_actions(self) -> impl Iterator<Item = &'static str> {
        self.0.list(3)
    }
}

/// A type of resource as IAM sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceType {
    row: Row,
    /// Whether an action on it must always name it.
    pub required: bool,
}

impl ResourceType {
    /// Its name within the service, such as `function`.
    pub fn name(self) -> &'static str {
        self.row.key.split_once(':').map_or(self.row.key, |(_, name)| name)
    }

    /// Its ARNs with placeholders: `arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}`; some types
    /// have two.
    pub fn arns(self) -> impl Iterator<Item = &'static str> {
        self.row.column(0).split(", ")
    }
}

/// What the CloudFormation handlers of a resource type call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handlers(Row);

/// An operation of a CloudFormation resource handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    Create = 0,
    Read = 1,
    Update = 2,
    Delete = 3,
    List = 4,
}

impl Handlers {
    /// The resource type, such as `AWS::Lambda::Function`.
    pub fn resource_type(self) -> &'static str {
        self.0.key
    }

    /// The properties that identify a resource, such as `FunctionName`.
    pub fn identifiers(self) -> impl Iterator<Item = &'static str> {
        self.0.list(0)
    }

    /// The property that holds tags, if the type can be tagged.
    pub fn tag_property(self) -> Option<&'static str> {
        Some(self.0.column(1)).filter(|property| !property.is_empty())
    }

    /// The actions that an operation's handler may call, whatever the resource's properties.
    pub fn actions(self, operation: Operation) -> impl Iterator<Item = String> {
        let groups = self.0.column(2 + operation as usize).split(' ');
        groups
            .filter_map(|group| group.split_once(':'))
            .flat_map(|(prefix, names)| names.split(',').map(move |name| format!("{prefix}:{name}")))
    }
}

/// The action of a name such as `s3:GetObject`, whatever its letter case.
pub fn action(name: &str) -> Option<Action> {
    ACTIONS.find(name).filter(|row| row.key.contains(':')).map(Action)
}

/// All actions of an IAM prefix such as `s3`.
pub fn actions_of(prefix: &str) -> Vec<Action> {
    ACTIONS.with_prefix(&format!("{prefix}:")).map(Action).collect()
}

/// All actions that a pattern such as `s3:Get*` means.
pub fn actions_like(pattern: &str) -> Vec<Action> {
    let fixed = &pattern[..pattern.find(['*', '?']).unwrap_or(pattern.len())];
    ACTIONS
        .with_prefix(fixed)
        .filter(|row| super::wildcard::matches_ignoring_case(pattern, row.key))
        .map(Action)
        .collect()
}

/// The type of a condition key (`String`, `ArrayOfString`, `ARN`, `Bool`, ...) that a service defines.
pub fn condition_key_type(key: &str) -> Option<&'static str> {
    CONDITION_KEYS.find(key).map(|row| row.column(0))
}

/// The IAM prefix of a service, however it is named: an SDK's name (`CloudWatch Logs`, `AmazonS3`,
/// `SFN`), a client's (`stepfunctions`), an endpoint (`lambda.amazonaws.com`) or the prefix itself.
pub fn prefix_of_service(name: &str) -> Option<&'static str> {
    let host = name.trim().to_ascii_lowercase();
    let first = host.strip_suffix(".amazonaws.com").and_then(|h| h.split('.').next()).unwrap_or(&host);
    let plain: String = first.chars().filter(char::is_ascii_alphanumeric).collect();
    let known = |name: &str| {
        let found = SERVICE_NAMES.find(name).or_else(|| SERVICES.find(name));
        found.map(|row| row.column(0))
    };
    known(&plain).or_else(|| {
        let short = plain.strip_prefix("amazon").or_else(|| plain.strip_prefix("aws")).unwrap_or(&plain);
        let shorter = short.strip_suffix("internal").unwrap_or(short);
        known(short).or_else(|| known(shorter)).or_else(|| known(shorter.strip_suffix("v2")?))
    })
}

/// The actions that an API operation needs, the most telling one first: `s3`, `ListObjectsV2` → `s3:ListBucket`.
/// None where neither the service nor an action of that name is known.
pub fn actions_of_operation(service: &str, operation: &str) -> Vec<&'static str> {
    let Some(prefix) = prefix_of_service(service) else { return Vec::new() };
    let name = format!("{prefix}:{operation}");
    if let Some(row) = OPERATIONS.find(&name) {
        return row.list(0).collect();
    }
    if let Some(action) = action(&name) {
        return vec![action.name()];
    }
    // API Gateway's management API is authorised by HTTP method ("How Amazon API Gateway works with IAM").
    let verb = (prefix == "apigateway").then(|| api_gateway_verb(operation)).flatten();
    verb.and_then(|verb| action(&format!("apigateway:{verb}"))).map(Action::name).into_iter().collect()
}

fn api_gateway_verb(operation: &str) -> Option<&'static str> {
    const VERBS: [(&str, &str); 13] = [
        ("Get", "GET"),
        ("Create", "POST"),
        ("Generate", "POST"),
        ("ImportApi", "PUT"),
        ("Import", "POST"),
        ("Test", "POST"),
        ("Update", "PATCH"),
        ("Delete", "DELETE"),
        ("Flush", "DELETE"),
        ("Reset", "DELETE"),
        ("Put", "PUT"),
        ("Reimport", "PUT"),
        ("Export", "GET"),
    ];
    match operation {
        "TagResource" => Some("PUT"),
        "UntagResource" => Some("DELETE"),
        _ => VERBS.iter().find(|(start, _)| operation.starts_with(start)).map(|(_, verb)| *verb),
    }
}

/// What the handlers of a CloudFormation resource type call; none where it is neither in the schemas nor reviewed.
pub fn handlers(resource_type: &str) -> Option<Handlers> {
    HANDLERS.find(resource_type).or_else(|| REVIEWED_HANDLERS.find(resource_type)).map(Handlers)
}

/// All resource types with handlers.
pub fn all_handlers() -> impl Iterator<Item = Handlers> {
    HANDLERS.rows().chain(REVIEWED_HANDLERS.rows()).map(Handlers)
}

/// Package with version, and date, of a source of the facts: `iam-data` or `cfn-lint`.
pub fn source(name: &str) -> Option<(&'static str, &'static str)> {
    SOURCES.find(name).map(|row| (row.column(0), row.column(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tables_are_sorted_for_the_search() {
        for table in [
            ACTIONS,
            CONDITION_SETS,
            CONDITION_KEYS,
            RESOURCE_TYPES,
            SERVICES,
            HANDLERS,
            REVIEWED_HANDLERS,
            SOURCES,
            SERVICE_NAMES,
            OPERATIONS,
        ] {
            let mut last = String::new();
            for row in table.rows() {
                let key = row.key.to_ascii_lowercase();
                assert!(last < key, "{key} stands after {last}");
                last = key;
            }
            assert!(!last.is_empty());
        }
    }

    #[test]
    fn an_action_is_found_in_its_canonical_spelling() {
        let found = action("LAMBDA:invokefunction").unwrap();
        assert_eq!(found.name(), "lambda:InvokeFunction");
        assert_eq!(found.level(), AccessLevel::Write);
        assert_eq!(action("lambda:Invoke"), None);
        assert_eq!(action("lambda"), None);
    }

    #[test]
    fn an_action_knows_its_resources_and_conditions() {
        let put = action("s3:PutObject").unwrap();
        assert!(put.resource_types().any(|t| t.arns().eq(["arn:${Partition}:s3:::${BucketName}/${ObjectName}"])));
        let pass = action("iam:PassRole").unwrap();
        assert!(pass.condition_keys().any(|k| k == "iam:PassedToService"));
        assert!(action("sts:GetCallerIdentity").unwrap().wants_any_resource());
    }

    #[test]
    fn the_actions_of_a_service_are_its_own_only() {
        let sqs = actions_of("sqs");
        assert!(sqs.len() > 15 && sqs.iter().all(|a| a.prefix() == "sqs"));
        assert!(actions_of("nothing").is_empty());
    }

    #[test]
    fn services_are_known_by_the_names_that_messages_use() {
        for (name, prefix) in [
            ("lambda", "lambda"),
            ("AWSLambda", "lambda"),
            ("AmazonS3", "s3"),
            ("CloudWatch Logs", "logs"),
            ("AmazonIdentityManagement", "iam"),
            ("AWSSecurityTokenService", "sts"),
            ("AmazonCloudFormation", "cloudformation"),
            ("SFN", "states"),
            ("EventBridge", "events"),
            ("Elastic Load Balancing v2", "elasticloadbalancing"),
            ("ApiGatewayV2", "apigateway"),
            ("application-autoscaling", "application-autoscaling"),
            ("Application Auto Scaling", "application-autoscaling"),
            ("AWSLambdaInternal", "lambda"),
            ("DynamoDb", "dynamodb"),
            ("AmazonDynamoDBv2", "dynamodb"),
            ("CognitoIdentityProvider", "cognito-idp"),
            ("monitoring.eu-west-1.amazonaws.com", "cloudwatch"),
        ] {
            assert_eq!(prefix_of_service(name), Some(prefix), "{name}");
        }
        assert_eq!(prefix_of_service("Acme"), None);
    }

    #[test]
    fn operations_lead_to_the_actions_that_they_need() {
        for (service, operation, action) in [
            ("s3", "ListObjectsV2", "s3:ListBucket"),
            ("S3", "HeadObject", "s3:GetObject"),
            ("lambda", "Invoke", "lambda:InvokeFunction"),
            ("lambda", "CreateFunction", "lambda:CreateFunction"),
            ("apigateway", "CreateRestApi", "apigateway:POST"),
            ("ApiGatewayV2", "GetApis", "apigateway:GET"),
            ("SQS", "SendMessageBatch", "sqs:SendMessage"),
            ("CloudWatch", "PutMetricData", "cloudwatch:PutMetricData"),
        ] {
            assert_eq!(actions_of_operation(service, operation).first(), Some(&action), "{service} {operation}");
        }
        assert!(actions_of_operation("s3", "DoNothing").is_empty());
    }

    #[test]
    fn reviewed_operations_lead_to_actions_that_exist() {
        for row in OPERATIONS.rows() {
            for name in row.list(0) {
                assert_eq!(action(name).map(Action::name), Some(name));
            }
            assert_eq!(action(row.key), None, "{} needs no row", row.key);
        }
    }

    #[test]
    fn reviewed_handlers_call_actions_that_exist_and_are_of_types_without_others() {
        for row in REVIEWED_HANDLERS.rows() {
            assert_eq!(HANDLERS.find(row.key), None);
            let operations = [Operation::Create, Operation::Read, Operation::Update, Operation::Delete];
            for name in operations.into_iter().flat_map(|operation| Handlers(row).actions(operation)) {
                assert_eq!(action(&name).map(Action::name), Some(name.as_str()), "{}", row.key);
            }
        }
    }

    #[test]
    fn reviewed_service_names_lead_to_prefixes_that_exist() {
        for row in SERVICE_NAMES.rows() {
            assert!(!actions_of(row.column(0)).is_empty(), "{} → {}", row.key, row.column(0));
        }
    }

    #[test]
    fn handlers_list_the_actions_of_an_operation() {
        let function = handlers("AWS::Lambda::Function").unwrap();
        assert!(function.actions(Operation::Create).any(|a| a == "lambda:CreateFunction"));
        assert!(function.actions(Operation::Delete).all(|a| a != "lambda:CreateFunction"));
        assert_eq!(function.identifiers().collect::<Vec<_>>(), ["FunctionName"]);
        assert_eq!(function.tag_property(), Some("Tags"));
    }

    #[test]
    fn almost_all_actions_of_handlers_are_known() {
        let all: Vec<String> = all_handlers().flat_map(|h| h.actions(Operation::Create)).collect();
        let unknown = all.iter().filter(|a| !a.contains('*') && action(a).is_none()).count();
        assert!(all.len() > 10_000 && unknown * 50 < all.len(), "{unknown} of {}", all.len());
    }
}
