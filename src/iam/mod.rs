//! IAM facts, policies and their evaluation, and what permissions a template requires.
