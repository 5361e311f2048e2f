//! The part of the manifest room that reads text and resolves variables, compiled without the rest of rlx: with a
//! sanitizer's instrumentation the AWS SDK alone would take half an hour.
#![allow(dead_code, unused_imports)]

pub mod manifest;
