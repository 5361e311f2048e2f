//! End to end: rlx as users run it, against the emulator.

mod deploy;
mod harness;
