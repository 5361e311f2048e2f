//! `examples/orders`, as a newcomer meets it: requests really flow.

use crate::harness::{Project, get, post, until};
use serde_json::json;

#[test]
fn an_order_flows_through_table_queue_worker_and_stream() {
    let orders = Project::example("examples/orders", &["examples/shared"]);
    let deployed = orders.json(&["deploy"]);
    assert_eq!(deployed["version"], 1);

    let outputs = orders.json(&["info"])["outputs"].clone();
    let http_api = outputs["HttpApiUrl"].as_str().expect("an HTTP API").trim_end_matches('/').to_owned();
    let rest_api = outputs["ServiceEndpoint"].as_str().expect("a REST API").trim_end_matches('/').to_owned();

    let order = json!({ "customer": "ada", "lines": [{ "sku": "tea-500", "quantity": 2, "price": "7.90" }] });
    let created = post(&format!("{http_api}/orders"), &order);
    assert_eq!(created["state"], "received");

    let id = created["id"].as_str().expect("an id");
    let seen = until("the order is confirmed and its history is complete", || {
        let order = get(&format!("{rest_api}/orders/{id}"));
        (order["state"] == "confirmed" && order["history"] == json!(["received", "confirmed"])).then_some(order)
    });
    assert_eq!(seen["total"], "15.8");

    let quote = get(&format!("{http_api}/quote/1500"));
    assert_eq!(quote, json!({ "grams": 1500, "cents": 630 }));

    let report = orders.json(&["invoke", "dailyReport"]);
    assert!(report.to_string().contains("confirmed"), "the nightly job counts the order: {report}");
}
