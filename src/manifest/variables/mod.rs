//! Where `${...}` values come from and how they are resolved.
//!
//! Resolution is driven by demand: a value is resolved when the walk over the manifest, or a reference from another
//! value, reaches it, and only once. Questions to AWS are gathered while everything else is resolved, asked together,
//! and the values that wait for them are resolved in a further round.

mod explain;
pub mod grammar;
mod interpolate;
mod lookup;
mod remote;
mod resolve;
mod resolver;
mod sources;
mod tree;

pub use explain::Explanation;
pub use remote::{Found, Lookup, Offline, Remote, RemoteError, Scope};
pub use resolve::{Resolution, Unresolved, World, aws_env, expand, resolve};
