//! End to end: rlx as users run it, against the emulator.

mod api_stage;
mod bad_input;
mod cut_off;
mod deploy;
mod diagnose;
mod docs;
mod emulator;
mod evaluators;
mod existing;
mod faults;
mod harness;
mod invoke_local;
mod life;
mod orders;
mod packages;
mod packages_interrupted;
mod packages_locked;
mod packages_refused;
mod packages_web;
mod permissions;
mod plan;
mod plugins;
mod refusals;
mod scripted;
mod templates;
mod users;
