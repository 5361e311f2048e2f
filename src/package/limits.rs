//! Lambda's limits on code (Lambda developer guide, "Lambda quotas"), checked before anything is
//! uploaded, with what is large.

use super::{Artifact, Artifacts};
use crate::manifest::{Problem, Problems, Service, Severity};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// A function's code and layers, unpacked.
pub const UNZIPPED: u64 = 250 << 20;
/// Bytes of the files of an archive, unpacked, by folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sizes {
    /// Bytes of all files below.
    pub size: u64,
    /// Folders and files, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub children: BTreeMap<String, Sizes>,
}

impl Sizes {
    /// The sizes of an archive's files; `None` if it cannot be read.
    pub fn of(archive: &Path) -> Option<Self> {
        let mut zip = ::zip::ZipArchive::new(BufReader::new(File::open(archive).ok()?)).ok()?;
        let mut root = Self::default();
        for i in 0..zip.len() {
            let file = zip.by_index_raw(i).ok()?;
            root.add(file.name().ok()?.as_ref(), file.size());
        }
        Some(root)
    }

    fn add(&mut self, name: &str, size: u64) {
        self.size += size;
        let (first, rest) = name.split_once('/').map_or((name, None), |(first, rest)| (first, Some(rest)));
        let child = self.children.entry(first.to_owned()).or_default();
        match rest {
            Some(rest) => child.add(rest, size),
            None => child.size += size,
        }
    }

    /// A tree of what is large: at each level the largest that make up nine tenths, at most `breadth`.
    pub fn tree(&self, breadth: usize, depth: usize) -> String {
        let mut text = String::new();
        self.write(&mut text, 0, breadth, depth);
        text
    }

    fn write(&self, text: &mut String, level: usize, breadth: usize, depth: usize) {
        let mut children: Vec<(&String, &Self)> = self.children.iter().collect();
        children.sort_by(|a, b| b.1.size.cmp(&a.1.size).then(a.0.cmp(b.0)));
        let (mut shown, mut count) = (0, 0);
        for (name, child) in &children {
            if count == breadth || shown * 10 > self.size * 9 {
                break;
            }
            let slash = if child.children.is_empty() { "" } else { "/" };
            text.push_str(&format!("{:>10}  {}{name}{slash}\n", bytes(child.size), "  ".repeat(level)));
            if level + 1 < depth && child.size * 10 > self.size {
                child.write(text, level + 1, breadth, depth);
            }
            shown += child.size;
            count += 1;
        }
        let rest = children.len() - count;
        if rest > 0 && shown < self.size {
            text.push_str(&format!("{:>10}  {}{rest} more\n", bytes(self.size - shown), "  ".repeat(level)));
        }
    }
}

/// Bytes for people, in units of 1024 as Lambda counts them.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["B", "KiB", "MiB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{count} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} GiB")
}

/// Whether functions are larger than Lambda takes, together with the service's own layers.
pub fn check(service: &Service, artifacts: &Artifacts, severity: Severity, problems: &mut Problems) {
    for function in service.functions.values() {
        let Some(artifact) = artifacts.of_function(&function.key) else { continue };
        let layers = layers_of(service, function.layers.as_ref(), artifacts);
        let total = artifact.unzipped_size + layers.iter().map(|l| l.unzipped_size).sum::<u64>();
        if total <= UNZIPPED {
            continue;
        }
        let mut message =
            format!("function `{}` is {} unpacked, and Lambda takes {}", function.key, bytes(total), bytes(UNZIPPED));
        if !layers.is_empty() {
            message.push_str(&format!(" ({} of it are layers)", bytes(total - artifact.unzipped_size)));
        }
        if let Some(sizes) = Sizes::of(&artifact.path) {
            message.push_str(&format!(":\n{}", sizes.tree(6, 3).trim_end()));
        }
        let problem = Problem::at(format!("functions.{}", function.key), message).help(
            "leave files out with `package.patterns`, take `custom.pythonRequirements.slim: true`, package \
             `individually`, or deploy a container image (up to 10 GiB)",
        );
        problems.push(Problem { severity, ..problem });
    }
}

/// The service's own layers that a function refers to (`{ Ref: DepsLambdaLayer }`).
fn layers_of<'a>(service: &Service, own: Option<&Value>, artifacts: &'a Artifacts) -> Vec<&'a Artifact> {
    let listed = own.or(service.provider.layers.as_ref()).and_then(Value::as_array);
    let references = listed.into_iter().flatten().filter_map(|layer| layer["Ref"].as_str());
    let ids: Vec<&str> = references.collect();
    let named =
        service.layers.keys().filter(|key| ids.contains(&crate::template::naming::layer::logical_id(key).as_str()));
    named.filter_map(|key| artifacts.of_layer(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_is_shown_first() {
        let mut sizes = Sizes::default();
        for (name, size) in [("pandas/core/a.so", 900), ("pandas/b.py", 50), ("app.py", 40), ("x/y.txt", 10)] {
            sizes.add(name, size);
        }
        assert_eq!(sizes.size, 1000);
        let expected = "     950 B  pandas/\n     900 B    core/\n     900 B      a.so\n      50 B    1 more\n      50 B  2 more\n";
        assert_eq!(sizes.tree(6, 3), expected);
    }
}
