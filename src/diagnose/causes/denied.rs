//! Refusals that say little: the action comes from what stands around them.

use super::{Acts, Cause, Kind, Weight};

const SEARCH: &str = "Run it again with debug output to see the call, or look the request id up in CloudTrail \
                      (`rlx diagnose --request-id ID`), then allow that action to the caller.";

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "tagging-refused",
        Kind::UnknownDeny,
        &[
            "Did not have IAM permissions to process tags on {type} resource",
            "User does not have permissions to tag {type}",
        ],
    )
    .acts(Acts::Tagging)
    .says("Whoever deploys may not tag {type}")
    .fix("Allow the tagging actions of that type (tag, untag, list tags): CloudFormation puts the stack's tags on every resource."),
    Cause::new(
        "tagging-refused-unnamed",
        Kind::UnknownDeny,
        &["Encountered a permissions error performing a tagging operation"],
    )
    .weight(Weight::Bare)
    .acts(Acts::Call)
    .says("A tag could not be set; the refusal itself stands in the same message")
    .fix("Allow the tagging actions of the resource's service, or what the rest of the message names."),
    Cause::new(
        "service-linked-role",
        Kind::UnknownDeny,
        &[
            "not authorized to create or assume a service linked role",
            "ServiceLinkedRoleCreationNotPermitted",
            "permission to create the service-linked role",
            "permissions to create the service-linked role",
            "permission to create the service linked role",
            "permission to create a service-linked role",
            "not have access to create a service-linked role",
            "not authorized to create the service-linked role",
            "not authorized to create service-linked role",
            "not authorized to create a service-linked role",
            "you must enable a service-linked role",
            "unable to create service linked role",
            "Unable to create the service-linked role",
            "permission to create a Service Linked Role",
            "permissions to create a Service Linked Role",
            "permissions to create a service-linked role",
            "permission to create service linked role",
            "permissions to create service linked role",
            "Service Linked Role does not exist",
            "service-linked role does not exist",
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists",
        ],
    )
    .acts(Acts::Always("iam:CreateServiceLinkedRole"))
    .says("The service needs a service-linked role that does not exist yet, and the caller may not make it")
    .fix("Allow iam:CreateServiceLinkedRole with the condition iam:AWSServiceName, or make the role once: `aws iam create-service-linked-role`."),
    Cause::new(
        "image-not-shared",
        Kind::UnknownDeny,
        &["AuthFailure: Not authorized for images: [{resource}]", "Not authorized for images: [{resource}]", "Not authorized for image: {resource}"],
    )
    .acts(Acts::Always("ec2:RunInstances"))
    .says("The account may not use the image{ resource}: its owner has not shared it, or it was taken back")
    .fix("Have the owner share the image (launch permission, and the key of its snapshots), or name an image that exists for this account in this region."),
    Cause::new(
        "permission-set-not-assigned",
        Kind::UnknownDeny,
        &[
            "when calling the GetRoleCredentials operation: No access",
            "GetRoleCredentials * ForbiddenException: No access",
            "ForbiddenException: No access",
        ],
    )
    .acts(Acts::Always("sso:GetRoleCredentials"))
    .says("IAM Identity Center gives no credentials for this account and permission set: they are not assigned to the user")
    .fix("Compare sso_account_id and sso_role_name of the profile with what the access portal lists, or have the permission set assigned."),
    Cause::new(
        "file-system-mount-refused",
        Kind::UnknownDeny,
        &["mount.nfs4: access denied by server"],
    )
    .acts(Acts::Always("elasticfilesystem:ClientMount"))
    .says("The file system refused the mount: neither the client's role nor the file system's policy allows it")
    .fix("Allow elasticfilesystem:ClientMount (and ClientWrite) to the client's role, mount with `tls,iam`, and see the file system's policy and access point."),
    Cause::new(
        "lake-formation-refused",
        Kind::UnknownDeny,
        &["Insufficient Lake Formation permission(s)", "Insufficient Lake Formation permission"],
    )
    .acts(Acts::Call)
    .says("Lake Formation, not IAM, refused: the caller has no grant on the database or table")
    .fix("Grant the permission that the message names in Lake Formation to the caller's role (and lakeformation:GetDataAccess in IAM)."),
    Cause::new(
        "kafka-connection-refused",
        Kind::UnknownDeny,
        &["SaslAuthenticationException: * Access denied", "failed authentication due to: * Access denied"],
    )
    .acts(Acts::Always("kafka-cluster:Connect"))
    .says("The MSK cluster refused the connection: the client's role may not connect to it")
    .fix("Allow kafka-cluster:Connect on the cluster's ARN to the client's role, and kafka-cluster:*Topic*, ReadData, WriteData, AlterGroup on its topics and groups."),
    Cause::new(
        "kafka-topic-refused",
        Kind::UnknownDeny,
        &["TopicAuthorizationException: Not authorized to access topics: [{resource}]", "Not authorized to access topics: [{resource}]", "Topic authorization failed"],
    )
    .acts(Acts::Always("kafka-cluster:DescribeTopic"))
    .says("The client may not use the topic{ resource}")
    .fix("Allow kafka-cluster:DescribeTopic with ReadData or WriteData on the topic's ARN to the client's role (MSK with IAM), or add an ACL."),
    Cause::new(
        "kafka-group-refused",
        Kind::UnknownDeny,
        &["Not authorized to access group: {resource}", "Group authorization failed"],
    )
    .acts(Acts::Always("kafka-cluster:AlterGroup"))
    .says("The client may not join the consumer group{ resource}")
    .fix("Allow kafka-cluster:AlterGroup and kafka-cluster:DescribeGroup on the group's ARN to the client's role (MSK with IAM), or add an ACL."),
    Cause::new(
        "permission-named",
        Kind::UnknownDeny,
        &[
            "missing the following permissions: {action}",
            "is missing the following permission: {action}",
            "missing the following permission: {action}",
            "missing permission: {action}",
            "missing permission {action}",
            "cannot perform {action}",
            "can't perform {action}",
            "unable to perform {action}",
            "missing permissions {action}",
            "missing IAM permission {action}",
            "missing IAM permissions {action}",
            "missing the {action} permission",
            "permission error: {action}",
            "permission {action} is required",
            "requires the permission {action}",
            "missing permissions: {action}",
            "missing required permission: {action}",
            "missing required permissions: {action}",
            "missing the permission {action}",
            "lacks permission {action}",
            "lacks the permission {action}",
            "lacks the required permission {action}",
            "lacks the following permissions: {action}",
            "does not have permission to perform {action}",
            "not have required permission {action}",
            "not have the required permission {action}",
            "requires permission to {action}",
            "not granted permission to {action}",
            "does not have permissions to perform {action}",
            "does not have permission to call {action}",
            "does not have the required permissions: {action}",
            "does not have the following permissions: {action}",
            "does not have the permission {action}",
            "does not have the {action} permission",
            "don't have permission to {action}",
            "do not have permission to call {action}",
            "You don't have permissions for {action}",
            "requires the following permissions: {action}",
            "requires the {action} permission",
            "requires permission {action}",
            "required permissions: {action}",
            "needs the {action} permission",
            "You need {action} permission",
            "must have permission to {action}",
            "must have permissions to {action}",
            "must have the {action} permission",
            "have permission to perform the {action} action",
            "User is not authorized to {action} on",
            "not authorized to call {action}",
            "n't authorized to call {action}",
            "not authorized to {action}",
            "n't authorized to {action}",
            "not allowed to {action}",
            "not have permission to {action}",
            "not have permissions to {action}",
            "not have permission to perform the {action}",
            "n't have permission to perform the {action}",
            "Please add {action} permission",
            "not authorized: {action}",
            "denied permission: {action}",
            "no permission to {action}",
            "insufficient permissions: {action}",
            "Insufficient permissions to perform {action}",
            "insufficient permission to {action}",
            "Access denied: {action}",
            "permission denied: {action}",
        ],
    )
    .acts(Acts::Said)
    .says("{action} is missing")
    .fix("Allow it to the identity that makes the call."),
    Cause::new(
        "bootstrap-version-unread",
        Kind::UnknownDeny,
        &["during the confirmation via SSM parameter {resource} the following error occurred"],
    )
    .weight(Weight::Bare)
    .acts(Acts::Always("ssm:GetParameter"))
    .says("The CDK could not read the version of its bootstrap stack from {resource}")
    .fix("Allow ssm:GetParameter on the cdk-bootstrap parameters to the caller, or to the deploy role by bootstrapping again (`cdk bootstrap`)."),
    Cause::new(
        "access-to-the-resource",
        Kind::UnknownDeny,
        &["Access to the resource {resource} is denied", "Access to the resource {resource} is forbidden"],
    )
    .acts(Acts::Call)
    .says("Access to {resource} was refused")
    .fix("Allow {action} to the caller, and see the policy of the queue or topic."),
    Cause::new(
        "user-not-authorized-for-resource",
        Kind::UnknownDeny,
        &[
            "User: {principal} is not authorized to access this resource",
            "is not authorized to access this resource",
            "not authorized to access this resource",
            "are not authorized to access this resource",
            "is not authorized to access the resource",
        ],
    )
    .weight(Weight::Bare)
    .acts(Acts::Call)
    .says("The caller may not use this resource; the service does not say which action was asked for")
    .fix("From an API of your own: its authorizer refused. From AWS: allow the action of the call to the caller, and the caller in the policy of the resource."),
    Cause::new(
        "named-operation-refused",
        Kind::UnknownDeny,
        &["Access denied for operation '{operation}'"],
    )
    .weight(Weight::Bare)
    .acts(Acts::Operation)
    .says("The service behind a CloudFormation resource refused{ action}")
    .fix("Allow {action} to whoever deploys: the caller, or the service role of the stack."),
    Cause::new(
        "operation-refused",
        Kind::UnknownDeny,
        &[
            "Access denied for operation '{type}'",
            "Access denied for operation",
        ],
    )
    .weight(Weight::Bare)
    .acts(Acts::Call)
    .says("CloudFormation was refused the operation on {type}; it does not say which action")
    .fix("Allow the actions of that type's handlers to whoever deploys (the caller, or the service role of the stack): `rlx permissions` lists them."),
    Cause::new(
        "kubernetes-forbidden",
        Kind::UnknownDeny,
        &["is forbidden: User \"{principal}\" cannot", "User \"{principal}\" cannot list resource", "User \"{principal}\" cannot get resource"],
    )
    .says("Kubernetes, not IAM, refused {principal}: its roles (RBAC) do not allow it")
    .fix("Give the user or its group a Role and RoleBinding, or an EKS access entry with an access policy."),
    Cause::new(
        "service-role-refused",
        Kind::UnknownDeny,
        &["IAM role {principal} does not give you permission to perform operations in the following AWS service"],
    )
    .acts(Acts::Call)
    .says("The service role {principal} lacks permissions in another service")
    .fix("Add them to that role; AWS has a managed policy for the service's role (CodeDeploy: AWSCodeDeployRole)."),
    Cause::new(
        "search-domain-refused",
        Kind::UnknownDeny,
        &["no permissions for * and User [name={principal}, backend_roles", "no permissions for * and User [name={principal}"],
    )
    .says("OpenSearch's fine-grained access control, not IAM, refused {principal}")
    .fix("Map the user or role to a role of OpenSearch that has the permission (Security > Roles > Mapped users)."),
    Cause::new(
        "database-refused",
        Kind::UnknownDeny,
        &[
            "permission denied for table",
            "permission denied for relation",
            "permission denied for schema",
            "permission denied for database",
            "permission denied for sequence",
            "Access denied for user * (using password",
            "password authentication failed for user",
            "PAM authentication failed for user",
        ],
    )
    .says("The database refused its user, not IAM")
    .fix(
        "Check the user's password (or the secret that holds it) and its grants in the database; where the user signs in \
         with IAM, allow rds-db:connect on it.",
    ),
    Cause::new(
        "not-of-aws",
        Kind::UnknownDeny,
        &[
            "403 Forbidden * nginx",
            "403 Forbidden * Apache/",
            "403 Forbidden * cloudflare",
            "403 Forbidden * registry.npmjs.org",
            "npm ERR! 403",
            "npm error 403",
            "npm error code E403",
            "npm ERR! code E403",
            "403 Forbidden from https://upload.pypi.org",
            "403 Forbidden from https://pypi.org",
            "HTTPError: 403 Forbidden from https://",
            "unable to access 'https://github.com/ * error: 403",
            "unable to access 'https://gitlab.com/ * error: 403",
            "unable to access 'https://bitbucket.org/ * error: 403",
            "Permission to * denied to",
            "HTTP Basic: Access denied",
            "Resource not accessible by integration",
            "Permission denied (publickey",
            "Request blocked. * CloudFront",
            "Generated by cloudfront (CloudFront)",
            "unauthorized: authentication required",
            "unauthorized: incorrect username or password",
            "permission_denied: write_package",
            "permission_denied: The token provided does not match expected scopes",
            "permission denied while trying to connect to the Docker daemon",
            "EACCES: permission denied",
            "403 Forbidden (https://github.com/",
            "rb_sysopen",
            "[Errno 13] Permission denied",
            "PermissionError: [Errno 13]",
            "bash: * Permission denied",
            "sh: * Permission denied",
            "open * permission denied",
            "mkdir * permission denied",
            "API rate limit exceeded for",
        ],
    )
    .weight(Weight::Bare)
    .says("This was refused by a web server, a package registry, a code host or this machine, not by IAM")
    .fix("No policy of AWS helps: see to the credentials, token or file permissions of the service that the message names."),
    Cause::new(
        "encoded-message",
        Kind::UnknownDeny,
        &["Encoded authorization failure message", "encoded authorization message"],
    )
    .weight(Weight::Bare)
    .acts(Acts::Call)
    .says("EC2 refused, and put the reason into an encoded message")
    .fix("Decode it: `aws sts decode-authorization-message --encoded-message ...` (needs sts:DecodeAuthorizationMessage); rlx does that where it may."),
    Cause::new(
        "log-delivery",
        Kind::UnknownDeny,
        &["Insufficient permissions to enable logging", "is not authorized to perform: logs:CreateLogDelivery"],
    )
    .says("The caller may not set up log delivery, or the log group's resource policy is full")
    .fix("Allow logs:CreateLogDelivery, logs:PutResourcePolicy and logs:DescribeResourcePolicies; name log groups /aws/vendedlogs/ so that the resource policy (5,120 characters) does not fill up."),
    Cause::new(
        "access-denied",
        Kind::UnknownDeny,
        &[
            "AccessDenied",
            "Access Denied",
            "Action not allowed with tested creds",
            "Tested creds not able to perform all requested actions",
            // The SDK for C++, and what is built on it
            "AWS Error ACCESS_DENIED",
            "AWS Error [code 15]",
            "[AWS * 403 * retries]",
            "access is denied",
            "access was denied",
            "Access to * is denied",
            "Operation Denied",
            "returned error: 403",
            "Permission denied",
            "UnauthorizedOperation",
            "Unable to determine service/operation name to be authorized",
            "not authorized to perform this operation",
            "not authorized to perform this action",
            "not authorized to perform the requested",
            "AuthorizationError",
            "AuthorizationErrorException",
            "UnauthorizedException",
            "NotAuthorizedException",
            "NotAuthorized",
            "not authorized",
            "Unauthorized",
            "403 Forbidden",
            "HTTP 403",
            "status code: 403",
            "StatusCode: 403",
            "Status Code: 403",
            "\"statusCode\":403",
            "statusCode: 403",
            "error code: 403",
            "(403)",
            "Forbidden",
            "ForbiddenException",
            "Client.UnauthorizedOperation",
            "lack the necessary AWS permissions",
            "does not give you permission to perform operations",
            "isn't authorized",
            "aren't authorized",
            "do not have permission",
            "do not have the permission",
            "please make sure you have permission",
            "please make sure you have the permission",
            "please check that you have permission",
            "please check your permissions",
            "make sure you have the right permissions",
            "make sure you have the necessary permissions",
            "make sure you have the required permissions",
            "make sure you have the correct permissions",
            "make sure you have sufficient permissions",
            "does not have the permission",
            "not granted permission",
            "does not have permission",
            "doesn't have permission",
            "don't have permission",
            "do not have sufficient",
            "does not have sufficient permissions",
            "insufficient permissions",
            "insufficient privileges",
            "insufficient IAM permissions",
            "insufficient IAM privileges",
            "insufficient AWS permissions",
            "insufficient AWS privileges",
            "insufficient access rights",
            "missing permissions",
            "lacks permission",
            "requested access to the resource is denied",
            "not have the required permissions",
            "not have required permissions",
            "no permission to",
            "OperationNotPermitted",
            "not permitted",
            "not allowed to",
        ],
    )
    .weight(Weight::Bare)
    .acts(Acts::Call)
    .says("AWS refused{ action}; the message does not say which policy decided")
    .fix(SEARCH),
];
