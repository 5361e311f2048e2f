//! Services that are deployed, changed and removed under faults, by seed.
//!
//! Without options it runs the short sample of the test suite. `--seeds 1..500 [--jobs 2] [--rlx PATH] [--keep DIR]`
//! runs as many as wanted, prints a table, and keeps the story of each seed that failed.

mod cases;
mod life;
mod plan;
mod proxy;
mod world;

use cases::CASES;
use life::{Life, TIMEOUT, Went};
use plan::Fault;
use proxy::Proxy;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use world::World;

/// The seeds of the sample, which runs all cases besides.
const SAMPLE: RangeInclusive<u64> = 1..=2;

struct Options {
    seeds: RangeInclusive<u64>,
    jobs: usize,
    rlx: PathBuf,
    keep: PathBuf,
}

#[derive(Default)]
struct Tally {
    at_once: u64,
    after_reruns: u64,
    reruns: u64,
    faults: BTreeMap<Fault, u64>,
    failures: Vec<(u64, String)>,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1).collect()) {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::FAILURE;
        }
    };
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak-cache");
    let mut end = start(&options.rlx, &cache);
    let world = World { endpoint: end.1.clone() };
    let begin = Instant::now();
    let tally = soak(&options, &cache, &world);
    let seconds = begin.elapsed().as_secs();
    let check = |case: &cases::Case| case.check(&options.rlx, &world, &cache, TIMEOUT).err();
    let broken: Vec<String> = CASES.iter().filter_map(check).collect();
    for problem in &broken {
        eprintln!("{problem}");
    }
    drop(end.0.stdin.take());
    let _ = end.0.wait();
    print(&options, &tally, seconds);
    if tally.failures.is_empty() && broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options(args: Vec<String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        seeds: SAMPLE,
        jobs: 2,
        rlx: PathBuf::from(env!("CARGO_BIN_EXE_rlx")),
        keep: Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak"),
    };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let usage = || format!("usage: soak [--seeds FROM..TO] [--jobs N] [--rlx PATH] [--keep DIR], not {arg}");
        let mut value = || args.next().ok_or_else(usage);
        match arg.as_str() {
            "--seeds" => {
                let text = value()?;
                let (from, to) = text.split_once("..").ok_or_else(usage)?;
                options.seeds = from.parse().map_err(|_| usage())?..=to.parse().map_err(|_| usage())?;
            }
            "--jobs" => options.jobs = value()?.parse().map_err(|_| usage())?,
            "--rlx" => options.rlx = value()?.into(),
            "--keep" => options.keep = value()?.into(),
            // The test harness's options: a list of tests, or a filter that means other tests.
            "--list" => return Ok(None),
            filter if !filter.starts_with('-') && !"soak".contains(filter) => return Ok(None),
            _ => {}
        }
    }
    Ok(Some(options))
}

/// An emulator that ends with this process, and its address. What is installed is shared with the end-to-end tests.
fn start(rlx: &Path, cache: &Path) -> (std::process::Child, String) {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache/tools");
    std::fs::create_dir_all(&shared).unwrap();
    std::fs::create_dir_all(cache).unwrap();
    let _ = std::os::unix::fs::symlink(shared, cache.join("tools"));
    let local = |words: &[&str]| {
        let mut command = Command::new(rlx);
        command.arg("local").args(words).env("RLX_CACHE_DIR", cache).output().unwrap()
    };
    local(&["down"]);
    let up = local(&["up", "--output", "json"]);
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    let up: Value = serde_json::from_slice(&up.stdout).unwrap();
    let end = Command::new("sh")
        .args(["-c", "cat >/dev/null; \"$0\" local down"])
        .arg(rlx)
        .env("RLX_CACHE_DIR", cache)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (end, up["endpoint"].as_str().unwrap().to_owned())
}

fn soak(options: &Options, cache: &Path, world: &World) -> Tally {
    let tally = Mutex::new(Tally::default());
    let next = AtomicU64::new(*options.seeds.start());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !options.seeds.contains(&seed) {
                        return;
                    }
                    run(seed, options, cache, world, &tally);
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

fn run(seed: u64, options: &Options, cache: &Path, world: &World, tally: &Mutex<Tally>) {
    let home = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(world.endpoint.trim_start_matches("http://"));
    let mut life = Life::new(seed, &options.rlx, world, &proxy, home.path(), cache);
    let begin = Instant::now();
    // Whatever goes wrong with one, the others go on.
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| life.live()));
    let result = result.unwrap_or_else(|_| Err("the soak itself gave up: its message is above".to_owned()));
    let mut tally = tally.lock().unwrap();
    for (fault, count) in proxy.counts() {
        *tally.faults.entry(fault).or_default() += count;
    }
    match result {
        Ok(steps) => {
            eprintln!("seed {seed}: {steps:?} in {:.1} s", begin.elapsed().as_secs_f64());
            let reruns: u64 = steps.iter().map(|went| if let Went::AfterReruns(n) = went { *n } else { 0 }).sum();
            tally.reruns += reruns;
            *(if reruns == 0 { &mut tally.at_once } else { &mut tally.after_reruns }) += 1;
        }
        Err(problem) => {
            std::fs::create_dir_all(&options.keep).unwrap();
            let file = options.keep.join(format!("{seed}.log"));
            std::fs::write(&file, format!("{problem}\n{}", life.story)).unwrap();
            eprintln!("seed {seed}: {problem}\n  the whole story: {}", file.display());
            tally.failures.push((seed, problem));
        }
    }
}

fn print(options: &Options, tally: &Tally, seconds: u64) {
    let runs = options.seeds.clone().count();
    println!("{seconds} s, {} at a time", options.jobs);
    println!("| outcome of deploy + update + remove | seeds |\n|---|---|");
    println!("| run (seeds {}..{}) | {runs} |", options.seeds.start(), options.seeds.end());
    println!("| every command right at the first try | {} |", tally.at_once);
    println!("| right after a clear error, a kill or Ctrl-C, and {} reruns | {} |", tally.reruns, tally.after_reruns);
    println!("| failed | {} |", tally.failures.len());
    println!("\n| fault | injected |\n|---|---|");
    for (fault, count) in &tally.faults {
        println!("| {} | {count} |", fault.text());
    }
    println!("| all | {} |", tally.faults.values().sum::<u64>());
    for (seed, problem) in &tally.failures {
        println!("seed {seed}: {}", problem.lines().next().unwrap_or_default());
    }
}
