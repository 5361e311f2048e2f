//! Policies and settings of resources: repositories, queues, topics, functions.

use super::{Acts, Cause, Kind};

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "image-pull-refused",
        Kind::ResourcePolicy,
        &[
            "failed to resolve ref {resource}: unexpected status from HEAD request",
            "CannotPullContainerError * failed to resolve ref {resource}: * 403 Forbidden",
            "CannotPullContainerError * 403 Forbidden",
            "pull access denied for {resource}, repository does not exist or may require",
            "Failed to pull image \"{resource}\" * 403 Forbidden",
            "failed to authorize: failed to fetch * 403 Forbidden",
        ],
    )
    .acts(Acts::Always("ecr:BatchGetImage"))
    .says("The registry refused to hand out the image {resource}: the repository's policy does not name this account, or it is not there in this region")
    .fix("Allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer to the pulling account in the repository's policy (and ecr:GetAuthorizationToken in the puller's role), or use the registry of this region."),
    Cause::new(
        "image-not-for-lambda",
        Kind::ResourcePolicy,
        &[
            "function does not have permission to access the specified image",
            "Lambda does not have permission to access the ECR image",
            "does not have permission to access the ECR image",
            "Source image {resource} is not valid. Provide a valid source image",
            "Lambda does not have permission to access the image",
        ],
    )
    .acts(Acts::Always("ecr:BatchGetImage"))
    .says("Lambda may not fetch the image: the repository's policy does not name lambda.amazonaws.com")
    .fix("Allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer to the service principal lambda.amazonaws.com in the repository's policy; the repository must be in the function's region."),
    Cause::new(
        "function-permission-missing",
        Kind::ResourcePolicy,
        &[
            "Invalid permissions on Lambda function",
            "not authorized to invoke the function",
            "Not authorized to invoke function [{resource}]",
            "principal does not have permission to invoke {resource} from",
            "principal does not have permission to invoke",
            "invocation failed due to error AccessDeniedException",
            "Not authorized to invoke function",
            "does not have permission to invoke the lambda",
            "is not authorized to invoke the Lambda function",
            "Please add permissions to the Lambda function",
            "not authorized to invoke lambda",
            "Lambda function * does not allow * to invoke",
            "Access denied while trying to invoke lambda",
            "CloudWatch Logs does not have permission to invoke",
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function",
        ],
    )
    .acts(Acts::Always("lambda:InvokeFunction"))
    .says("The function's policy does not let the service invoke it")
    .fix("Add an AWS::Lambda::Permission with the service as Principal and the caller's ARN as SourceArn: mostly that ARN is wrong (stage, method, API id)."),
    Cause::new(
        "function-url-refused",
        Kind::ResourcePolicy,
        &["Forbidden. For troubleshooting Function URL authorization issues", "function URL authorization issues"],
    )
    .acts(Acts::Always("lambda:InvokeFunctionUrl"))
    .says("The function's URL refused the request: its policy lacks one of the two permissions that a URL needs")
    .fix("Allow both lambda:InvokeFunctionUrl and lambda:InvokeFunction in the function's policy (with lambda:FunctionUrlAuthType NONE for a public one), or sign the request for AWS_IAM."),
    Cause::new(
        "queue-policy",
        Kind::ResourcePolicy,
        &[
            "Unable to validate the following destination configurations. Permissions on the destination queue do not allow S3",
            "Permissions on the destination queue do not allow",
            "does not have permission to send messages to the queue",
            "is not authorized to send messages to the queue",
            "not allowed to send messages to SQS queue {resource}",
            "the policy of the queue does not allow",
            "queue policy does not allow",
        ],
    )
    .acts(Acts::Always("sqs:SendMessage"))
    .says("The policy of the queue does not let the service send to it")
    .fix("Allow sqs:SendMessage to the service (with aws:SourceArn of the sender) in the queue's policy; an encrypted queue needs the service in its key's policy too."),
    Cause::new(
        "topic-policy",
        Kind::ResourcePolicy,
        &[
            "Unable to validate the following destination configurations. Permissions on the destination topic do not allow S3",
            "Permissions on the destination topic do not allow",
            "SNS topic policy",
            "topic policy is incorrect",
            "Access Denied for SNS topic",
            "does not grant * permission to publish to the SNS topic",
            "InsufficientSnsTopicPolicyException",
            "Insufficient delivery policy to SNS topic: {resource}",
            "does not have permission to publish to the topic",
            "does not have permission to publish to the SNS topic",
            "is not authorized to publish to the SNS topic",
            "not authorized to publish to topic",
        ],
    )
    .acts(Acts::Always("sns:Publish"))
    .says("The policy of the topic does not let the service publish to it")
    .fix("Allow sns:Publish to the service (with aws:SourceArn or aws:SourceAccount) in the topic's policy; an encrypted topic needs the service in its key's policy too."),
    Cause::new(
        "log-bucket-policy",
        Kind::ResourcePolicy,
        &[
            "Access Denied for bucket: {resource}. Please check S3bucket permission",
            "Access Denied for bucket: {resource}. Please check S3 bucket permission",
            "Access Denied for LogDestination: {resource}. Please check LogDestination permission",
            "Incorrect S3 bucket policy is detected for bucket: {resource}",
            "Insufficient delivery policy to S3 bucket: {resource}",
            "Please make sure the bucket policy",
            "Please check S3bucket permission",
            "InsufficientS3BucketPolicyException",
            "InsufficientDeliveryPolicyException",
            "LogDestinationPermissionIssueException",
            "bucket policy does not allow * to write",
            "does not have permission to write to the S3 bucket",
            "does not have permission to write to the bucket",
        ],
    )
    .acts(Acts::Always("s3:PutObject"))
    .says("The policy of the bucket{ resource} does not let the service write its files there")
    .fix("Allow s3:PutObject (and s3:GetBucketAcl where the service asks for it) to the service in the bucket's policy, for the prefix of this account."),
    Cause::new(
        "notification-destination",
        Kind::ResourcePolicy,
        &["Unable to validate the following destination configurations"],
    )
    .says("The bucket may not send its notifications to the function, queue or topic: their policies do not name s3.amazonaws.com with this bucket")
    .fix("Add the permission (AWS::Lambda::Permission, queue or topic policy with aws:SourceArn of the bucket), and let the bucket depend on it."),
    Cause::new(
        "public-access-block",
        Kind::ResourcePolicy,
        &[
            "public ACLs are prevented by the BlockPublicAcls setting",
            "public policies are prevented by the BlockPublicPolicy setting",
            "because public policies are blocked by the BlockPublicPolicy block public access setting",
            "prevented by the BlockPublicPolicy",
            "BlockPublicPolicy",
            "BlockPublicAcls",
            "because public access is prevented by",
            "block public access setting",
            "S3 Block Public Access",
            "RestrictPublicBuckets",
            "IgnorePublicAcls",
        ],
    )
    .says("S3 Block Public Access forbids public ACLs and policies on this bucket or in this account")
    .fix("Leave the bucket private (CloudFront with origin access control), or set PublicAccessBlockConfiguration on the bucket, and on the account where it is set there."),
    Cause::new(
        "acl-not-supported",
        Kind::ResourcePolicy,
        &[
            "AccessControlListNotSupported",
            "bucket does not allow ACLs",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
            "InvalidBucketAclWithObjectOwnership",
        ],
    )
    .says("The bucket takes no ACLs: its object ownership is BucketOwnerEnforced, the default since 2023")
    .fix("Leave out the ACL, or set OwnershipControls to BucketOwnerPreferred."),
    Cause::new(
        "policy-lacks-service",
        Kind::ResourcePolicy,
        &[
            "InsufficientLogDeliveryPermission",
            "no resource-based policies allow access",
            "The resource policy does not allow",
            "Resource policy does not allow",
            "layer version * not accessible",
            "RepositoryPolicyNotFoundException",
        ],
    )
    .says("The policy of the resource does not let the service or the other account use it")
    .fix("Name the service (with aws:SourceArn or aws:SourceAccount) or the account in the policy of the resource."),
];
