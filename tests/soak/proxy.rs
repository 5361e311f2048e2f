//! Stands between rlx and the emulator, on the loopback interface alone, and does to requests what a plan says.

use super::plan::{Fault, Plan};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than rlx waits for an answer, see [`super::life::TIMEOUT`].
const SILENCE: Duration = Duration::from_millis(3600);

/// A running proxy; it ends with the process.
pub struct Proxy {
    shared: Arc<Shared>,
    /// Its address, as `AWS_ENDPOINT_URL` takes it.
    pub url: String,
}

struct Shared {
    upstream: String,
    plan: Mutex<Arc<Plan>>,
    /// The rlx that is to be killed where the plan says so.
    victim: Mutex<Option<Pid>>,
    counts: Mutex<BTreeMap<Fault, u64>>,
    log: Mutex<Vec<String>>,
}

impl Proxy {
    /// In front of an address such as `127.0.0.1:4566`.
    pub fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            plan: Mutex::new(Arc::new(Plan::quiet())),
            victim: Mutex::default(),
            counts: Mutex::default(),
            log: Mutex::default(),
        });
        let server = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = server.clone();
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { shared, url }
    }

    /// What happens from now on. The requests so far are forgotten.
    pub fn plan(&self, plan: Plan) {
        *self.shared.plan.lock().unwrap() = Arc::new(plan);
        self.shared.log.lock().unwrap().clear();
    }

    /// Who is killed where the plan says so.
    pub fn victim(&self, process: Option<u32>) {
        *self.shared.victim.lock().unwrap() = process.and_then(|id| Pid::from_raw(id as i32));
    }

    /// The requests since the last plan, with what happened to them.
    pub fn log(&self) -> Vec<String> {
        self.shared.log.lock().unwrap().clone()
    }

    /// How often each fault happened.
    pub fn counts(&self) -> BTreeMap<Fault, u64> {
        self.shared.counts.lock().unwrap().clone()
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
        let Some(head) = peek(&stream) else { return };
        let operation = operation(&head);
        let plan = self.plan.lock().unwrap().clone();
        let fault = plan.next(&operation);
        if let Some(fault) = fault {
            *self.counts.lock().unwrap().entry(fault).or_default() += 1;
        }
        self.log.lock().unwrap().push(format!("{operation} {}", fault.map_or(String::new(), |f| format!("{f:?}"))));
        if fault == Some(Fault::Reset) {
            // What was sent is left unread: the kernel answers with a reset.
            return;
        }
        let Some(request) = read_request(&mut stream) else { return };
        match fault {
            Some(Fault::Timeout) => return std::thread::sleep(SILENCE),
            Some(Fault::KillBefore) => return self.signal(Signal::KILL),
            Some(fault @ (Fault::Internal | Fault::Unavailable | Fault::Throttled | Fault::Expired)) => {
                let _ = stream.write_all(&refusal(&operation, fault));
                let _ = stream.shutdown(Shutdown::Write);
                return;
            }
            _ => {}
        }
        let Some(answer) = self.forward(&request) else { return };
        match fault {
            Some(Fault::LostAnswer) => {}
            Some(Fault::LateAnswer) => std::thread::sleep(SILENCE),
            Some(Fault::KillAfter) => self.signal(Signal::KILL),
            Some(Fault::Truncated) => {
                let _ = stream.write_all(&answer[..answer.len() * 2 / 3]);
            }
            Some(Fault::Slow) => {
                for piece in answer.chunks((answer.len() / 4).max(1)) {
                    if stream.write_all(piece).is_err() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(60));
                }
            }
            other => {
                if other == Some(Fault::Interrupt) {
                    self.signal(Signal::INT);
                }
                let _ = stream.write_all(&answer);
            }
        }
        let _ = stream.shutdown(Shutdown::Write);
    }

    /// Under the lock, so that the process has not been waited for, and its id is nobody else's.
    fn signal(&self, signal: Signal) {
        if let Some(victim) = *self.victim.lock().unwrap() {
            let _ = kill_process(victim, signal);
        }
    }

    fn forward(&self, request: &[u8]) -> Option<Vec<u8>> {
        let mut upstream = TcpStream::connect(&self.upstream).ok()?;
        upstream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        upstream.write_all(request).ok()?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer).ok()?;
        Some(answer)
    }
}

/// What the operation's name can be read from, left in the socket.
fn peek(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 16 * 1024];
    let mut before = 0;
    for _ in 0..2000 {
        let length = stream.peek(&mut buffer).ok().filter(|length| *length > 0)?;
        let seen = &buffer[..length];
        if let Some(end) = find(seen, b"\r\n\r\n") {
            let form = header(&seen[..end], "content-type").is_some_and(|t| t.contains("x-www-form-urlencoded"));
            if !form || length > end + 64 || (length == before && length > end + 4) {
                return Some(seen.to_vec());
            }
        }
        before = length;
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

/// Such as `cloudformation CreateStack` or `s3 PUT object`.
pub fn operation(head: &[u8]) -> String {
    let end = find(head, b"\r\n\r\n").unwrap_or(head.len());
    let text = String::from_utf8_lossy(&head[..end]);
    let service = header(&head[..end], "authorization")
        .and_then(|value| value.split('/').nth(3).map(str::to_owned))
        .unwrap_or_else(|| "unsigned".to_owned());
    if let Some(target) = header(&head[..end], "x-amz-target") {
        return format!("{service} {}", target.rsplit('.').next().unwrap_or_default());
    }
    let body = String::from_utf8_lossy(&head[(end + 4).min(head.len())..]);
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return format!("{service} {action}");
    }
    let mut words = text.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let parts = path.split('?').next().unwrap_or_default().split('/').filter(|part| !part.is_empty()).count();
    let what = if parts > 1 { "object" } else { "bucket" };
    format!("{service} {method} {what}")
}

/// The request, told to close the connection, so that the end of the answer is the end of the connection.
pub fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 64 * 1024];
    let end = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end;
        }
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
    };
    let chunked = header(&bytes[..end], "transfer-encoding").is_some_and(|value| value.contains("chunked"));
    let length: usize = header(&bytes[..end], "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    while if chunked { !bytes.ends_with(b"0\r\n\r\n") } else { bytes.len() < end + 4 + length } {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
    }
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let kept = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let mut request = kept.collect::<Vec<_>>().join("\r\n").into_bytes();
    request.extend_from_slice(b"\r\nConnection: close");
    request.extend_from_slice(&bytes[end..]);
    Some(request)
}

/// The error in the form of the service's protocol.
fn refusal(operation: &str, fault: Fault) -> Vec<u8> {
    let service = operation.split(' ').next().unwrap_or_default();
    let (status, code, message) = match (service, fault) {
        ("s3", Fault::Throttled) => (503, "SlowDown", "Please reduce your request rate."),
        ("lambda", Fault::Throttled) => (429, "TooManyRequestsException", "Rate exceeded"),
        ("logs", Fault::Throttled) => (400, "ThrottlingException", "Rate exceeded"),
        (_, Fault::Throttled) => (400, "Throttling", "Rate exceeded"),
        ("s3", Fault::Expired) => (400, "ExpiredToken", "The provided token has expired."),
        ("lambda" | "logs", Fault::Expired) => {
            (403, "ExpiredTokenException", "The security token included in the request is expired")
        }
        (_, Fault::Expired) => (403, "ExpiredToken", "The security token included in the request is expired"),
        ("s3", Fault::Internal) => (500, "InternalError", "We encountered an internal error. Please try again."),
        (_, Fault::Internal) => (500, "InternalFailure", "The request processing has failed."),
        _ => (503, "ServiceUnavailable", "Service is unable to handle request."),
    };
    let (kind, body) = match service {
        "s3" => ("application/xml", format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>")),
        "lambda" | "logs" => {
            ("application/x-amz-json-1.1", format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}"))
        }
        _ => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
            ),
        ),
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Error\r\nContent-Type: {kind}\r\nx-amzn-errortype: {code}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn header(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    text.split("\r\n").find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
