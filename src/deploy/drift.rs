//! What was changed past CloudFormation.

use crate::aws::{Aws, AwsError, Named};
use aws_sdk_cloudformation::types::{StackDriftDetectionStatus, StackResourceDriftStatus};
use std::time::Duration;

/// A resource that is not what the template says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Logical id.
    pub logical_id: String,
    /// Such as `AWS::SQS::Queue`.
    pub resource_type: String,
    /// `MODIFIED` or `DELETED`.
    pub status: String,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// A property that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Such as `/VisibilityTimeout`.
    pub path: String,
    /// What the template says.
    pub expected: String,
    /// What is.
    pub actual: String,
}

/// Compares a stack with its template.
pub async fn detect(aws: &Aws, stack: &str) -> Result<Vec<Drift>, AwsError> {
    let started = aws
        .cloudformation()
        .detect_stack_drift()
        .stack_name(stack)
        .send()
        .await
        .named("CloudFormation", "DetectStackDrift")?;
    let id = started.stack_drift_detection_id.unwrap_or_default();
    let mut pause = Duration::from_millis(if aws.endpoint().is_loopback() { 50 } else { 1000 });
    loop {
        let status = aws
            .cloudformation()
            .describe_stack_drift_detection_status()
            .stack_drift_detection_id(&id)
            .send()
            .await
            .named("CloudFormation", "DescribeStackDriftDetectionStatus")?;
        // A detection that failed for some resources still tells of the others.
        if status.detection_status != Some(StackDriftDetectionStatus::DetectionInProgress) {
            break;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(5));
    }
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = aws
            .cloudformation()
            .describe_stack_resource_drifts()
            .stack_name(stack)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Modified)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Deleted)
            .set_next_token(next)
            .send()
            .await
            .named("CloudFormation", "DescribeStackResourceDrifts")?;
        for drift in page.stack_resource_drifts.unwrap_or_default() {
            let differences = drift.property_differences.unwrap_or_default();
            found.push(Drift {
                logical_id: drift.logical_resource_id.unwrap_or_default(),
                resource_type: drift.resource_type.unwrap_or_default(),
                status: drift.stack_resource_drift_status.map(|s| s.as_str().to_owned()).unwrap_or_default(),
                differences: differences
                    .into_iter()
                    .map(|d| Difference {
                        path: d.property_path.unwrap_or_default(),
                        expected: d.expected_value.unwrap_or_default(),
                        actual: d.actual_value.unwrap_or_default(),
                    })
                    .collect(),
            });
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(found);
        }
    }
}
