//! Node.js and TypeScript functions: bundled with esbuild, or files with production dependencies only.

pub mod bundle;
mod dependencies;
mod flags;
mod store;
mod tool;
pub mod webpack;

pub use dependencies::{Dependencies, dependencies, with_dependencies};
pub use store::Placed;
