//! Failure evidence → cause → remedy.
