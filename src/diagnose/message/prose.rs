//! Sentences such as `error creating IAM Role` → the call that they mean.

use super::call::{Call, LIKELY, capitalized};
use super::words::{EVERYDAY, EVERYDAY_NAMES, MAIN_NOUNS, verbs};
use crate::iam::catalogue;

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
    let rule = |word: &str| {
        ["authoriz", "revok"].contains(&stem.as_str())
            && ["rule", "rules", "type"].contains(&&*word.to_ascii_lowercase())
    };
    let words: Vec<&str> = apart
        .split_whitespace()
        .filter(|word| !word.starts_with('(') && !rule(word))
        .flat_map(|word| glued(word).into_iter())
        .filter(|word| !word.is_empty())
        .collect();
    // Nor is there a call for what an instance says of itself.
    if words
        .windows(2)
        .any(|pair| pair[0].eq_ignore_ascii_case("instance") && ["metadata", "identity"].contains(&pair[1]))
    {
        return;
    }
    // What a tool has on this machine is no call: only a service that is named gives something to download.
    let local = stem == "download";
    if !local && let Some((prefix, operation)) = called(verbs, &words, call) {
        call.service.get_or_insert(prefix);
        call.operation = Some(operation);
        return;
    }
    // `RDS DB Instance` begins with two services: `RDS DB`, and `RDS`.
    let named: Vec<(usize, &'static str)> = (1..=words.len().min(4))
        .rev()
        .filter_map(|length| Some((length, catalogue::prefix_of_service(&words[..length].join(" "))?)))
        .collect();
    if let Some((length, _)) = named.first() {
        let of_service = |(length, prefix): &(usize, &'static str)| {
            Some((*prefix, named_service(prefix, verbs, *length, &words, &apart)?))
        };
        if let Some((prefix, operation)) = named.iter().find_map(of_service) {
            call.service.get_or_insert(prefix);
            call.operation = Some(operation);
        } else if words.len() > *length {
            // `CloudWatch log group` is a log group of CloudWatch Logs.
            call.operation = likely(call.service, verbs, &words[*length..]);
        }
        return;
    }
    if let Some((prefix, operation)) =
        sent_to(verbs, &words).filter(|(prefix, _)| call.service.is_none_or(|own| own == *prefix))
    {
        call.service.get_or_insert(prefix);
        call.operation = Some(operation);
        return;
    }
    let Some(first) = words.first().map(|word| word.to_ascii_lowercase()) else { return };
    let everyday =
        EVERYDAY.contains(&first.as_str()) || first.strip_suffix('s').is_some_and(|one| EVERYDAY.contains(&one));
    if !local && !everyday {
        call.operation = likely(call.service, verbs, &words);
    }
}

/// The operation of a service that is named behind what it is about: `publish message to SNS topic`.
fn sent_to(verbs: &[&str], words: &[&str]) -> Option<(&'static str, String)> {
    let at = words.iter().position(|word| ["to", "from", "in", "into", "on", "via", "with"].contains(word))?;
    let behind = &words[at + 1..];
    let behind = behind.strip_prefix(&["the"]).unwrap_or(behind);
    let prefix = (1..=behind.len().min(4))
        .rev()
        .find_map(|length| catalogue::prefix_of_service(&behind[..length].join(" ")))
        // Its actions are methods of HTTP, which fit every verb.
        .filter(|prefix| *prefix != "apigateway")?;
    let mut names: Vec<String> = nouns(&words[..at]);
    names.extend(names.clone().iter().filter_map(|name| name.strip_suffix('s')).map(str::to_owned));
    let alone = || verbs.iter().find(|verb| catalogue::action(&format!("{prefix}:{verb}")).is_some());
    let operation = operation(prefix, verbs, &names).or_else(|| alone().map(|verb| (*verb).to_owned()))?;
    Some((prefix, operation))
}

/// The operation on what the words call it, the first `length` of which name the service.
fn named_service(prefix: &str, verbs: &[&str], length: usize, words: &[&str], text: &str) -> Option<String> {
    let rest = everyday(prefix, verbs, &words[length..]);
    // What stands behind an id in brackets, or behind a first word, is more telling than that word alone.
    let (alone, mut names): (Vec<String>, Vec<String>) =
        nouns(&rest).into_iter().partition(|noun| rest.first().is_some_and(|first| capitalized(first) == *noun));
    names.extend(
        (1..rest.len().min(4)).filter(|from| from + 1 < rest.len()).flat_map(|from| {
            nouns(&rest[from..]).into_iter().take(if behind_brackets(text, rest[from]) { 3 } else { 1 })
        }),
    );
    names.extend(alone);
    if let Some((_, main)) = MAIN_NOUNS.iter().find(|(service, _)| *service == prefix) {
        let of_main: Vec<String> = names.iter().map(|noun| format!("{main}{noun}")).collect();
        names.extend(if names.is_empty() { vec![(*main).to_owned()] } else { of_main });
    }
    // `Auto Scaling Group`, `VPC`: the service's name is a part of the noun, or all of it.
    names.extend(nouns(words));
    operation(prefix, verbs, &names)
}

/// `IAMRole` → `IAM`, `Role`.
fn glued(word: &str) -> [&str; 2] {
    const SERVICES: [&str; 12] = ["IAM", "EC2", "S3", "SQS", "SNS", "ECS", "EKS", "ECR", "KMS", "RDS", "SSM", "EFS"];
    let rest = SERVICES.iter().find_map(|service| word.strip_prefix(service)).filter(|rest| {
        let mut chars = rest.chars();
        chars.next().is_some_and(|c| c.is_ascii_uppercase()) && chars.next().is_some_and(|c| c.is_ascii_lowercase())
    });
    match rest {
        Some(rest) => [&word[..word.len() - rest.len()], rest],
        None => [word, ""],
    }
}

/// Whether a word is the first one behind an id in brackets: `VPC (vpc-1) main Route Table`.
fn behind_brackets(text: &str, word: &str) -> bool {
    text.rsplit(')').next().is_some_and(|behind| behind.split_whitespace().next() == Some(word)) && text.contains(')')
}

/// The operation on what people have a name of their own for: `elastic IP`, `AMI`.
fn called(verbs: &[&str], words: &[&str], call: &Call) -> Option<(&'static str, String)> {
    let named = |length: usize| {
        let name = words.get(..length)?.join(" ").to_ascii_lowercase();
        EVERYDAY_NAMES.iter().find(|(called, _, _)| *called == name)
    };
    let alone = || {
        // `instance profile` is no instance.
        let more = likely(call.service, verbs, words);
        named(1).filter(|_| more.is_none() || more == likely(call.service, verbs, &words[..1]))
    };
    let (_, prefix, noun) = named(2).or_else(alone)?;
    if call.service.is_some_and(|own| own != *prefix) {
        return None;
    }
    let noun = whole_secret(verbs, noun);
    Some((*prefix, operation(prefix, verbs, &[noun.to_owned()])?))
}

/// A secret's value is read and put; all else is done to the secret.
fn whole_secret<'a>(verbs: &[&str], noun: &'a str) -> &'a str {
    if noun == "SecretValue" && !verbs.first().is_some_and(|verb| ["Get", "Put"].contains(verb)) {
        "Secret"
    } else {
        noun
    }
}

/// The words of a resource as the operations of its service call it: `EIP` of EC2 is an `Address`.
fn everyday<'a>(prefix: &str, verbs: &[&str], words: &[&'a str]) -> Vec<&'a str> {
    let mut words = words.to_vec();
    let two = words.get(..2).map(|words| words.join(" "));
    let names = |own: &str| EVERYDAY_NAMES.iter().find(|(name, of, _)| *of == prefix && name.eq_ignore_ascii_case(own));
    if let Some((_, _, noun)) = two.and_then(|two| names(&two)) {
        words.splice(..2, [*noun]);
    } else if let Some((_, _, noun)) = words.first().and_then(|first| names(first)) {
        words[0] = whole_secret(verbs, noun);
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
    // Rules of a security group are for what comes in, unless the words say otherwise.
    let of_rules = verbs.iter().any(|verb| ["Authorize", "Revoke"].contains(verb));
    let ingress = names.iter().filter(|name| of_rules && *name == "SecurityGroup").map(|name| format!("{name}Ingress"));
    let names: Vec<String> = names.iter().cloned().chain(ingress).collect();
    let mut forms = names.iter().flat_map(|noun| {
        let words = noun.chars().filter(char::is_ascii_uppercase).count();
        let several =
            move |verb: &&&str| **verb == "Run" || (words > 1 && ["Describe", "List", "Request"].contains(*verb));
        let plural = verbs.iter().filter(several).map(move |verb| format!("{verb}{noun}s"));
        let one = noun.strip_suffix('s').filter(|_| !verbs.contains(&"Get"));
        let singular = one.into_iter().flat_map(|noun| verbs.iter().take(2).map(move |verb| format!("{verb}{noun}")));
        // What is looked for is described, listed, or got.
        let likeliest = if verbs.first() == Some(&"Describe") { 3 } else { 2 };
        verbs.iter().take(likeliest).map(move |verb| format!("{verb}{noun}")).chain(plural).chain(singular)
    });
    forms.find(known)
}

/// The operation of a policy and the identity that has it: `attach`, `role` → `iam:AttachRolePolicy`.
pub(super) fn policy_of_identity(stem: &str, kind: &str, identity: &str, call: &mut Call) {
    if call.operation.is_some() || call.service.is_some_and(|service| service != "iam") {
        return;
    }
    let attached = if kind.trim().eq_ignore_ascii_case("inline") { "" } else { "Attached" };
    let identity = capitalized(&identity.to_ascii_lowercase());
    let operation = match stem.to_ascii_lowercase().as_str() {
        "attach" => format!("Attach{identity}Policy"),
        "detach" => format!("Detach{identity}Policy"),
        "put" | "putt" => format!("Put{identity}Policy"),
        "read" | "list" => format!("List{attached}{identity}Policies"),
        _ if kind.is_empty() || attached.is_empty() => format!("Delete{identity}Policy"),
        _ => format!("Detach{identity}Policy"),
    };
    call.service = Some("iam");
    call.operation = Some(operation);
}

/// The operation that lists, sets or removes the tags of a resource, however its service calls it.
pub(super) fn tags_of(stem: &str, object: &str, call: &mut Call) {
    let words: Vec<&str> = object.split_whitespace().collect();
    let named = (1..=words.len().min(4))
        .rev()
        .find_map(|length| Some((length, catalogue::prefix_of_service(&words[..length].join(" "))?)));
    let Some((length, prefix)) = named.filter(|_| call.operation.is_none()) else { return };
    let noun = words.get(length).map_or_else(String::new, |word| capitalized(word));
    let forms: [String; 6] = match stem.to_ascii_lowercase().as_str() {
        "list" | "read" | "get" | "gett" => [
            format!("List{noun}Tags"),
            "ListTagsForResource".to_owned(),
            "ListTagsOfResource".to_owned(),
            "ListTags".to_owned(),
            format!("Get{noun}Tagging"),
            "DescribeTags".to_owned(),
        ],
        "remov" | "delet" => [
            format!("Untag{noun}"),
            "UntagResource".to_owned(),
            "RemoveTagsFromResource".to_owned(),
            "RemoveTags".to_owned(),
            format!("Delete{noun}Tagging"),
            "DeleteTags".to_owned(),
        ],
        _ => [
            format!("Tag{noun}"),
            "TagResource".to_owned(),
            "AddTagsToResource".to_owned(),
            "AddTags".to_owned(),
            format!("Put{noun}Tagging"),
            "CreateTags".to_owned(),
        ],
    };
    let known = |operation: &String| !catalogue::actions_of_operation(prefix, operation).is_empty();
    // S3 tags a bucket in a way of its own; `TagResource` is for its other resources.
    let own = |operation: &&String| !noun.is_empty() && operation.contains(&noun) && known(operation);
    if let Some(operation) = forms.iter().find(own).or_else(|| forms.iter().find(|form| known(form))) {
        call.service.get_or_insert(prefix);
        call.operation = Some(operation.clone());
    }
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

/// The most words of which a noun is made: `Notebook Instance Lifecycle Config`.
const MOST_WORDS: usize = 5;

/// The first words as one noun, the longest first.
fn nouns(words: &[&str]) -> Vec<String> {
    (1..=words.len().min(MOST_WORDS))
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
