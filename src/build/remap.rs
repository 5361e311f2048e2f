//! Paths of this machine that rustc would write into binaries (places of panics, sources of
//! dependencies) are given common names, so that the same sources give the same bytes anywhere.
//!
//! `--remap-path-prefix` is a flag of rustc, and cargo takes flags from one source alone
//! (cargo reference, "Configuration", `build.rustflags`): they are added to the one that is in
//! force, so that the user's own flags stay.

use super::run::Program;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item};

/// Where flags of rustc stand.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// In the environment, where nothing else counts.
    Environment(Vec<String>),
    /// In a table of cargo's configuration.
    Table(&'static str),
    /// Where nothing can be added.
    Closed,
}

/// Adds the flags to a call of cargo for the workspace at `root`; `env` is all that cargo will see.
pub fn remap(program: Program, root: &Path, env: &BTreeMap<String, String>) -> Program {
    let flags = flags(root, env);
    match place(root, env) {
        Place::Environment(own) => {
            let all: Vec<String> = own.into_iter().chain(flags).collect();
            program.env("CARGO_ENCODED_RUSTFLAGS", all.join("\u{1f}"))
        }
        Place::Table(table) => {
            let list: toml_edit::Array = flags.into_iter().collect();
            program.arg("--config").arg(format!("{table}.rustflags={list}"))
        }
        Place::Closed => program,
    }
}

fn flags(root: &Path, env: &BTreeMap<String, String>) -> Vec<String> {
    let checkout = root.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(root).to_owned();
    // Crates outside the checkout are mostly beside it.
    let beside = checkout.parent().filter(|dir| dir.parent().is_some()).map(|dir| (dir.to_owned(), "/beside"));
    // Of several prefixes that fit, rustc takes the last.
    let prefixes = [beside, Some((checkout, "/checkout")), cargo_home(env).map(|home| (home, "/cargo"))];
    let flag = |(from, to): (PathBuf, &str)| Some(format!("--remap-path-prefix={}={to}", from.to_str()?));
    prefixes.into_iter().flatten().filter_map(flag).collect()
}

fn cargo_home(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CARGO_HOME").or_else(|| Some(set("HOME")?.join(".cargo")))
}

fn place(root: &Path, env: &BTreeMap<String, String>) -> Place {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
    if let Some(encoded) = set("CARGO_ENCODED_RUSTFLAGS") {
        return Place::Environment(encoded.split('\u{1f}').map(str::to_owned).collect());
    }
    if let Some(plain) = set("RUSTFLAGS") {
        return Place::Environment(plain.split_whitespace().map(str::to_owned).collect());
    }
    let folders = root.ancestors().map(|dir| dir.join(".cargo")).chain(cargo_home(env));
    let files = folders.filter_map(|dir| {
        let names = ["config.toml", "config"].map(|name| dir.join(name));
        let text = names.iter().find_map(|file| std::fs::read_to_string(file).ok())?;
        text.parse::<DocumentMut>().ok()
    });
    let mut build = set("CARGO_BUILD_RUSTFLAGS").is_some();
    let mut target = env.keys().any(|name| name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS"));
    for file in files {
        if let Some(own) = file.get("build").and_then(|b| b.get("rustflags")) {
            if own.is_str() {
                // Text and lists are not joined by cargo.
                return Place::Closed;
            }
            build = true;
        }
        let tables = file.get("target").and_then(Item::as_table_like);
        target |= tables.is_some_and(|all| all.iter().any(|(_, one)| one.get("rustflags").is_some()));
    }
    // Flags of a target put those of `build` out of force.
    Place::Table(if target && !build { "target.\"cfg(all())\"" } else { "build" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn place_with(config: &str, pairs: &[(&str, &str)]) -> Place {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".cargo")).unwrap();
        std::fs::write(dir.path().join(".cargo/config.toml"), config).unwrap();
        let root = dir.path().join("member");
        let home = dir.path().join("home").display().to_string();
        place(&root, &env(&[&[("CARGO_HOME", home.as_str())], pairs].concat()))
    }

    #[test]
    fn flags_go_where_the_users_own_stand() {
        assert_eq!(place_with("", &[]), Place::Table("build"));
        assert_eq!(place_with("[build]\nrustflags = ['-O']\n", &[]), Place::Table("build"));
        let target = "[target.x86_64-unknown-linux-gnu]\nrustflags = ['-O']\n";
        assert_eq!(place_with(target, &[]), Place::Table("target.\"cfg(all())\""));
        assert_eq!(place_with(&format!("{target}[build]\nrustflags = ['-O']\n"), &[]), Place::Table("build"));
        assert_eq!(place_with("[build]\nrustflags = '-O'\n", &[]), Place::Closed);
        let own = ["-C", "target-cpu=native"].map(str::to_owned).to_vec();
        assert_eq!(place_with(target, &[("RUSTFLAGS", "-C target-cpu=native")]), Place::Environment(own.clone()));
        let encoded = [("CARGO_ENCODED_RUSTFLAGS", "-C\u{1f}target-cpu=native"), ("RUSTFLAGS", "-O")];
        assert_eq!(place_with("", &encoded), Place::Environment(own));
    }

    #[test]
    fn the_checkout_and_cargos_home_have_common_names() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join(".git")).unwrap();
        let root = dir.path().join("services/orders");
        let (checkout, beside) = (dir.path().display(), dir.path().parent().unwrap().display());
        assert_eq!(
            flags(&root, &env(&[("HOME", "/home/me")])),
            [
                format!("--remap-path-prefix={beside}=/beside"),
                format!("--remap-path-prefix={checkout}=/checkout"),
                "--remap-path-prefix=/home/me/.cargo=/cargo".to_owned()
            ]
        );
    }
}
