//! What CloudFormation, IAM or Lambda would refuse half way through a deploy, found in the template before
//! anything is uploaded.

mod dependencies;
mod names;
mod policies;
mod size;

pub use dependencies::references;

use super::Template;
use crate::manifest::Problems;

/// What the checks read beside the template.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The stack's name, a part of names that CloudFormation makes.
    pub stack: &'a str,
    /// The region, a part of names that hold `AWS::Region`.
    pub region: &'a str,
}

/// All findings, as errors: a stack of this template cannot be deployed.
pub fn check(template: &Template, target: Target<'_>) -> Problems {
    let mut problems = Problems::default();
    size::check(template, &mut problems);
    names::check(template, target, &mut problems);
    policies::check(template, target, &mut problems);
    dependencies::check(template, &mut problems);
    problems
}
