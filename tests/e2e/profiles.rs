//! Whose credentials calls are made with: profiles, roles that want a code, the order among them.

use crate::scripted::{Answer, Shop};
use std::process::{Command, Output};

const CONFIG: &str = "[profile ann]
aws_access_key_id = AKIAANN
aws_secret_access_key = s
[profile team]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = ann
mfa_serial = arn:aws:iam::210987654321:mfa/ann
external_id = shop
duration_seconds = 7200
[profile nested]
role_arn = arn:aws:iam::123456789012:role/nested
source_profile = team
";

/// STS gives a session whose key says for which role and how often one was asked for before; code 000000 is wrong.
fn shop() -> Shop {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "sts AssumeRole" if call.text.contains("TokenCode=000000") => Some(wrong_code()),
        "sts AssumeRole" => {
            let role = if call.text.contains("role%2Fnested") { "NESTED" } else { "TEAM" };
            Some(session(&format!("ASIA{role}{}", call.nth)))
        }
        "sts GetCallerIdentity" => Some(identity()),
        _ => None,
    });
    shop.file("config", CONFIG);
    shop
}

fn session(key: &str) -> Answer {
    let body = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
         <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    (200, body)
}

fn identity() -> Answer {
    let body = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                <Arn>arn:aws:iam::123456789012:user/ann</Arn><Account>123456789012</Account></GetCallerIdentityResult>\
                </GetCallerIdentityResponse>";
    (200, body.to_owned())
}

fn wrong_code() -> Answer {
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>MultiFactorAuthentication \
                failed with invalid MFA one time pass code. </Message></Error><RequestId>r1</RequestId></ErrorResponse>";
    (403, body.to_owned())
}

fn rlx(shop: &Shop, args: &[&str]) -> Command {
    let mut rlx = shop.rlx(args);
    rlx.env("AWS_CONFIG_FILE", shop.path("config")).env("AWS_SHARED_CREDENTIALS_FILE", shop.path("none"));
    rlx.env("HOME", shop.path("home"));
    rlx
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// The keys that asked for the stack.
fn signers(shop: &Shop) -> Vec<String> {
    let requests = shop.requests("cloudformation DescribeStacks");
    let key = |text: &String| Some(text.split_once("Credential=")?.1.split_once('/')?.0.to_owned());
    let mut keys: Vec<String> = requests.iter().filter_map(key).collect();
    keys.dedup();
    keys
}

#[test]
fn a_role_that_wants_a_code_gets_it_and_its_session_is_kept() {
    let shop = shop();
    for _ in 0..2 {
        let mut info = rlx(&shop, &["info", "--aws-profile", "team"]);
        let output = info.env("RLX_MFA_CODE", "123456").output().unwrap();
        assert_eq!(signers(&shop), ["ASIATEAM0"], "{}", words(&output));
    }
    let asked = shop.requests("sts AssumeRole");
    assert_eq!(asked.len(), 1);
    for part in [
        "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdeploy",
        "SerialNumber=arn%3Aaws%3Aiam%3A%3A210987654321%3Amfa%2Fann",
        "TokenCode=123456",
        "ExternalId=shop",
        "DurationSeconds=7200",
        "Credential=AKIAANN/",
    ] {
        assert!(asked[0].contains(part), "{part}: {}", asked[0]);
    }
    let mut kept = std::fs::read_dir(shop.path("home/.aws/cli/cache")).unwrap();
    let file = kept.next().unwrap().unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_role_assumed_from_one_that_wants_a_code_takes_its_session() {
    let shop = shop();
    let mut info = rlx(&shop, &["info"]);
    let output = info.env("AWS_PROFILE", "nested").env("RLX_MFA_CODE", "123456").output().unwrap();
    assert_eq!(signers(&shop), ["ASIANESTED1"], "{}", words(&output));
    assert!(shop.requests("sts AssumeRole")[1].contains("Credential=ASIATEAM0/"));
}

#[test]
fn without_a_terminal_a_code_that_is_wanted_is_told_of() {
    let shop = shop();
    let output = rlx(&shop, &["info", "--aws-profile", "team"]).output().unwrap();
    let words = words(&output);
    assert!(words.contains("arn:aws:iam::123456789012:role/deploy wants a code of the MFA device"), "{words}");
    assert!(words.contains("RLX_MFA_CODE"), "{words}");
    assert!(shop.requests("sts AssumeRole").is_empty());
}

#[test]
fn a_wrong_code_is_told_in_the_words_of_aws() {
    let shop = shop();
    let mut info = rlx(&shop, &["info", "--aws-profile", "team"]);
    let output = info.env("RLX_MFA_CODE", "000000").output().unwrap();
    let words = words(&output);
    assert!(words.contains("MultiFactorAuthentication failed with invalid MFA one time pass code"), "{words}");
    assert!(!shop.path("home/.aws/cli/cache").exists());
}

#[test]
fn a_profile_that_is_named_goes_over_keys_of_the_environment() {
    let shop = shop();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    rlx(&shop, &["info", "--aws-profile", "ann"]).envs(keys).output().unwrap();
    assert_eq!(signers(&shop), ["AKIAANN"]);
}

#[test]
fn credentials_in_use_are_told_with_where_they_came_from() {
    let shop = shop();
    for (profile, expected) in [("ann", "from profile `ann`"), ("team", "from profile `team`, with MFA")] {
        let mut info = rlx(&shop, &["info", "-v", "--aws-profile", profile]);
        let words = words(&info.env("RLX_MFA_CODE", "123456").output().unwrap());
        let line = format!("Credentials of arn:aws:iam::123456789012:user/ann (account 123456789012), {expected}\n");
        assert!(words.contains(&line), "{words}");
    }
}

#[test]
fn a_profile_that_is_not_there_is_told_with_the_nearest_name() {
    let shop = shop();
    let output = rlx(&shop, &["info", "--aws-profile", "taem"]).output().unwrap();
    let words = words(&output);
    assert!(
        words.contains("there is no profile `taem` in ~/.aws/config or ~/.aws/credentials; did you mean `team`?"),
        "{words}"
    );
}

#[test]
fn keys_of_an_env_file_are_used() {
    let shop = shop();
    let manifest = std::fs::read_to_string(shop.path("rlx.yml")).unwrap();
    shop.file("rlx.yml", &format!("{manifest}useDotenv: true\n"));
    shop.file(".env", "AWS_ACCESS_KEY_ID=AKIAFILE\nAWS_SECRET_ACCESS_KEY=s\n");
    rlx(&shop, &["info"]).output().unwrap();
    assert_eq!(signers(&shop), ["AKIAFILE"]);
}
