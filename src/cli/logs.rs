//! `rlx logs`: what functions wrote.

use super::{ExitKind, Failure, target};
use crate::aws::{Aws, AwsError, Named};
use crate::context::Context;
use crate::manifest::Service;
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;

/// Show the logs of functions
#[derive(Debug, clap::Args)]
pub struct LogsArgs {
    /// The functions, by their names in the manifest [default: all]
    #[arg(value_name = "FUNCTION")]
    pub functions: Vec<String>,
    /// The same; may be repeated
    #[arg(long = "function", short, value_name = "FUNCTION")]
    pub function_flag: Vec<String>,
    /// Go on with what comes
    #[arg(long, short)]
    pub tail: bool,
    /// From when on: `30m`, `2h`, `3d`, a date and time, or milliseconds since 1970 [default: 10 minutes ago]
    #[arg(long, value_name = "TIME")]
    pub start_time: Option<String>,
    /// Only events that match this CloudWatch Logs pattern
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
    /// Milliseconds between two looks with --tail
    #[arg(long, short, default_value_t = 1000, value_name = "MS")]
    pub interval: u64,
}

/// A line of a log.
struct Line {
    function: String,
    /// CloudWatch's id; not every emulator has one that is unique.
    id: String,
    stream: String,
    time: i64,
    text: String,
}

impl Line {
    /// What tells it from other lines.
    fn key(&self) -> (String, String, String, i64, String) {
        (self.function.clone(), self.stream.clone(), self.id.clone(), self.time, self.text.clone())
    }
}

/// A log that is read.
struct Source {
    key: String,
    group: String,
}

/// Prints log lines, oldest first.
pub fn run(args: &LogsArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let wanted: Vec<String> = args.functions.iter().chain(&args.function_flag).cloned().collect();
    let keys = if wanted.is_empty() { service.functions.keys().cloned().collect() } else { wanted };
    let mut sources = Vec::new();
    for key in keys {
        let name = deployed_name(&service, &key)?;
        sources.push(Source { group: log_group(&service, &key, &name), key });
    }
    let now = (context.now)();
    let start = match &args.start_time {
        Some(text) => parse_time(text, now).ok_or_else(|| {
            Failure::new(ExitKind::Usage, format!("`{text}` is no time"))
                .hint("such as 30m, 2h, 3d, 2026-01-31T12:00:00Z or milliseconds since 1970")
        })?,
        None if args.tail => now.as_millisecond() - 10_000,
        None => now.as_millisecond() - 600_000,
    };
    target::with_aws(&service, context, async |aws: &Aws| {
        tokio::select! {
            result = show(aws, &sources, start, args, context) => result,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    })?;
    Ok(ExitKind::Done)
}

/// The deployed name of a function of the manifest.
pub(super) fn deployed_name(service: &Service, key: &str) -> Result<String, Failure> {
    if let Some(function) = service.functions.get(key) {
        return Ok(function.name.clone());
    }
    let near =
        service.functions.keys().max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
    let failure = Failure::new(ExitKind::Usage, format!("the manifest has no function `{key}`"));
    Err(match near.filter(|near| strsim::jaro_winkler(near, key) > 0.7) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure
            .hint(format!("the functions are {}", service.functions.keys().cloned().collect::<Vec<_>>().join(", "))),
    })
}

/// `logs.logGroup` of the function or provider (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html>),
/// else Lambda's default.
fn log_group(service: &Service, key: &str, name: &str) -> String {
    let of_function = service.functions.get(key).and_then(|f| f.logs.as_ref()).and_then(|l| l.get("logGroup"));
    let of_provider = service.provider.raw.pointer("/logs/lambda/logGroup");
    let named = of_function.or(of_provider).and_then(serde_json::Value::as_str);
    named.map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned)
}

async fn show(aws: &Aws, sources: &[Source], start: i64, args: &LogsArgs, context: &Context) -> Result<(), AwsError> {
    let mut seen = HashSet::new();
    let mut from = start;
    loop {
        let mut lines = Vec::new();
        for source in sources {
            lines.extend(read(aws, source, from, args.filter.as_deref()).await?);
        }
        // Only against what earlier looks brought: the same words may well be written twice.
        lines.retain(|line| !seen.contains(&line.key()));
        seen.extend(lines.iter().map(Line::key));
        lines.sort_by_key(|line| line.time);
        for line in &lines {
            print(line, sources.len() > 1, context);
        }
        if !args.tail {
            if lines.is_empty() && context.report.format == super::OutputFormat::Text {
                context.report.note("No log lines in that time; --start-time 1h looks further back");
            }
            return Ok(());
        }
        // Lines may arrive late: a little is read again, and what was seen is skipped.
        from = lines.last().map_or(from, |line| from.max(line.time - 5_000));
        tokio::time::sleep(Duration::from_millis(args.interval.max(100))).await;
    }
}

async fn read(aws: &Aws, source: &Source, from: i64, filter: Option<&str>) -> Result<Vec<Line>, AwsError> {
    let mut lines = Vec::new();
    let mut next = None;
    loop {
        let answer = aws
            .logs()
            .filter_log_events()
            .log_group_name(&source.group)
            .start_time(from)
            .set_filter_pattern(filter.map(str::to_owned))
            .set_next_token(next)
            .send()
            .await
            .named("CloudWatch Logs", "FilterLogEvents");
        let page = match answer {
            Ok(page) => page,
            // A function that never ran has no log yet.
            Err(error) if error.is_not_found() => return Ok(lines),
            Err(error) => return Err(error),
        };
        for event in page.events.unwrap_or_default() {
            lines.push(Line {
                function: source.key.clone(),
                time: event.timestamp.unwrap_or_default(),
                id: event.event_id.unwrap_or_default(),
                stream: event.log_stream_name.unwrap_or_default(),
                text: event.message.unwrap_or_default(),
            });
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(lines);
        }
    }
}

fn print(line: &Line, several: bool, context: &Context) {
    let time = jiff::Timestamp::from_millisecond(line.time).unwrap_or_default();
    let text = line.text.trim_end();
    match context.report.format {
        super::OutputFormat::Json => {
            let json = json!({ "version": 1, "function": line.function, "time": time, "message": text });
            context.report.data(&format!("{json}\n"));
        }
        super::OutputFormat::Text => {
            let time = time.strftime("%Y-%m-%d %H:%M:%S%.3f");
            let function = if several { format!("{}  ", line.function) } else { String::new() };
            context.report.data(&format!("{time}  {function}{text}\n"));
        }
    }
}

/// Milliseconds since 1970 of a time as people give it (Framework v3 `logs --startTime`).
fn parse_time(text: &str, now: jiff::Timestamp) -> Option<i64> {
    if let Ok(millis) = text.parse::<i64>() {
        return Some(millis);
    }
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => 0,
    };
    if seconds > 0
        && let Ok(count) = number.parse::<i64>()
    {
        return Some(now.as_millisecond() - count * seconds * 1000);
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_millisecond());
    }
    let date = text.parse::<jiff::civil::DateTime>().ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_relative_absolute_or_milliseconds() {
        let now = jiff::Timestamp::from_millisecond(10_000_000).unwrap();
        assert_eq!(parse_time("30m", now), Some(10_000_000 - 1_800_000));
        assert_eq!(parse_time("1469694264", now), Some(1_469_694_264));
        assert_eq!(parse_time("1970-01-01T00:00:10Z", now), Some(10_000));
        assert_eq!(parse_time("1970-01-02", now), Some(86_400_000));
        assert_eq!(parse_time("yesterday", now), None);
    }
}
