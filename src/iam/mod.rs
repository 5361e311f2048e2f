//! IAM facts, policies and their evaluation, and what permissions a template requires.

pub mod catalogue;
mod table;
pub mod wildcard;
