//! `${git:branch}` and the like: facts about the repository, as serverless-plugin-git-variables tells them.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};
use std::path::Path;
use std::process::{Command, Stdio};

/// Address → git's arguments.
const FACTS: &[(&str, &[&str])] = &[
    ("branch", &["rev-parse", "--abbrev-ref", "HEAD"]),
    ("sha1", &["rev-parse", "--short", "HEAD"]),
    ("sha", &["rev-parse", "HEAD"]),
    ("commit", &["rev-parse", "HEAD"]),
    ("message", &["log", "-1", "--pretty=%B"]),
    ("messageSubject", &["log", "-1", "--pretty=%s"]),
    ("messageBody", &["log", "-1", "--pretty=%b"]),
    ("describe", &["describe", "--always"]),
    ("describeLight", &["describe", "--always", "--tags"]),
    ("tags", &["tag", "--points-at", "HEAD"]),
    ("user", &["config", "user.name"]),
    ("email", &["config", "user.email"]),
    ("isDirty", &["diff", "--stat"]),
    ("repository", &["rev-parse", "--show-toplevel"]),
];

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let address = arguments.address()?;
    let Some((_, command)) = FACTS.iter().find(|(name, _)| *name == address) else {
        let names: Vec<_> = FACTS.iter().map(|(name, _)| *name).collect();
        return Err(Halt::Wrong {
            message: format!("`git` knows no `{address}`"),
            help: Some(format!("it knows {}", names.join(", "))),
        });
    };
    let found = match resolver.files.git.get(address) {
        Some(known) => known.clone(),
        None => {
            let found = run(resolver, command).and_then(|out| derive(resolver, address, out));
            resolver.files.git.insert(address.to_owned(), found.clone());
            found
        }
    };
    match found {
        Ok(text) => Ok(Answer::Found(Node { value: Value::String(text), span: None })),
        Err(why) => Ok(Answer::missing(why)),
    }
}

fn derive(resolver: &Resolver<'_>, address: &str, out: String) -> Result<String, String> {
    match address {
        "isDirty" => Ok((!out.is_empty()).to_string()),
        "repository" => Ok(Path::new(&out).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or(out)),
        "tags" if out.is_empty() => run(resolver, &["rev-parse", "--short", "HEAD"]),
        "tags" => Ok(out.lines().collect::<Vec<_>>().join("::")),
        _ => Ok(out),
    }
}

fn run(resolver: &Resolver<'_>, arguments: &[&str]) -> Result<String, String> {
    let world = resolver.world;
    let path = world.env.get("PATH").map(String::as_str);
    let git = which::which_in("git", path, &world.dir).map_err(|_| "git is not installed".to_owned())?;
    let output = Command::new(git)
        .args(arguments)
        .current_dir(&world.dir)
        .env_clear()
        .envs(&world.env)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    let why = why.lines().next().unwrap_or("git gives no reason").trim_start_matches("fatal: ");
    Err(format!("git {} says: {why}", arguments.join(" ")))
}
