//! What is fuzzed. Any bytes must be read or refused; only a panic or a hang is a finding.
//! Run by cargo-fuzz (`cargo +nightly fuzz run yaml`) and, without it, by the test
//! `mutated_input_is_read_or_refused`.

use rlx::manifest::document::{Node, SourceId, Sources, Syntax};
use rlx::manifest::variables::{Offline, World, grammar, resolve};
use std::path::Path;

/// Bytes as a YAML file.
pub fn yaml(data: &[u8]) {
    let _ = read(data);
}

/// Text as a value with variables.
pub fn grammar(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = grammar::parse(text);
    }
}

/// Bytes as a manifest with variables.
pub fn resolver(data: &[u8]) {
    let Some((config, sources)) = read(data) else { return };
    let world = World {
        // Files and programs are out of reach.
        dir: "/nonexistent".into(),
        options: Default::default(),
        params: Default::default(),
        env: Default::default(),
        instance_id: "1".to_owned(),
        remote: &Offline,
        explain: None,
    };
    let _ = resolve(&world, config, sources, &[]);
}

fn read(data: &[u8]) -> Option<(Node, Sources)> {
    let mut sources = Sources::default();
    let source: SourceId = rlx::manifest::document::decode(data, Path::new("fuzz.yml"), &mut sources).ok()?;
    let text = sources.get(source)?.text.clone();
    let node = Syntax::Yaml.read(&text, source).ok()?;
    Some((node, sources))
}
