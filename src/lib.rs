//! rlx takes an AWS Lambda project from manifest to running stack and explains
//! every failure on the way.
//!
//! Data walks through the rooms once, front to back (see `docs/architecture.md`):
//! `manifest` → `service` → `build` → `package` → `template` → `deploy` → `diagnose`.
//! A room takes values and returns values; only [`report`] writes to a terminal,
//! only [`aws`] talks to AWS.

// The fuzz targets name the library as others do.
#[cfg(test)]
extern crate self as rlx;

pub mod aws;
pub mod build;
pub mod cli;
pub mod context;
pub mod deploy;
pub mod diagnose;
pub mod iam;
pub mod local;
pub mod manifest;
pub mod options;
pub mod package;
pub mod plan;
pub mod report;
pub mod template;
