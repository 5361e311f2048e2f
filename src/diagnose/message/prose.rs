//! Sentences such as `error creating IAM Role` → the call that they mean.

use super::call::{Call, LIKELY, capitalized};
use crate::iam::catalogue;

/// Words of prose that name no operation of AWS by themselves.
const EVERYDAY: [&str; 14] = [
    "resource",
    "resources",
    "connection",
    "session",
    "operation",
    "value",
    "item",
    "data",
    "access",
    "token",
    "file",
    "files",
    "deployment",
    "status",
];

/// What a service is about where a sentence names it alone: `updating the lambda`.
const MAIN_NOUNS: [(&str, &str); 14] = [
    ("acm", "Certificate"),
    ("apigateway", "RestApi"),
    ("cloudformation", "Stack"),
    ("cloudfront", "Distribution"),
    ("dynamodb", "Table"),
    ("ecr", "Repository"),
    ("eks", "Cluster"),
    ("kms", "Key"),
    ("lambda", "Function"),
    ("s3", "Bucket"),
    ("secretsmanager", "Secret"),
    ("sns", "Topic"),
    ("sqs", "Queue"),
    ("ssm", "Parameter"),
];

/// What people call a resource, the service, what its operations call it.
const EVERYDAY_NAMES: [(&str, &str, &str); 8] = [
    ("ami", "ec2", "Image"),
    ("amis", "ec2", "Images"),
    ("eip", "ec2", "Address"),
    ("eni", "ec2", "NetworkInterface"),
    ("keypair", "ec2", "KeyPair"),
    ("secret", "secretsmanager", "SecretValue"),
    ("secrets", "secretsmanager", "SecretValue"),
    ("sg", "ec2", "SecurityGroup"),
];

/// The verbs of operations that a stem of prose can mean, likeliest first.
fn verbs(stem: &str) -> &'static [&'static str] {
    match stem {
        "creat" | "provision" => &["Create", "Put", "Run", "Register", "Request"],
        "launch" => &["Run", "Launch"],
        "request" => &["Request"],
        "tak" => &["Create"],
        "register" => &["Register", "Create"],
        "deregister" => &["Deregister"],
        "allocat" => &["Allocate"],
        "updat" | "modify" => &["Update", "Modify", "Put"],
        "delet" | "remov" | "destroy" => &["Delete", "Remove", "Terminate"],
        "terminat" => &["Terminate", "Delete"],
        "describ" => &["Describe", "Get"],
        "validat" => &["Validate", "Describe"],
        "put" | "putt" | "upload" => &["Put", "Upload"],
        "list" => &["List", "Describe"],
        "query" | "find" | "search" => &["Describe", "List", "Get"],
        "tag" | "tagg" => &["Tag"],
        "attach" => &["Attach"],
        "detach" => &["Detach"],
        "associat" => &["Associate"],
        "start" => &["Start"],
        "stop" | "stopp" => &["Stop"],
        "invok" => &["Invoke"],
        "publish" => &["Publish"],
        "copy" => &["Copy"],
        "send" => &["Send"],
        "receiv" => &["Receive"],
        "enabl" => &["Enable"],
        "disabl" => &["Disable"],
        "authoriz" => &["Authorize"],
        "revok" => &["Revoke"],
        "set" | "sett" | "apply" => &["Set", "Put", "Modify", "Update"],
        "add" => &["Add", "Put"],
        "import" => &["Import"],
        "restor" => &["Restore"],
        "cancel" => &["Cancel"],
        "releas" => &["Release"],
        "replac" => &["Replace"],
        "chang" => &["Change", "Modify", "Update"],
        "subscrib" => &["Subscribe"],
        "scal" => &["Set", "Update"],
        _ => &["Get", "Describe", "List"],
    }
}

/// `creat`, `IAM Role` → `iam:CreateRole`, where there is such an action; without a service the likeliest one that
/// has it.
pub(super) fn read(stem: &str, object: &str, call: &mut Call) {
    if call.operation.is_some() {
        return;
    }
    let stem = stem.to_ascii_lowercase();
    let verbs = verbs(&stem);
    // `SQS Queue (https://...) attribute`: the name in between says nothing; nor does the rule of `security group rule`.
    let apart = object.replace('(', " (").replace(')', ") ");
    let rule = |word: &str| ["authoriz", "revok"].contains(&stem.as_str()) && ["rule", "rules", "type"].contains(&word);
    let words: Vec<&str> = apart.split_whitespace().filter(|word| !word.starts_with('(') && !rule(word)).collect();
    let named = (1..=words.len().min(3))
        .rev()
        .find_map(|length| Some((length, catalogue::prefix_of_service(&words[..length].join(" "))?)));
    if let Some((length, prefix)) = named {
        let words = [&words[..length], &everyday(prefix, &words[length..])].concat();
        let mut names = nouns(&words[length..]);
        let behind = (length + 1..words.len().min(length + 4)).filter(|from| from + 1 < words.len());
        names.extend(behind.flat_map(|from| nouns(&words[from..]).into_iter().take(1)));
        if let Some((_, main)) = MAIN_NOUNS.iter().find(|(service, _)| *service == prefix) {
            let of_main: Vec<String> = names.iter().map(|noun| format!("{main}{noun}")).collect();
            names.extend(if names.is_empty() { vec![(*main).to_owned()] } else { of_main });
        }
        if let Some(operation) = operation(prefix, verbs, &names) {
            call.service.get_or_insert(prefix);
            call.operation = Some(operation);
        } else if words.len() > length + 1 {
            // `CloudWatch log group` is a log group of CloudWatch Logs.
            call.operation = likely(call.service, verbs, &words[length..]);
        }
        return;
    }
    let Some(first) = words.first().map(|word| word.to_ascii_lowercase()) else { return };
    let called = EVERYDAY_NAMES.iter().find(|(name, _, _)| *name == first);
    let found = called.and_then(|(_, prefix, noun)| Some((*prefix, operation(prefix, verbs, &[(*noun).to_owned()])?)));
    if let Some((prefix, operation)) = found.filter(|(prefix, _)| call.service.is_none_or(|own| own == *prefix)) {
        call.service.get_or_insert(prefix);
        call.operation = Some(operation);
    } else if !EVERYDAY.contains(&first.as_str()) {
        call.operation = likely(call.service, verbs, &words);
    }
}

/// The words of a resource as the operations of its service call it: `EIP` of EC2 is an `Address`.
fn everyday<'a>(prefix: &str, words: &[&'a str]) -> Vec<&'a str> {
    let mut words = words.to_vec();
    if let Some(first) = words.first_mut()
        && let Some((_, _, noun)) =
            EVERYDAY_NAMES.iter().find(|(name, of, _)| *of == prefix && name.eq_ignore_ascii_case(first))
    {
        *first = noun;
    }
    words
}

/// The operation that a verb and a noun name, of a service or of any that is likely.
fn likely(service: Option<&'static str>, verbs: &[&str], words: &[&str]) -> Option<String> {
    let known = |operation: &String| {
        let of = |prefix: &str| !catalogue::actions_of_operation(prefix, operation).is_empty();
        match service {
            Some(service) => of(service),
            None => LIKELY.iter().any(|prefix| of(prefix)),
        }
    };
    // `volume tags` are tags; EC2 has one operation for those of all its resources.
    let of_tags = ["Create", "Delete"].iter().any(|verb| verbs.contains(verb))
        && service.is_none_or(|service| service == "ec2")
        && words.iter().take(3).any(|word| word.eq_ignore_ascii_case("tags"));
    let names = if of_tags { vec!["Tags".to_owned()] } else { nouns(words) };
    let mut forms = names.iter().flat_map(|noun| {
        let words = noun.chars().filter(char::is_ascii_uppercase).count();
        let several =
            move |verb: &&&str| **verb == "Run" || (words > 1 && ["Describe", "List", "Request"].contains(*verb));
        let plural = verbs.iter().filter(several).map(move |verb| format!("{verb}{noun}s"));
        verbs.iter().take(2).map(move |verb| format!("{verb}{noun}")).chain(plural)
    });
    forms.find(known)
}

/// A cmdlet of PowerShell: `Write`, `S3`, `Object` → `s3:PutObject`.
pub(super) fn cmdlet(verb: &str, service: &str, noun: &str, call: &mut Call) {
    let prefix = match service {
        "CFN" => "cloudformation",
        "CWL" => "logs",
        "DDB" => "dynamodb",
        "LM" => "lambda",
        "SEC" => "secretsmanager",
        other => match catalogue::prefix_of_service(other) {
            Some(prefix) => prefix,
            None => return,
        },
    };
    let verbs = verbs(match verb {
        "New" => "creat",
        "Remove" => "remov",
        "Set" | "Update" => "updat",
        "Write" => "put",
        "Start" => "start",
        "Stop" => "stop",
        "Invoke" => "invok",
        "Publish" => "publish",
        "Send" => "send",
        "Receive" => "receiv",
        "Register" => "register",
        _ => "get",
    });
    if let Some(operation) = operation(prefix, verbs, &[noun.to_owned()]).filter(|_| call.operation.is_none()) {
        call.service.get_or_insert(prefix);
        call.operation = Some(operation);
    }
}

/// The first words as one noun, the longest first.
fn nouns(words: &[&str]) -> Vec<String> {
    (1..=words.len().min(3))
        .rev()
        .map(|length| words[..length].iter().flat_map(|word| word.split('-')).map(capitalized).collect())
        .collect()
}

/// The operation of a service that a verb and a noun name.
fn operation(prefix: &str, verbs: &[&str], nouns: &[String]) -> Option<String> {
    nouns.iter().find_map(|noun| {
        // `S3 policy` is the policy of a bucket.
        let forms = |verb: &&str| {
            ["", "s", "Attributes", "Attribute"]
                .map(|end| format!("{verb}{noun}{end}"))
                .into_iter()
                .chain([format!("{verb}Bucket{noun}")])
        };
        let mut all = verbs.iter().flat_map(forms);
        all.find(|operation| !catalogue::actions_of_operation(prefix, operation).is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(stem: &str, object: &str) -> Option<String> {
        let mut call = Call::default();
        read(stem, object, &mut call);
        call.inferred_action()
    }

    #[test]
    fn verbs_and_nouns_of_prose_lead_to_actions() {
        for (stem, object, wanted) in [
            ("creat", "IAM Role", "iam:CreateRole"),
            ("query", "AMI", "ec2:DescribeImages"),
            ("creat", "Cloudwatch log stream", "logs:CreateLogStream"),
            ("launch", "instance", "ec2:RunInstances"),
            ("request", "spot instance", "ec2:RequestSpotInstances"),
            ("creat", "volume tags", "ec2:CreateTags"),
            ("authoriz", "security group rule type ingress", "ec2:AuthorizeSecurityGroupIngress"),
            ("associat", "EC2 EIP", "ec2:AssociateAddress"),
            ("sett", "SQS Queue (jobs) attribute", "sqs:SetQueueAttributes"),
            ("putt", "CloudWatch Logs Log Group (/shop) retention policy", "logs:PutRetentionPolicy"),
            ("updat", "Lambda Function (shop) configuration", "lambda:UpdateFunctionConfiguration"),
            ("creat", "EKS Add-On", "eks:CreateAddon"),
            ("describ", "load balancer", "elasticloadbalancing:DescribeLoadBalancers"),
            ("deregister", "AMI", "ec2:DeregisterImage"),
            ("creat", "lambda", "lambda:CreateFunction"),
            ("updat", "lambda code", "lambda:UpdateFunctionCode"),
            ("remov", "S3 bucket policy", "s3:DeleteBucketPolicy"),
            ("retriev", "secret value", "secretsmanager:GetSecretValue"),
        ] {
            assert_eq!(action(stem, object).as_deref(), Some(wanted), "{stem} {object}");
        }
        assert_eq!(action("read", "data"), None);
    }

    #[test]
    fn cmdlets_lead_to_actions() {
        for (verb, service, noun, wanted) in
            [("Write", "S3", "Object", "s3:PutObject"), ("Get", "EC2", "Instance", "ec2:DescribeInstances")]
        {
            let mut call = Call::default();
            cmdlet(verb, service, noun, &mut call);
            assert_eq!(call.inferred_action().as_deref(), Some(wanted));
        }
    }
}
