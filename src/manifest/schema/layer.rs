//! `layers.<name>`.

use super::build::*;
use super::package;
use serde_json::{Value, json};

const NAME: &str = r"^((arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9_-]+)|[a-zA-Z0-9_-]+)$";
const ACCOUNT: &str = r"^(\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root)$";

/// The schema of `layers`.
pub fn layers() -> Value {
    let layer = object([
        ("path", doc(text(), "The folder that is packed.")),
        (
            "name",
            json!({
                "type": "string", "minLength": 1, "maxLength": 140, "pattern": NAME,
                "description": "The deployed name [default: the key].",
            }),
        ),
        ("description", text_up_to(256)),
        ("compatibleRuntimes", with(list(shared("awsLambdaRuntime")), "maxItems", 15)),
        ("compatibleArchitectures", with(list(shared("awsLambdaArchitecture")), "maxItems", 2)),
        ("licenseInfo", text_up_to(512)),
        ("allowedAccounts", doc(list(pattern(ACCOUNT)), "Accounts that may use it; `*` for all.")),
        ("retain", doc(boolean(), "Keep old versions.")),
        ("package", package::of_layer()),
    ]);
    doc(map(layer), "Layers, by name; a function uses one as `Ref: <Name>LambdaLayer`.")
}
