//! Lambda's runtime API for one invocation (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::io::Cursor;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tiny_http::{Header, Method, Request, Response, Server};

/// The one id of an invocation here.
pub(super) const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000001";

/// The server that a runtime asks for its event and gives its answer to; on loopback only.
pub(super) struct RuntimeApi(Server);

/// What the runtime is given.
pub(super) struct Given<'a> {
    pub(super) event: &'a [u8],
    pub(super) function_arn: String,
    pub(super) client_context: Option<&'a str>,
    pub(super) timeout: Duration,
}

/// What the runtime said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing, in the time that was waited.
    Nothing,
    /// It asked for the event and got it.
    Asked,
    /// The function's answer.
    Answered(String),
    /// The function's error, or that of its loading.
    Failed(String),
}

impl RuntimeApi {
    /// Listens on a free port.
    pub(super) fn bind() -> Result<Self, String> {
        Server::http("127.0.0.1:0").map(Self).map_err(|error| error.to_string())
    }

    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub(super) fn address(&self) -> String {
        self.0.server_addr().to_string()
    }

    /// Waits for a request and answers it.
    pub(super) fn next_request<'a>(&self, wait: Duration, given: &dyn Fn() -> Given<'a>) -> Said {
        let Ok(Some(mut request)) = self.0.recv_timeout(wait) else { return Said::Nothing };
        let path = request.url().trim_start_matches("/2018-06-01/runtime/").to_owned();
        let mut body = Vec::new();
        // A runtime that breaks off is seen by its end.
        let _ = request.as_reader().read_to_end(&mut body);
        let body = String::from_utf8_lossy(&body).into_owned();
        let is_post = *request.method() == Method::Post;
        let (status, said) = match path.as_str() {
            "invocation/next" if !is_post => {
                answer(request, event(&given()));
                return Said::Asked;
            }
            "init/error" if is_post => (202, Said::Failed(body)),
            path if is_post && path.ends_with("/response") => (202, Said::Answered(body)),
            path if is_post && path.ends_with("/error") => (202, Said::Failed(body)),
            _ => (404, Said::Nothing),
        };
        answer(request, Response::from_string("{\"status\":\"OK\"}").with_status_code(status));
        said
    }
}

fn answer(request: Request, response: Response<Cursor<Vec<u8>>>) {
    // As above: whoever does not listen any more is seen by its end.
    let _ = request.respond(response);
}

fn event(given: &Given<'_>) -> Response<Cursor<Vec<u8>>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let headers = [
        ("Content-Type", Some("application/json".to_owned())),
        ("Lambda-Runtime-Aws-Request-Id", Some(REQUEST_ID.to_owned())),
        ("Lambda-Runtime-Deadline-Ms", Some((now + given.timeout).as_millis().to_string())),
        ("Lambda-Runtime-Invoked-Function-Arn", Some(given.function_arn.clone())),
        ("Lambda-Runtime-Trace-Id", Some("Root=1-00000000-000000000000000000000001;Sampled=0".to_owned())),
        ("Lambda-Runtime-Client-Context", given.client_context.map(str::to_owned)),
    ];
    let mut response = Response::from_data(given.event);
    for (name, value) in headers {
        // Header values are ASCII: a client context is sent as JSON with escapes.
        if let Some(Ok(header)) = value.map(|value| Header::from_bytes(name, escaped(&value))) {
            response.add_header(header);
        }
    }
    response
}

/// JSON text in ASCII.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            ' '..='~' => out.push(c),
            '\n' | '\r' | '\t' => out.push(' '),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_context_fits_a_header() {
        assert_eq!(escaped("{\"a\":\"ü😀\"}"), "{\"a\":\"\\u00fc\\ud83d\\ude00\"}");
    }
}
