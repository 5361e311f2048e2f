//! The services of `examples/`, as a newcomer meets them: requests really flow.

use crate::harness::{Project, get, post, until};
use serde_json::json;

#[test]
fn a_document_is_stored_queued_and_read() {
    let documents = Project::example("examples/documents", &[]);
    documents.ok(&["deploy"]);
    let api = documents.endpoint("ServiceEndpoint");
    let sent = post(&format!("{api}/documents"), &json!({ "title": "On tea", "text": "Pour and wait." }));
    let id = sent["id"].as_str().expect("an id");
    let read = until("the document is read", || {
        let document = get(&format!("{api}/documents/{id}"));
        (document["state"] == "finished").then_some(document)
    });
    assert_eq!(read["words"], 3);
    until("the topic's subscriber is told", || {
        let told = documents.ok(&["logs", "-f", "announce"]).contains(id);
        told.then_some(())
    });
}

#[test]
fn a_score_is_refused_without_a_token_and_shown_without_one() {
    let scores = Project::example("examples/scores", &[]);
    scores.ok(&["deploy"]);
    let api = scores.endpoint("ServiceEndpoint");
    let refused = ureq::post(format!("{api}/scores")).send_json(json!({ "score": 5 }));
    assert!(matches!(refused, Err(ureq::Error::StatusCode(401))), "{refused:?}");
    let badge = ureq::get(format!("{api}/badge/1200")).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(badge.starts_with("<svg") && badge.contains(">1,200 points<"), "{badge}");
}
