//! The distribution and its outputs.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudfront-distribution.html>

use super::behavior::Behaviors;
use super::origin::Origins;
use crate::manifest::Problem;
use crate::template::naming::cloud_front as id;
use crate::template::value::{get_att, reference};
use crate::template::{Compilation, EventUse};
use serde_json::json;

/// Adds the distribution of all events, the first of which is `event`.
pub(super) fn add(it: &mut Compilation<'_>, origins: Origins, behaviors: Behaviors, event: &EventUse<'_>) {
    let Some((default, others)) = behaviors.into_properties(origins.default_id()) else {
        it.problems.push(
            Problem::at(&event.path, "which of the origins serves all other paths cannot be told")
                .help("add `isDefaultOrigin: true` to one event, or leave out its `pathPattern`"),
        );
        return;
    };
    let mut config = json!({
        "Comment": format!("{} {}", it.service.name, it.service.stage),
        "Enabled": true,
        "DefaultCacheBehavior": default,
        "Origins": origins.into_property(),
    });
    if !others.is_empty() {
        config["CacheBehaviors"] = others.into();
    }
    let resource = json!({
        "Type": "AWS::CloudFront::Distribution",
        "Properties": { "DistributionConfig": config },
    });
    it.add_resource(id::DISTRIBUTION, resource, &event.path);
    it.template.set_output(
        id::DISTRIBUTION,
        json!({ "Description": "CloudFront Distribution Id", "Value": reference(id::DISTRIBUTION) }),
    );
    it.template.set_output(
        id::DISTRIBUTION_DOMAIN_NAME,
        json!({
            "Description": "CloudFront Distribution Domain Name",
            "Value": get_att(id::DISTRIBUTION, "DomainName"),
        }),
    );
}
