//! What the documentation shows is held to the product: commands parse, manifests load.

use clap::Parser;
use rlx::cli::Cli;
use std::path::{Path, PathBuf};

/// The README and the pages of the book that people wrote, with their fenced blocks of a language.
fn blocks(language: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|e| e == "md")).chain([root.join("README.md")]);
    let mut found = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in text.split("\n```").skip(1).step_by(2) {
            if let Some(body) = block.strip_prefix(language).and_then(|rest| rest.strip_prefix('\n')) {
                found.push((page.clone(), body.to_owned()));
            }
        }
    }
    found
}

/// The words of a command line; quotes hold words together, `#` begins a comment.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            ('#', None) if words.last().is_some_and(String::is_empty) => break,
            (' ', None) => words.push(String::new()),
            ('>' | '|' | '<' | '&', None) => break,
            (c, _) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_of_the_documentation_is_one_that_rlx_takes() {
    let mut count = 0;
    for (page, block) in blocks("console") {
        let commands = block.lines().filter_map(|line| line.strip_prefix("$ ")).flat_map(|line| line.split("&&"));
        for command in commands.filter_map(|part| part.trim().strip_prefix("rlx ")) {
            let line = words(command);
            if let Err(error) = Cli::try_parse_from(std::iter::once("rlx".to_owned()).chain(line))
                && error.use_stderr()
            {
                panic!("{}: rlx {command}\n{error}", page.display());
            }
            count += 1;
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
fn every_manifest_of_the_documentation_loads() {
    let mut count = 0;
    for (page, manifest) in blocks("yaml").into_iter().filter(|(_, text)| text.starts_with("service:")) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("rlx.yml"), &manifest).unwrap();
        assert_cmd::Command::cargo_bin("rlx")
            .unwrap()
            .current_dir(dir.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["print"])
            .assert()
            .try_success()
            .unwrap_or_else(|error| panic!("{}:\n{manifest}\n{error}", page.display()));
        count += 1;
    }
    assert!(count > 0, "no manifest was found");
}
