//! What is done beside the template once a stack has changed, and before it is removed: the work of plugins that
//! act on a deployed stack.
//!
//! All of it is part of a deploy's fingerprint, so that a deploy that would do the same again does nothing.

pub mod deployment_bucket;
pub mod domain;
mod protection;
mod prune;
pub mod sync;
mod warm;

pub use protection::NAME as TERMINATION_PROTECTION;
pub use prune::NAME as PRUNE;

use super::DeployError;
use super::progress::Watch;
use super::stack::Stack;
use crate::aws::Aws;
use crate::iam::requirements::OwnCall;
use crate::manifest::Service;
use crate::manifest::plugins::{Key, warmup};
use serde::Serialize;

/// The keys below `custom` of these plugins.
pub const TERMINATION_PROTECTION_KEYS: &[Key] =
    &[Key { name: "serverlessTerminationProtection", schema: protection::schema }];
/// The keys below `custom` of these plugins.
pub const PRUNE_KEYS: &[Key] = &[Key { name: "prune", schema: prune::schema }];

/// What a service wants to be done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct After {
    #[serde(skip_serializing_if = "Option::is_none")]
    protection: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prune: Option<prune::Prune>,
    #[serde(skip_serializing_if = "domain::Domains::is_empty")]
    domains: domain::Domains,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    folders: Vec<sync::Folder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<deployment_bucket::DeploymentBucket>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warmers: Vec<warmup::Prewarm>,
}

impl After {
    /// What a service's plugins and their settings ask for.
    pub fn of(service: &Service) -> Self {
        Self {
            protection: protection::wanted(service),
            prune: prune::Prune::of(service),
            domains: domain::Domains::of(service),
            folders: sync::folders(service),
            bucket: deployment_bucket::DeploymentBucket::of(service),
            warmers: warmup::prewarms(service),
        }
    }

    /// Whether there is nothing to do.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a stack is as wanted where that can be told from its description.
    pub fn holds(&self, stack: &Stack) -> bool {
        self.protection.is_none_or(|protected| protected == stack.termination_protection)
    }

    /// The calls that it makes, for permissions.
    pub fn calls(&self, stack: &str) -> Vec<OwnCall> {
        let mut calls = Vec::new();
        if self.protection.is_some() {
            calls.extend(protection::calls(stack));
        }
        if let Some(prune) = &self.prune {
            calls.extend(prune.calls());
        }
        calls.extend(self.domains.calls());
        calls.extend(warm::calls(&self.warmers));
        calls.extend(self.bucket.iter().flat_map(|bucket| bucket.calls()));
        calls
    }

    /// Makes the deployment bucket what it shall be, before anything is put there.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn prepare(&self, aws: &Aws, watch: Watch<'_>) -> Result<(), DeployError> {
        match &self.bucket {
            Some(bucket) => Ok(bucket.ensure(aws, watch).await?),
            None => Ok(()),
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Something was refused or failed. What comes after it was not done; the next deploy does it.
    pub async fn run(&self, aws: &Aws, stack: &Stack, watch: Watch<'_>) -> Result<(), DeployError> {
        if let Some(protected) = self.protection.filter(|protected| *protected != stack.termination_protection) {
            protection::set(aws, stack, protected, watch).await?;
        }
        self.domains.map(aws, stack, watch).await?;
        for folder in &self.folders {
            sync::copy(aws, stack, folder, watch).await?;
        }
        if let Some(prune) = &self.prune {
            prune.run(aws, watch).await;
        }
        warm::run(aws, &self.warmers, watch).await;
        Ok(())
    }

    /// Undoes what would outlive the stack, or keep it from being removed.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn undo(aws: &Aws, service: &Service, stack: &Stack, watch: Watch<'_>) -> Result<(), DeployError> {
        domain::Domains::of(service).unmap(aws, stack, watch).await?;
        sync::clear(aws, service, stack, watch).await
    }
}
