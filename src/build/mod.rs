//! A function's sources → a staged tree of files, and why it was rebuilt or reused.
