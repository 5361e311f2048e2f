//! What `rlx init` writes deploys to stage local as it is, and answers.

use crate::harness::{Project, get, until};

#[test]
fn the_python_api_answers_as_it_is() {
    let service = Project::from_template("python-api");
    service.ok(&["deploy"]);
    let answer = get(&format!("{}/greet/ada", service.endpoint("HttpApiUrl")));
    assert_eq!(answer["message"], "Hello, ada!");
}

#[test]
fn the_rust_api_answers_as_it_is() {
    let service = Project::from_template("rust-http");
    service.ok(&["deploy"]);
    let answer = get(&format!("{}/hello/ada", service.endpoint("HttpApiUrl")));
    assert_eq!(answer["message"], "Hello, ada!");
}

#[test]
fn the_worker_takes_what_is_in_the_queue() {
    let service = Project::from_template("python-worker");
    service.ok(&["deploy"]);
    let queue = service.endpoint("JobsQueueUrl");
    get_text(&format!("{queue}?Action=SendMessage&MessageBody=tea"));
    until("the worker has written its log", || {
        let logs = service.ok(&["logs", "-f", "work"]);
        logs.contains("START").then_some(())
    });
}

/// The queue's answer is XML, and nobody here reads it.
fn get_text(url: &str) {
    ureq::get(url).call().expect("the queue takes the message");
}
