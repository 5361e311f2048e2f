//! Where `${...}` values come from and how they are resolved.
