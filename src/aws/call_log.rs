//! Every AWS call of this run: counted, and told with `-v` (retries) or `-vv` (all).

use crate::report::Report;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Counts and tells AWS calls.
#[derive(Debug, Clone)]
pub struct CallLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    report: Report,
    attempts: AtomicU32,
    retries: AtomicU32,
}

impl CallLog {
    pub(super) fn new(report: Report) -> Self {
        Self(Arc::new(Inner { report, attempts: AtomicU32::new(0), retries: AtomicU32::new(0) }))
    }

    /// Requests sent, retries included.
    pub fn count(&self) -> u32 {
        self.0.attempts.load(Ordering::Relaxed)
    }

    /// Requests that were repeated.
    pub fn retries(&self) -> u32 {
        self.0.retries.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, call: &Call<'_>) {
        self.0.attempts.fetch_add(1, Ordering::Relaxed);
        if call.attempt > 1 {
            self.0.retries.fetch_add(1, Ordering::Relaxed);
        }
        let Call { service, operation, attempt, took, status, code, request_id } = call;
        let retried = call.attempt > 1
            || call.status.is_none_or(|s| s >= 500 || s == 429)
            || code.is_some_and(|code| code.contains("Throttl"));
        if self.0.report.verbosity >= 2 || (retried && self.0.report.verbosity == 1) {
            let status = status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
            let status = code.map_or(status.clone(), |code| format!("{status} {code}"));
            let attempt = if *attempt > 1 { format!(" attempt {attempt}") } else { String::new() };
            let request = request_id.map(|id| format!(" request {id}")).unwrap_or_default();
            let millis = took.as_millis();
            self.0.report.note(&format!("  aws {service} {operation}: {status} in {millis} ms{attempt}{request}"));
        }
    }
}

/// One request and its answer.
pub(super) struct Call<'a> {
    pub(super) service: &'a str,
    pub(super) operation: &'a str,
    /// From 1.
    pub(super) attempt: u32,
    pub(super) took: Duration,
    /// HTTP status; none where there was no answer.
    pub(super) status: Option<u16>,
    /// Such as `Throttling`.
    pub(super) code: Option<&'a str>,
    pub(super) request_id: Option<&'a str>,
}

/// When the attempt began.
#[derive(Debug)]
struct Started(Instant);

impl Storable for Started {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "rlx call log"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Started(Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let metadata = config.load::<Metadata>();
        let headers = context.response().map(|r| r.headers());
        let failed = context.response().filter(|answer| !answer.status().is_success());
        self.add(&Call {
            service: metadata.map_or("AWS", Metadata::service),
            operation: metadata.map_or("call", Metadata::name),
            attempt: config.load::<RequestAttempts>().map_or(1, |a| a.attempts()),
            took: config.load::<Started>().map(|s| s.0.elapsed()).unwrap_or_default(),
            code: failed.and_then(|answer| super::error::code_in(answer.body().bytes()?)),
            status: context.response().map(|r| r.status().as_u16()),
            request_id: headers.and_then(super::error::request_id),
        });
        Ok(())
    }
}
