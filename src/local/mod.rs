//! This machine: the emulator's life, and functions run here (`run`).
//!
//! Stage `local` runs on MiniStack at a pinned version: no AWS account,
//! no docker. One emulator per machine cache; every rlx finds it through `<cache>/local/emulator.json`.
//! It runs Python functions with the interpreter that it was installed with, Node.js functions with `node`,
//! and `provided.*` ones as processes.

mod emulator;
mod error;
mod install;
mod node_sdk;
mod probe;
mod process;
pub mod run;
mod state;

pub use emulator::{Options, Status, Stopped, start, status, stop};
pub use error::LocalError;
pub use install::MINISTACK;
pub use node_sdk::provide as provide_node_sdk;
pub use state::{Emulator, PythonVersion};
