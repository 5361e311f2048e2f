//! `rlx watch`: deploys again whenever a file of the service changes.

use super::deploy::{self, DeployArgs};
use super::{ExitKind, Failure, target};
use crate::context::Context;
use crate::manifest::Service;
use crate::package::external_paths;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

/// Deploy, then deploy again whenever a file changes: code alone past CloudFormation, anything else with it
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// Milliseconds without a further change before a deploy begins
    #[arg(long, default_value_t = 200, value_name = "MS")]
    pub delay: u64,
}

/// Folders in which tools write while they build, or that no function runs from.
const NOISE: [&str; 10] =
    [".rlx", ".git", ".serverless", "target", "__pycache__", ".venv", "venv", ".mypy_cache", ".pytest_cache", ".idea"];

/// Watches until Ctrl-C.
pub fn run(args: &WatchArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    if service.stage_settings.protected {
        return Err(Failure::new(ExitKind::Usage, format!("stage `{}` is protected", service.stage))
            .hint("watch is for stages in development; deploy to this one with: rlx deploy"));
    }
    let mut changes = Changes::new(&service, Duration::from_millis(args.delay.max(20)))?;
    bring(context)?;
    while !changes.ended() {
        say(context, "watching", "Watching for changes; Ctrl-C ends it", &[]);
        let Some(changed) = changes.next()? else { break };
        say(context, "changed", &format!("Changed: {}", changed.join(", ")), &changed);
        bring(context)?;
    }
    Ok(ExitKind::Done)
}

/// Deploys once. A deploy that failed is said, and the next change is waited for.
fn bring(context: &Context) -> Result<(), Failure> {
    let args = DeployArgs { hotswap: true, no_preflight: true, ..Default::default() };
    match deploy::run(&args, context) {
        Err(failure) if failure.kind == ExitKind::Interrupted => Err(failure),
        Err(failure) => {
            context.report.note(&failure.render(&context.report));
            let line = json!({ "version": 1, "event": "result", "status": "failed", "message": failure.message });
            context.report.last(&line, "");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

fn say(context: &Context, event: &str, text: &str, files: &[String]) {
    match context.report.format {
        super::OutputFormat::Json => {
            context.report.data(&format!("{}\n", json!({ "version": 1, "event": event, "files": files })));
        }
        super::OutputFormat::Text => context.report.note(text),
    }
}

/// The files of a service, as they change.
struct Changes {
    /// The service's folder, and what comes into archives from outside.
    roots: Vec<PathBuf>,
    /// Time without a further change that ends a batch: an editor or a checkout writes many files.
    delay: Duration,
    paths: UnboundedReceiver<PathBuf>,
    /// Whether the user pressed Ctrl-C.
    stopped: watch::Receiver<bool>,
    /// Watches as long as it lives.
    _watcher: RecommendedWatcher,
}

impl Changes {
    fn new(service: &Service, delay: Duration) -> Result<Self, Failure> {
        let (send, paths) = unbounded_channel();
        let failed =
            |error: notify::Error| Failure::new(ExitKind::Failed, format!("cannot watch the service's files: {error}"));
        let tell = move |event: notify::Result<Event>| {
            // Reading a file, as a deploy does, is an event too.
            for path in event.ok().filter(|event| !event.kind.is_access()).into_iter().flat_map(|event| event.paths) {
                // Whoever does not listen any more has ended.
                let _ = send.send(path);
            }
        };
        let mut watcher = notify::recommended_watcher(tell).map_err(failed)?;
        let roots: Vec<PathBuf> = std::iter::once(service.dir.clone()).chain(external_paths(service)).collect();
        for root in &roots {
            watcher.watch(root, RecursiveMode::Recursive).map_err(failed)?;
        }
        Ok(Self { roots, delay, paths, stopped: until_ctrl_c(), _watcher: watcher })
    }

    /// Whether the user has had enough, be it while something was built.
    fn ended(&self) -> bool {
        *self.stopped.borrow()
    }

    /// The next files that changed, as they are named from the service; `None` at Ctrl-C.
    fn next(&mut self) -> Result<Option<Vec<String>>, Failure> {
        let mut stopped = self.stopped.clone();
        let waited = crate::aws::block_on(async {
            tokio::select! {
                names = self.batch() => names,
                _ = stopped.wait_for(|stopped| *stopped) => None,
            }
        });
        waited.map_err(|error| Failure::new(ExitKind::Failed, format!("cannot start the runtime: {error}")))
    }

    async fn batch(&mut self) -> Option<Vec<String>> {
        let mut names = BTreeSet::new();
        loop {
            let path = match names.is_empty() {
                true => self.paths.recv().await?,
                false => match tokio::time::timeout(self.delay, self.paths.recv()).await {
                    Ok(path) => path?,
                    Err(_) => return Some(names.into_iter().collect()),
                },
            };
            names.extend(name(&self.roots, &path));
        }
    }
}

/// Hears Ctrl-C whatever else goes on: the first ends the watching, the second leaves at once.
fn until_ctrl_c() -> watch::Receiver<bool> {
    let (tell, stopped) = watch::channel(false);
    std::thread::spawn(move || {
        // Without a runtime, Ctrl-C does what it does to any process.
        let _ = crate::aws::block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                let _ = tell.send(true);
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(130);
                }
            }
        });
    });
    stopped
}

/// What a changed path is called, if it may change what is deployed.
fn name(roots: &[PathBuf], path: &Path) -> Option<String> {
    let inside = roots.iter().find_map(|root| path.strip_prefix(root).ok()).unwrap_or(path);
    let is_noise = |part| matches!(part, Component::Normal(name) if NOISE.iter().any(|noise| name == *noise));
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let scratch = file.ends_with('~') || file.ends_with(".swp") || file.ends_with(".pyc") || file.starts_with(".#");
    // A folder changes when something in it does, which is told by itself.
    let counts = !inside.components().any(is_noise) && !scratch && !path.is_dir();
    counts.then(|| inside.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_write_is_no_change() {
        let roots = [PathBuf::from("/home/ada/target/shop"), PathBuf::from("/home/ada/target/shared")];
        let named = |path: &str| name(&roots, &Path::new("/home/ada/target").join(path));
        assert_eq!(named("shop/src/app.py").as_deref(), Some("src/app.py"));
        assert_eq!(named("shared/core.py").as_deref(), Some("core.py"));
        for path in
            [".rlx/dev/deploy.json", "src/__pycache__/app.pyc", "target/release/x", "src/.app.py.swp", "app.py~"]
        {
            assert_eq!(named(&format!("shop/{path}")), None, "{path}");
        }
    }
}
