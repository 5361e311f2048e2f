//! IAM facts, policies and their evaluation, and what permissions a template requires.

pub mod catalogue;
pub mod evaluate;
pub mod policy;
pub mod preflight;
pub mod render;
pub mod requirements;
mod table;
pub mod trust;
pub mod wildcard;
