//! IAM documents and requests. Any bytes must be decided or refused, and a few laws hold for all of them.

use rlx::iam::evaluate::{Caller, Decision, NamedPolicy, Policies, Request, evaluate};
use rlx::iam::policy::Policy;
use serde_json::{Value, json};

/// Bytes as a case: `{"caller", "action", "resource", "owner", "context", "identity": [...], "boundary", "session",
/// "resource_policy", "scp": [...], "rcp": [...], "endpoint"}`, where what is no policy is left out.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = Policy::parse(text);
    let Ok(case) = serde_json::from_str::<Value>(text) else { return };
    let (request, policies) = (request(&case), policies(&case));
    let answer = evaluate(&request, &policies);
    let _ = (answer.open_keys(), answer.denying_layer());
    assert_eq!(answer.is_allowed(), answer.denying_layer().is_none(), "a denial names its layer");

    let mut denied = policies.clone();
    let deny = json!({ "Statement": { "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" } });
    // The one layer that takes part for every caller.
    denied.endpoint = named(&deny);
    assert_eq!(evaluate(&request, &denied).decision, Decision::ExplicitDeny, "a deny wins");

    if answer.is_allowed() {
        // A federated user has nothing but what its session was given.
        let session = policies.session.clone().filter(|_| matches!(request.caller, Caller::FederatedUser { .. }));
        let free = Policies { boundary: None, session, scp: Vec::new(), rcp: Vec::new(), endpoint: None, ..policies };
        assert!(evaluate(&request, &free).is_allowed(), "a limit taken away denies nothing");
    }
}

fn request(case: &Value) -> Request {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let caller = match text("caller") {
        "" => Caller::Anonymous,
        arn => Caller::from_arn(arn).unwrap_or_else(|| Caller::Service { name: arn.to_owned() }),
    };
    let mut request = Request::new(caller, text("action"), text("resource"));
    request.resource_account = case["owner"].as_str().map(str::to_owned);
    for (key, values) in case["context"].as_object().into_iter().flatten() {
        let values: Vec<&str> = match values {
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        request.context.set(key, values);
    }
    request
}

fn policies(case: &Value) -> Policies {
    let list = |key: &str| case[key].as_array().into_iter().flatten().filter_map(named).collect::<Vec<_>>();
    Policies {
        identity: list("identity"),
        boundary: named(&case["boundary"]),
        session: named(&case["session"]).map(|policy| vec![policy]),
        resource: named(&case["resource_policy"]),
        resource_must_allow: case["required"] == true,
        scp: list("scp").into_iter().map(|policy| vec![policy]).collect(),
        rcp: list("rcp").into_iter().map(|policy| vec![policy]).collect(),
        endpoint: named(&case["endpoint"]),
    }
}

fn named(value: &Value) -> Option<NamedPolicy> {
    Some(NamedPolicy { name: "p".into(), policy: Policy::from_value(value).ok()? })
}
