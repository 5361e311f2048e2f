//! Clients, credentials, endpoint, retries and the call log: the only room that talks to AWS.
