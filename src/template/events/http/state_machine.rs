//! `http` events of state machines (serverless-step-functions, `lib/deploy/events/apiGateway`): methods of the same
//! REST API that call Step Functions.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-lambda.html>

use super::Api;
use super::authorizer::{self, Authorizer};
use super::request::{self, Request};
use super::resources::{Resources, trim};
use super::route::Route;
use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::naming::{api_gateway, step_functions as naming};
use crate::template::plugins::step_functions::{HttpEvent, http_events};
use crate::template::value::{entries, get, get_att, get_str, join, reference, truthy, typed};
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE", "ANY"];
const HEADERS: [&str; 6] =
    ["Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token", "X-Amz-User-Agent"];
/// What `ANY` stands for in `Access-Control-Allow-Methods`.
const ANY: &str = "DELETE,GET,HEAD,PATCH,POST,PUT";
const ORIGIN: &str = "method.response.header.Access-Control-Allow-Origin";

/// A method that starts a state machine.
pub(super) struct Start<'a> {
    machine: String,
    raw: &'a Value,
    place: String,
    path: String,
    /// In capitals.
    method: String,
    authorizer: Option<Authorizer<'a>>,
    cors: Option<Cors>,
}

/// `cors` of one event.
#[derive(Debug, Clone)]
struct Cors {
    origin: String,
    origins: Vec<String>,
    methods: Vec<String>,
    headers: Vec<String>,
    allow_credentials: bool,
    max_age: Option<Value>,
}

impl<'a> Start<'a> {
    /// Its path and where it stands.
    pub fn place(&self) -> (&str, &str) {
        (&self.path, &self.place)
    }

    /// Its authorizer and where it stands.
    pub fn authorizer(&self) -> Option<(&Authorizer<'a>, &str)> {
        Some((self.authorizer.as_ref()?, &self.place))
    }
}

/// Reads all of them; what is wrong becomes a problem, also a method that a function has already.
pub(super) fn read<'a>(it: &mut Compilation<'a>, routes: &[Route<'_>]) -> Vec<Start<'a>> {
    let service = it.service;
    let mut starts: Vec<Start<'a>> = Vec::new();
    for event in http_events(service) {
        let Some(start) = read_one(it, event) else { continue };
        let same = |path: &str, method: &str| (path, method) == (start.path.as_str(), start.method.as_str());
        let twin = routes.iter().find(|route| same(&route.path, &route.method)).map(|route| &route.place);
        let twin = twin.or_else(|| starts.iter().find(|other| same(&other.path, &other.method)).map(|o| &o.place));
        if let Some(twin) = twin {
            let message = format!("`{} /{}` is routed twice: here and at `{twin}`", start.method, start.path);
            it.problems
                .push(Problem::at(&start.place, message).help("remove one of them, or change its path or method"));
            continue;
        }
        starts.push(start);
    }
    starts
}

fn read_one<'a>(it: &mut Compilation<'a>, event: HttpEvent<'a>) -> Option<Start<'a>> {
    let HttpEvent { machine, value: raw, path: place } = event;
    let short = raw.as_str().and_then(|text| text.split_once(' '));
    let (method, path) = match short {
        Some((method, path)) => (Some(method), Some(path)),
        None => (raw.get("method").and_then(Value::as_str), raw.get("path").and_then(Value::as_str)),
    };
    let (Some(method), Some(path)) = (method.map(str::to_uppercase), path) else {
        it.problems.push(
            Problem::at(place, "this `http` event needs a method and a path")
                .help("write `http: POST /start`, or `http:` with `method` and `path`"),
        );
        return None;
    };
    if !METHODS.contains(&method.as_str()) {
        let problem = Problem::at(place, format!("`{method}` is not a method of API Gateway"));
        it.problems.push(problem.help(format!("there are {}", METHODS.join(", "))));
        return None;
    }
    let authorizer = Authorizer::read(raw.get("authorizer"), false, &place, it);
    let cors = raw.get("cors").filter(|cors| truthy(cors)).map(|cors| read_cors(cors, &method));
    let both = raw.pointer("/cors/origin").and(raw.pointer("/cors/origins"));
    if both.is_some() {
        it.problems.push(
            Problem::at(format!("{place}.cors"), "`cors` has both `origin` and `origins`").help("keep one of them"),
        );
    }
    Some(Start { machine, raw, path: trim(path).to_owned(), method, authorizer, cors, place })
}

fn read_cors(cors: &Value, method: &str) -> Cors {
    let list = |key: &str| -> Option<Vec<String>> {
        Some(cors.get(key)?.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let mut methods = list("methods").unwrap_or_default();
    for own in ["OPTIONS", method] {
        if !methods.iter().any(|m| m == own) {
            methods.push(own.to_owned());
        }
    }
    let default_origins = if cors.is_object() { Vec::new() } else { vec!["*".to_owned()] };
    Cors {
        origin: get_str(cors, "origin").unwrap_or("*").to_owned(),
        origins: list("origins").unwrap_or(default_origins),
        methods,
        headers: list("headers").unwrap_or_else(|| HEADERS.map(str::to_owned).to_vec()),
        allow_credentials: cors.get("allowCredentials").is_some_and(truthy),
        max_age: cors.get("maxAge").cloned(),
    }
}

impl Cors {
    fn allowed_origin(&self) -> String {
        let origin = if self.origins.is_empty() { self.origin.clone() } else { self.origins.join(",") };
        format!("'{origin}'")
    }

    fn join(&mut self, later: &Self) {
        let union = |later: &[String], earlier: &[String]| {
            later.iter().chain(earlier).cloned().collect::<IndexSet<_>>().into_iter().collect::<Vec<_>>()
        };
        self.headers = union(&later.headers, &self.headers);
        self.methods = union(&later.methods, &self.methods);
        self.origins = union(&later.origins, &self.origins);
        self.origin.clone_from(&later.origin);
        self.allow_credentials |= later.allow_credentials;
        if later.max_age.is_some() {
            self.max_age.clone_from(&later.max_age);
        }
    }
}

/// Adds methods, preflight methods, request models and the role; gives the logical ids of the methods.
pub(super) fn compile(it: &mut Compilation<'_>, starts: &[Start<'_>], resources: &Resources, api: &Api) -> Vec<String> {
    let mut logical_ids = Vec::new();
    let mut preflights: IndexMap<&str, (Cors, &str)> = IndexMap::new();
    for start in starts {
        let logical_id = api_gateway::method(&Resources::name(&start.path), &start.method);
        it.add_resource(&logical_id, method(start, resources, api), &start.place);
        logical_ids.push(logical_id);
        let schemas = start.raw.pointer("/request/schemas").and_then(|schemas| typed::<IndexMap<_, _>>(schemas).ok());
        let request = Request { schemas: schemas.unwrap_or_default(), ..Request::default() };
        request::validate(it, &request, (&start.path, &start.method, &start.place), api);
        if let Some(authorizer) = &start.authorizer {
            authorizer::permit(it, authorizer, &start.place, api);
        }
        match (&start.cors, preflights.get_mut(start.path.as_str())) {
            (Some(cors), Some((joined, _))) => joined.join(cors),
            (Some(cors), None) => {
                preflights.insert(&start.path, (cors.clone(), &start.place));
            }
            (None, _) => {}
        }
    }
    for (path, (cors, place)) in preflights {
        let logical_id = api_gateway::method(&Resources::name(path), "options");
        // A function's own preflight method of the path stays.
        if it.template.resource(&logical_id).is_none() {
            it.add_resource(&logical_id, preflight(&cors, resources.id(path), api), &format!("{place}.cors"));
        }
    }
    if starts.iter().any(|start| start.raw.get("iamRole").is_none()) {
        let role = role(it, starts);
        it.set_resource(naming::API_ROLE, role, "stepFunctions");
    }
    logical_ids
}

fn method(start: &Start<'_>, resources: &Resources, api: &Api) -> Value {
    let raw = start.raw;
    let headers = raw.pointer("/response/headers").and_then(Value::as_object);
    let parameters: Map<String, Value> = headers
        .into_iter()
        .flatten()
        .map(|(name, value)| (format!("method.response.header.{name}"), value.clone()))
        .collect();
    let mut answers = [(200, parameters), (400, Map::new())];
    if let Some(cors) = &start.cors {
        for (_, parameters) in &mut answers {
            parameters.insert(ORIGIN.to_owned(), json!(cors.allowed_origin()));
        }
    }
    let responses = answers
        .iter()
        .map(|(status, parameters)| {
            json!({ "ResponseParameters": parameters, "ResponseModels": {}, "StatusCode": status })
        })
        .collect::<Vec<_>>();
    let mut properties = Map::from_iter([
        ("HttpMethod".to_owned(), json!(start.method)),
        ("RequestParameters".to_owned(), json!({})),
        ("ApiKeyRequired".to_owned(), json!(raw.get("private").is_some_and(truthy))),
        ("ResourceId".to_owned(), resources.id(&start.path)),
        ("RestApiId".to_owned(), api.id.clone()),
        ("AuthorizationType".to_owned(), json!("NONE")),
        ("Integration".to_owned(), integration(start, api)),
        ("MethodResponses".to_owned(), json!(responses)),
    ]);
    let mut resource = json!({ "Type": "AWS::ApiGateway::Method" });
    if let Some(authorizer) = &start.authorizer {
        authorizer.set_on(&mut properties);
        if let Some(logical_id) = authorizer.logical_id() {
            resource["DependsOn"] = json!(logical_id);
        }
    }
    resource["Properties"] = Value::Object(properties);
    resource
}

fn integration(start: &Start<'_>, api: &Api) -> Value {
    let raw = start.raw;
    let action = get_str(raw, "action");
    let mut integration = json!({
        "IntegrationHttpMethod": "POST",
        "Type": "AWS",
        "Credentials": raw.get("iamRole").cloned().unwrap_or_else(|| get_att(naming::API_ROLE, "Arn")),
        "Uri": join("", [
            json!("arn:"),
            reference("AWS::Partition"),
            json!(":apigateway:"),
            reference("AWS::Region"),
            json!(format!(":states:action/{}", action.unwrap_or("StartExecution"))),
        ]),
        "PassthroughBehavior": if action.is_some() { "WHEN_NO_TEMPLATES" } else { "NEVER" },
        "RequestTemplates": request_templates(start),
        "IntegrationResponses": integration_responses(start),
    });
    let timeout = get(raw, "timeoutInMillis").or(api.config.timeout_in_millis.as_ref().filter(|t| truthy(t)));
    if let Some(timeout) = timeout {
        integration["TimeoutInMillis"] = timeout.clone();
    }
    integration
}

fn integration_responses(start: &Start<'_>) -> Vec<Value> {
    let raw = start.raw;
    let parameters = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut responses: Vec<(Value, Value, Map<String, Value>, Value)> = match raw.get("responses") {
        Some(responses) => entries(responses.as_object().into_iter().flatten())
            .into_iter()
            .map(|(key, value)| {
                let status = value.get("statusCode").cloned().unwrap_or_else(|| json!(key.parse::<u64>().unwrap_or(0)));
                let pattern = value.get("selectionPattern").cloned().unwrap_or_else(|| json!(key));
                let templates = value.get("responseTemplates").cloned().unwrap_or_else(|| json!({}));
                (status, pattern, parameters(&value["responseParameters"]), templates)
            })
            .collect(),
        None => {
            let headers = parameters(raw.pointer("/response/headers").unwrap_or(&Value::Null));
            let headers = headers.into_iter().map(|(name, value)| (format!("method.response.header.{name}"), value));
            let template = raw.pointer("/response/template").cloned().unwrap_or_else(|| json!({}));
            vec![
                (json!(200), json!(""), headers.collect(), template),
                (json!(400), json!("400"), Map::new(), json!({})),
            ]
        }
    };
    if let Some(cors) = &start.cors {
        for (_, _, parameters, _) in &mut responses {
            parameters.insert(ORIGIN.to_owned(), json!(cors.allowed_origin()));
        }
    }
    let made = responses.into_iter().map(|(status, pattern, parameters, templates)| {
        json!({
            "StatusCode": status,
            "SelectionPattern": pattern,
            "ResponseParameters": parameters,
            "ResponseTemplates": templates,
        })
    });
    made.collect()
}

fn request_templates(start: &Start<'_>) -> Value {
    let with = |json_text: String, form_text: String| {
        let variables = json!({ "StateMachineArn": reference(&start.machine) });
        let sub = |text: String| match text.contains("${AccountId}") {
            true => {
                let mut variables = variables.clone();
                variables["AccountId"] = reference("AWS::AccountId");
                json!({ "Fn::Sub": [text, variables] })
            }
            false => json!({ "Fn::Sub": [text, variables] }),
        };
        json!({ "application/json": sub(json_text), "application/x-www-form-urlencoded": sub(form_text) })
    };
    let default = || with(BODY_AS_INPUT.to_owned(), BODY_AS_INPUT.to_owned());
    match start.raw.pointer("/request/template") {
        Some(Value::String(name)) if name == "lambda_proxy" => {
            with(format!("{JSON_BODY}{REQUEST_AS_INPUT}"), format!("{FORM_BODY}{REQUEST_AS_INPUT}"))
        }
        Some(Value::Object(own)) => {
            let mut templates = default();
            if let Value::Object(templates) = &mut templates {
                templates.extend(own.clone());
            }
            templates
        }
        _ if start.raw.get("action").is_some() => json!({}),
        _ => default(),
    }
}

/// The body is the input of the execution.
const BODY_AS_INPUT: &str = r##"
#set( $body = $util.escapeJavaScript($input.json('$')).replaceAll("\\'", "'") )
{"input": "$body", "name": "$context.requestId", "stateMachineArn":"${StateMachineArn}"}"##;

/// A body of JSON, for [`REQUEST_AS_INPUT`].
const JSON_BODY: &str = "#set( $body = $input.body )\n";

/// A body of a form as JSON, for [`REQUEST_AS_INPUT`].
const FORM_BODY: &str = r##"#define( $body )
{#foreach( $pair in $input.path('$').split('&') )#set( $parts = $pair.split('=') )#if( $parts.size() > 0 )
"$util.escapeJavaScript($util.urlDecode($parts[0]))": "#if( $parts.size() > 1 )$util.escapeJavaScript($util.urlDecode($parts[1])).replaceAll("\\'","'")#end"#if($foreach.hasNext),#end
#end#end}
#end
"##;

/// The whole request is the input, in the form that functions get from a proxy integration.
const REQUEST_AS_INPUT: &str = r##"#define( $object )
{#foreach($key in $map.keySet())#set( $value = $util.escapeJavaScript($map.get($key)).replaceAll("\\'", "'") )
"$util.escapeJavaScript($key)": #if( "$value" == "" )null#else"$value"#end#if( $foreach.hasNext ),#end
#end}
#end
#define( $request )
{
"resource": "$context.resourcePath",
"path": "$context.path",
"httpMethod": "$context.httpMethod",
#set( $map = $input.params().header )
"headers": $object,
#set( $map = $input.params().querystring )
"queryStringParameters": #if( $map.size() == 0 )null#else$object#end,
#set( $map = $input.params().path )
"pathParameters": #if( $map.size() == 0 )null#else$object#end,
#set( $map = $stageVariables )
"stageVariables": #if( $map.size() == 0 )null#else$object#end,
"requestContext": {
"resourceId": "$context.resourceId",
"resourcePath": "$context.resourcePath",
"httpMethod": "$context.httpMethod",
"extendedRequestId": "$context.extendedRequestId",
"requestTime": "$context.requestTime",
"path": "$context.path",
"accountId": "${AccountId}",
"protocol": "$context.protocol",
"stage": "$context.stage",
"domainPrefix": "$context.domainPrefix",
"requestTimeEpoch": $context.requestTimeEpoch,
"requestId": "$context.requestId",
#set( $map = $context.identity )
"identity": $object,
"domainName": "$context.domainName",
#set( $map = $context.authorizer )
"authorizer": $object,
"apiId": "$context.apiId"
},
"body": "$util.escapeJavaScript("$body").replaceAll("\\'", "'")",
"isBase64Encoded": false
}
#end
{"input": "$util.escapeJavaScript("$request").replaceAll("\\'", "'")", "name": "$context.requestId", "stateMachineArn": "${StateMachineArn}"}"##;

fn preflight(cors: &Cors, resource_id: Value, api: &Api) -> Value {
    let quoted = |text: &str| format!("'{text}'");
    let methods = cors.methods.join(",");
    let methods = if cors.methods.iter().any(|m| m == "ANY") { methods.replacen("ANY", ANY, 1) } else { methods };
    let mut headers = vec![
        ("Access-Control-Allow-Origin", cors.allowed_origin()),
        ("Access-Control-Allow-Headers", quoted(&cors.headers.join(","))),
        ("Access-Control-Allow-Methods", quoted(&methods)),
        ("Access-Control-Allow-Credentials", quoted(&cors.allow_credentials.to_string())),
    ];
    if let Some(seconds) = &cors.max_age {
        headers.push(("Access-Control-Max-Age", quoted(&seconds.to_string())));
    }
    let parameter = |name: &str| format!("method.response.header.{name}");
    let declared: Map<String, Value> = headers.iter().map(|(name, _)| (parameter(name), json!(true))).collect();
    let values: Map<String, Value> = headers.iter().map(|(name, value)| (parameter(name), json!(value))).collect();
    json!({
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "AuthorizationType": "NONE",
            "HttpMethod": "OPTIONS",
            "MethodResponses": [{ "StatusCode": "200", "ResponseParameters": declared, "ResponseModels": {} }],
            "RequestParameters": {},
            "Integration": {
                "Type": "MOCK",
                "RequestTemplates": { "application/json": "{statusCode:200}" },
                "ContentHandling": "CONVERT_TO_TEXT",
                "IntegrationResponses": [{
                    "StatusCode": "200",
                    "ResponseParameters": values,
                    "ResponseTemplates": { "application/json": "" },
                }],
            },
            "ResourceId": resource_id,
            "RestApiId": api.id,
        }
    })
}

/// The role that API Gateway takes: starting executions, and whatever `action` names.
fn role(it: &Compilation<'_>, starts: &[Start<'_>]) -> Value {
    let own = starts.iter().filter_map(|start| get_str(start.raw, "action")).map(|action| format!("states:{action}"));
    let actions: IndexSet<String> = ["states:StartExecution".to_owned()].into_iter().chain(own).collect();
    let mut role = json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": "apigateway.amazonaws.com" },
                    "Action": "sts:AssumeRole",
                }],
            },
            "Policies": [{
                "PolicyName": naming::API_POLICY,
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
                },
            }],
        },
    });
    if let Some(path) = it.service.provider.raw.pointer("/iam/role/path") {
        role["Properties"]["Path"] = path.clone();
    }
    role
}
