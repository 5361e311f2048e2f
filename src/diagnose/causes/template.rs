//! Templates and properties that AWS does not take.

use super::{Cause, Kind, Weight};

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "circular-dependency",
        Kind::TemplateInvalid,
        &["Circular dependency between resources: {name}", "Circular dependency between resources", "circular dependency"],
    )
    .says("The resources depend on each other in a circle: {name}")
    .fix("Break the circle: a name instead of a Ref (Fn::Sub with the known name), or a resource of its own for the link (AWS::Lambda::Permission, AWS::IAM::Policy, bucket notification on an existing bucket)."),
    Cause::new(
        "runtime-unknown",
        Kind::TemplateInvalid,
        &[
            "Value {name} at 'runtime' failed to satisfy constraint",
            "at 'runtime' failed to satisfy constraint: Member must satisfy enum value set",
            "The runtime parameter of {name} is no longer supported for creating or updating",
            "is no longer supported for creating or updating AWS Lambda functions",
            "runtime parameter * is no longer supported",
        ],
    )
    .says("Lambda in this region does not take the runtime {name}: not yet there, or retired")
    .fix("Set a current runtime (`provider.runtime`); a new one reaches the regions over some weeks."),
    Cause::new(
        "unresolved-dependency",
        Kind::TemplateInvalid,
        &[
            "Unresolved resource dependencies [{name}]",
            "Template format error: {name}",
            "Template format error",
            "Template error: {name}",
            "Template error",
            "Template validation error",
            "Invalid template property or properties",
            "Template contains errors",
            "instance of Fn::GetAtt references undefined resource {name}",
            "Parameters: [{name}] must have values",
            "Encountered unsupported property {name}",
            "Properties validation failed for resource {name} with",
            "Model validation failed",
            "extraneous key [{name}] is not permitted",
            "required key [{name}] not found",
            "failed validation constraint for keyword",
            "Requires capabilities : [{name}]",
            "InsufficientCapabilities",
            "Unrecognized resource types",
            "Value of property {name} must be",
            "MalformedPolicyDocument",
            "Invalid principal in policy",
            "Syntax errors in policy",
            "HandlerErrorCode: InvalidRequest",
        ],
    )
    .weight(Weight::Bare)
    .says("CloudFormation or the service does not take the template or a property of it")
    .fix("Mend the property that the message names; `rlx package` then shows the template."),
    Cause::new(
        "replacement-of-named-resource",
        Kind::TemplateInvalid,
        &[
            "cannot update a stack when a custom-named resource requires replacing",
            "Cannot update a stack when a custom-named resource requires replacing",
            "Rename {name} and update the stack again",
        ],
    )
    .says("The change replaces a resource that has a name of its own, and two of that name cannot be at once")
    .fix("Give the resource another name in this deploy, or leave the name to CloudFormation."),
    Cause::new(
        "not-found",
        Kind::NotFound,
        &[
            "HandlerErrorCode: NotFound",
            "ResourceNotFoundException",
            "NoSuchBucket",
            "The specified bucket does not exist",
            "NoSuchEntity",
            "NoSuchKey",
            "The specified key does not exist",
            "StateMachineDoesNotExist",
            "ParameterNotFound",
            "Source image * does not exist",
        ],
    )
    .weight(Weight::Bare)
    .says("Something that the template or the call refers to is not there")
    .fix("Check its name, region and account, and that it is made before it is used (DependsOn)."),
];
