//! Template + artifacts → a running stack, and an Outcome that tells what happened.
