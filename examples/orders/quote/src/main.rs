//! GET /quote/{grams}: what shipping costs.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

/// Cents for a parcel: a base price and a step for each started kilogram.
fn cents(grams: u64) -> u64 {
    390 + 120 * grams.div_ceil(1000)
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let grams = event.payload["pathParameters"]["grams"].as_str().unwrap_or_default();
    let (status, body) = match grams.parse::<u64>() {
        Ok(grams) if grams <= 30_000 => (200, json!({ "grams": grams, "cents": cents(grams) })),
        Ok(_) => (422, json!({ "message": "a parcel weighs 30 kg at the most" })),
        Err(_) => (422, json!({ "message": format!("{grams:?} is no number of grams") })),
    };
    Ok(json!({
        "statusCode": status,
        "headers": { "Content-Type": "application/json" },
        "body": body.to_string(),
    }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

#[cfg(test)]
mod tests {
    use super::cents;

    #[test]
    fn each_started_kilogram_costs_a_step() {
        assert_eq!(cents(0), 390);
        assert_eq!(cents(1), 510);
        assert_eq!(cents(1000), 510);
        assert_eq!(cents(1001), 630);
    }
}
