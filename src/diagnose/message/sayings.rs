//! The words of tools, and sentences, that mean a call without naming it.

use super::forms::{Form, form, set_known_operation, set_operation, set_service};
use super::prose;
use regex::Regex;
use std::sync::LazyLock;

/// The words of tools, and sentences.
pub(super) static FORMS: [Form; 26] = [
    // Controllers that keep records of Route 53: external-dns, cert-manager
    form!(
        "changes for|oute 53 record|oute53 record",
        r"(?i-u)submit (?:all )?changes for (?:the following )?zone|change Route ?53 record",
        |_, call| {
            set_service(call, "route53");
            set_operation(call, "ChangeResourceRecordSets");
        }
    ),
    form!("hosted zone", r"determin(?:e|ing) (?:the )?(?:Route ?53 )?hosted zone", |_, call| {
        set_service(call, "route53");
        set_operation(call, "ListHostedZonesByName");
    }),
    // Policies of an identity: `attaching policy arn:... to IAM Role r`, `reading inline policies for IAM role r`
    form!(
        "olic",
        r"(?i-u)\b(attach|detach|putt?|delet|remov|read|list)(?:e|ing)? (?:the )?(inline |attached |managed )?polic(?:y|ies)\b[ -~]{0,200}?\b(?:to|from|for|of|on|with|in) (?:the )?(?:IAM )?(role|user|group)\b",
        |c, call| prose::policy_of_identity(&c[1], c.get(2).map_or("", |kind| kind.as_str()), &c[3], call)
    ),
    form!(
        "nstance ",
        r"(?i-u)\b(add|remov)(?:e|ing)? (?:the )?(?:IAM )?role (?:\([!-~]+\) )?(?:to|from) (?:the )?(?:IAM )?instance profile",
        |c, call| {
            set_service(call, "iam");
            set_operation(
                call,
                if c[1].eq_ignore_ascii_case("add") {
                    "AddRoleToInstanceProfile"
                } else {
                    "RemoveRoleFromInstanceProfile"
                },
            );
        }
    ),
    // `listing tags for S3 Bucket (shop)`
    form!(
        "tags",
        r"(?i-u)\b(list|read|gett|get|updat|sett|set|add|creat|remov|delet)(?:e|ing)? (?:resource )?tags (?:for|of|on|to|from) (?:the )?([A-Za-z0-9]+(?: [A-Za-z0-9]+){0,3})",
        |c, call| prose::tags_of(&c[1], &c[2], call)
    ),
    form!("nvalidat", r"(?i-u)\binvalidat(?:e|ing) (?:the |a )?(?:CloudFront|distribution|cache)", |_, call| {
        set_service(call, "cloudfront");
        set_operation(call, "CreateInvalidation");
    }),
    // `not authorized to SendRawEmail`
    form!("uthorized to ", r"uthorized to ([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]+)+)", |c, call| set_known_operation(
        call, &c[1]
    )),
    // SOPS, Vault: `decrypt sops data key with AWS KMS`
    form!("KMS", r"(?i-u)\b(en|de)crypt(?:ing)?\b[ -~]{0,60}\bKMS\b", |c, call| {
        set_service(call, "kms");
        set_operation(call, if c[1].eq_ignore_ascii_case("en") { "Encrypt" } else { "Decrypt" });
    }),
    // Tools that bring files to a bucket, or fetch them
    form!("pload", r"(?i-u)\bupload(?:ing)?\b[ -~]{0,200}? to (?:the |an? )?(?:s3\b|(?:s3 )?bucket\b)", |_, call| {
        set_service(call, "s3");
        set_operation(call, "PutObject");
    }),
    form!(
        "ownload",
        r"(?i-u)\bdownload(?:ing)?\b[ -~]{0,200}? from (?:the |an? )?(?:s3\b|(?:s3 )?bucket\b)",
        |_, call| {
            set_service(call, "s3");
            set_operation(call, "GetObject");
        }
    ),
    // PowerShell: `Write-S3Object`, `Get-IAMRole`
    form!(
        "-",
        r"\b(Get|New|Remove|Set|Update|Write|Read|Start|Stop|Invoke|Publish|Send|Receive|Register)-(CFN|CWL|DDB|EC2|ECR|ECS|IAM|KMS|LM|S3|SEC|SNS|SQS|SSM|STS)([A-Z][A-Za-z]+)\b",
        |c, call| prose::cmdlet(&c[1], &c[2], &c[3], call)
    ),
    // What the agent of ECS fetches before it starts a task
    form!("stream", r"(?i-u)\b(?:logger args: create|create (?:cloudwatch )?log) stream", |_, call| {
        set_service(call, "logs");
        set_operation(call, "CreateLogStream");
    }),
    form!("from ssm", r"retrieve secrets? from ssm", |_, call| {
        set_service(call, "ssm");
        set_operation(call, "GetParameters");
    }),
    form!("from asm", r"retrieve secrets? from asm", |_, call| {
        set_service(call, "secretsmanager");
        set_operation(call, "GetSecretValue");
    }),
    form!("registry auth", r"retrieve ecr registry auth", |_, call| {
        set_service(call, "ecr");
        set_operation(call, "GetAuthorizationToken");
    }),
    // Terraform tells what it is at: `aws_launch_template.web: Creating...`
    form!("ing", r"\baws_([a-z0-9_]+)\.[!-9;-~]{1,160}: (Creat|Modify|Destroy|Read|Refresh)ing", |c, call| {
        let stem = match &c[2] {
            "Read" | "Refresh" => "describ".to_owned(),
            other => other.to_ascii_lowercase(),
        };
        prose::read(&stem, &c[1].replace('_', " "), call);
    }),
    // A table of Steampipe or CloudQuery: `select * from aws_ec2_instance`
    form!("from aws_", r"(?i-u)\bfrom aws_([a-z0-9_]+)", |c, call| {
        prose::read("list", &format!("{}s", c[1].replace('_', " ")), call);
    }),
    // A data source of Terraform is read: `data.aws_ami.web: UnauthorizedOperation`
    form!("data.aws_", r"\bdata\.aws_([a-z0-9_]+)\.[A-Za-z0-9_-]+(?:\[[!-~]+\])?[:,]", |c, call| {
        prose::read("describ", &c[1].replace('_', " "), call);
    }),
    // Velero keeps its backups in a bucket
    form!(
        "backup",
        r"(?i)\b(list)?(?:ing|ed|s)? ?(?:backups in )?(?:backup ?store|object store|backup storage location)\b",
        |c, call| {
            set_service(call, "s3");
            if c.get(1).is_some() {
                set_operation(call, "ListObjectsV2");
            }
        }
    ),
    // Prose: `error creating IAM Role (x):`, `Failed to create the CloudFormation stack`, `Error querying AMI`
    form!(
        "",
        r"(?i-u)\b(creat|launch|provision|run|auto-?discover|discover|poll|request|tak|register|deregister|allocat|updat|modify|delet|remov|destroy|terminat|describ|list|query|look(?:ing)? up|find|search|fetch|retriev|gett|get|putt|put|read|download|upload|validat|tagg|tag|attach|detach|associat|start|stopp|stop|invok|publish|copy|send|receiv|enabl|disabl|authoriz|revok|set|sett|add|apply|import|restor|cancel|releas|replac|chang|subscrib|scal|verify|execut|trigger|reboot|promot|rotat|generat|unsubscrib|confirm|purg|renew|export|resum|suspend|assign|unassign|disassociat|initiat|abort|untag)(?:e|ing)?(?:[ \t]+for)?[ \t]+(?:(?:the|an?|any|new|existing|temporary|required|missing|AWS|Amazon)[ \t]+)*([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?:[ \t]+(?:\([ -'*-~]{1,200}\)[ \t]+)?[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*){0,6})",
        |c, call| prose::read(&c[1], &c[2], call),
    ),
    // Serverless Framework: `Could not locate deployment bucket. Error: Access Denied`
    form!("deployment bucket", r"Could not locate deployment bucket", |_, call| {
        set_service(call, "s3");
        set_operation(call, "GetBucketLocation");
    }),
    form!("deployment bucket", r"Could not access the deployment bucket", |_, call| {
        set_service(call, "s3");
        set_operation(call, "HeadBucket");
    }),
    // s3fs looks at the bucket when it mounts it
    form!("CheckBucket", r"\bCheckBucket\(", |_, call| {
        set_service(call, "s3");
        set_operation(call, "HeadBucket");
    }),
    form!("s3fs", r"\bs3fs\b", |_, call| set_service(call, "s3")),
    // Terraform up to 1.0
    form!("launching", r"Error launching source instance", |_, call| {
        set_service(call, "ec2");
        set_operation(call, "RunInstances");
    }),
    // The reason that a tool gives when it was cut short: `(AWS::S3::BucketPolicy)`
    form!("AWS::", r"AWS::([A-Za-z0-9]+)::[A-Za-z0-9:]+", |c, call| set_service(call, &c[1])),
];
