//! The emulator's life and functions that run here.
