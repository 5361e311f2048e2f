//! What may stand where in a manifest: the one schema from which validation, the published JSON Schema and the reference page come.
