//! Asks the emulator whether it is there.

use std::time::Duration;

/// Whether an emulator answers on a port.
pub(super) fn healthy(port: u16) -> bool {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(2)))
        .proxy(None) // the loopback interface is never behind one
        .build()
        .into();
    agent
        .get(format!("http://127.0.0.1:{port}/_ministack/health"))
        .call()
        .ok()
        .and_then(|mut answer| answer.body_mut().read_json::<serde_json::Value>().ok())
        .is_some_and(|health| health.get("services").is_some())
}
