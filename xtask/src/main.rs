//! Regenerates what is committed but made by a program.
//!
//! `cargo run -p xtask --release -- generate WHAT` writes, `-- check [WHAT]` fails where a committed
//! file is stale. What there is to generate is the table [`GENERATORS`].

mod cli;
mod files;
mod iam;
mod manifest;

use files::Generated;
use std::path::Path;
use std::process::ExitCode;

type AnyError = Box<dyn std::error::Error>;

/// Something that can be generated: its name on the command line and how its files are made.
struct Generator {
    name: &'static str,
    make: fn() -> Result<Vec<Generated>, AnyError>,
}

const GENERATORS: &[Generator] = &[
    Generator { name: "cli", make: cli::make },
    Generator { name: "iam", make: iam::make },
    Generator { name: "manifest", make: manifest::make },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<(), AnyError> {
    let names: Vec<&str> = GENERATORS.iter().map(|g| g.name).collect();
    let usage = || format!("usage: xtask generate|check [{}]", names.join("|"));
    let (&verb, wanted) = args.split_first().ok_or_else(usage)?;
    if wanted.iter().any(|w| !names.contains(w)) || !["generate", "check"].contains(&verb) {
        return Err(usage().into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut stale = Vec::new();
    for generator in GENERATORS.iter().filter(|g| wanted.is_empty() || wanted.contains(&g.name)) {
        for file in (generator.make)()? {
            if verb == "generate" {
                file.write(&root)?;
            } else if !file.is_current(&root) {
                stale
                    .push(format!("{} (run `cargo run -p xtask --release -- generate {}`)", file.path, generator.name));
            }
        }
    }
    if stale.is_empty() { Ok(()) } else { Err(format!("stale: {}", stale.join(", ")).into()) }
}
