//! Which files of a service belong into an archive: `package.patterns`, `include` and `exclude`
//! with the meaning of Framework v3 (`lib/plugins/package/lib/package-service.js`): the last
//! pattern that matches a file decides; before the user's own come the default exclusions, after
//! them the development dependencies.

use super::PackageError;
use super::glob::Glob;
use super::search::Search;
use super::walk::{Found, Walk};
use crate::build::{Members, Source};
use crate::manifest::Service;
use crate::manifest::service::PackageConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Framework v3 `defaultExcludes`.
const DEFAULT_EXCLUDES: [&str; 7] =
    [".git/**", ".gitignore", ".DS_Store", "npm-debug.log", "yarn-*.log", ".serverless/**", ".serverless_plugins/**"];

/// What rlx leaves out besides: its own output and caches of interpreters. An explicit pattern brings them back.
const OWN_EXCLUDES: [&str; 4] = [".rlx/**", "rlx.*.yml", "**/__pycache__/**", ".pytest_cache/**"];

/// Files that hold secrets more often than not. An explicit pattern brings them back.
const SECRET_FILES: [&str; 12] = [
    "**/.env",
    "**/.env.*",
    "**/.aws/**",
    "**/.ssh/**",
    "**/id_rsa",
    "**/id_ed25519",
    "**/id_ecdsa",
    "**/id_dsa",
    "**/.git-credentials",
    "**/.netrc",
    "**/.pypirc",
    "**/credentials.json",
];

/// Files that are read to know whether they hold a secret: endings of their names, and what secrets look like.
const SECRET_TEXTS: [(&str, &str); 5] = [
    (".pem", "PRIVATE KEY-----"),
    (".key", "PRIVATE KEY-----"),
    (".npmrc", "_authToken"),
    (".npmrc", "_password"),
    ("-credentials.json", "\"private_key\""),
];
/// Keys and settings are shorter than this.
const SECRET_SIZE: u64 = 64 << 10;

/// The patterns of one archive, in the order in which they are applied.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    rules: Vec<Rule>,
    search: Search,
}

#[derive(Debug, Clone)]
struct Rule {
    glob: Glob,
    /// A file that matches is left out.
    excludes: bool,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Framework v3's own or the service's `exclude`.
    Exclude,
    /// rlx's own; a match is told.
    Secret,
    /// The user's `include` or `patterns`: it also brings in files of its own.
    Include,
    /// Development dependencies, which nothing brings back.
    Development,
}

/// What was chosen, and what was left out for the user's own good.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The files, by their name in the archive.
    pub members: Members,
    /// Names of files with secrets that were left out because no pattern asked for them.
    pub secrets: Vec<String>,
    /// Names of members that come from outside the service through a symbolic link.
    pub outside: Vec<String>,
}

impl Patterns {
    /// The patterns of the service's archive (`own` absent) or of one function or layer.
    /// `development` are the paths of development dependencies.
    pub fn new(
        service: &Service,
        own: Option<&PackageConfig>,
        layer: bool,
        development: &[String],
    ) -> Result<Self, PackageError> {
        let mut it = Self::default();
        // v3 makes a set of them: a repeated pattern stands at its first place only.
        let mut seen = BTreeSet::new();
        let manifest = service.file.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy());
        for pattern in DEFAULT_EXCLUDES.into_iter().chain(OWN_EXCLUDES).chain(manifest.as_deref()) {
            it.exclude(pattern)?;
            seen.insert(pattern.to_owned());
        }
        for pattern in SECRET_FILES {
            it.add(pattern, true, Origin::Secret)?;
        }
        // v3 takes service-wide exclusions before those of layers, then the function's.
        let mut excludes = service.package.exclude.clone();
        if !layer {
            let paths = service.layers.values().filter_map(|l| l.path.as_deref());
            // With a slash at the end of its path, a layer stays in: v3 makes `layer//**` of it, which matches nothing.
            excludes.extend(paths.map(|path| format!("{path}/**")));
        }
        excludes.extend(own.iter().flat_map(|p| p.exclude.iter().cloned()));
        for pattern in excludes {
            if seen.insert(pattern.clone()) {
                it.exclude(&pattern)?;
            }
        }
        let configs = [Some(&service.package), own];
        let mut seen = BTreeSet::new();
        for pattern in configs.iter().flatten().flat_map(|c| c.include.iter().chain(&c.patterns)) {
            if seen.insert(pattern) {
                let (text, excludes) = negated(pattern);
                it.add(text, excludes, Origin::Include)?;
            }
        }
        for path in development {
            it.add(path, true, Origin::Development)?;
        }
        Ok(it)
    }

    /// The patterns of a native binary's archive: what the function itself asks for.
    pub fn of_binary(own: &PackageConfig) -> Result<Self, PackageError> {
        let mut it = Self::default();
        it.add("**", true, Origin::Include)?;
        for pattern in own.include.iter().chain(&own.patterns) {
            let (text, excludes) = negated(pattern);
            it.add(text, excludes, Origin::Include)?;
        }
        Ok(it)
    }

    /// The patterns of what stands beside bundles: what the user asks for.
    pub fn beside_bundles(service: &Service, own: Option<&PackageConfig>) -> Result<Self, PackageError> {
        let mut it = Self::of_binary(&service.package)?;
        for pattern in own.iter().flat_map(|o| o.include.iter().chain(&o.patterns)) {
            let (text, excludes) = negated(pattern);
            it.add(text, excludes, Origin::Include)?;
        }
        Ok(it)
    }

    fn exclude(&mut self, pattern: &str) -> Result<(), PackageError> {
        let (text, includes) = negated(pattern);
        self.add(text, !includes, Origin::Exclude)
    }

    fn add(&mut self, pattern: &str, excludes: bool, origin: Origin) -> Result<(), PackageError> {
        let glob = Glob::new(pattern).ok_or_else(|| PackageError::Pattern { pattern: pattern.to_owned() })?;
        match (origin, excludes) {
            (Origin::Include, true) => self.search.exclude(pattern),
            (Origin::Include, false) => self.search.include(pattern),
            _ => {}
        }
        self.rules.push(Rule { glob, excludes, origin });
        Ok(())
    }

    /// Whether a file is taken, and if not, whether it was left out as a secret.
    fn verdict(&self, name: &str) -> Verdict {
        let found = self.search.finds(name);
        let mut taken = true;
        let mut by = Origin::Include;
        let mut asked = false;
        for rule in &self.rules {
            let matches = rule.glob.matches(name);
            if matches {
                (taken, by) = (!rule.excludes, rule.origin);
                // `**` asks for nothing in particular.
                asked = rule.origin == Origin::Include && !rule.excludes && !rule.glob.is_everything();
            }
        }
        match (found && taken, by) {
            (true, Origin::Include) if asked => Verdict::Taken,
            (true, _) => Verdict::TakenUnasked,
            (false, Origin::Secret) if found => Verdict::Secret,
            _ => Verdict::LeftOut,
        }
    }

    /// Whether a folder may hold a file that is taken.
    pub fn may_take_from(&self, dir: &str) -> bool {
        let last_cover = self.rules.iter().rposition(|r| r.excludes && r.glob.covers(dir));
        let after = last_cover.map_or(0, |i| i + 1);
        last_cover.is_none() || self.rules[after..].iter().any(|r| !r.excludes && r.glob.reaches_into(dir))
    }

    /// Whether the user's own patterns name something below a folder.
    fn asks_for(&self, dir: &str) -> bool {
        self.rules.iter().any(|r| {
            r.origin == Origin::Include && !r.excludes && !r.glob.base().1.is_empty() && r.glob.reaches_into(dir)
        })
    }

    /// Folders outside the service that inclusions reach: `(ups, folder)`.
    fn outside(&self) -> impl Iterator<Item = (usize, String)> {
        let rules = self.rules.iter().filter(|r| r.origin == Origin::Include && !r.excludes);
        rules.map(|r| r.glob.base()).filter(|(ups, _)| *ups > 0).map(|(ups, folder)| (ups, folder.to_owned()))
    }

    /// The files that are taken out of those found, named as in the archive.
    pub fn choose(&self, files: &[Found]) -> Selection {
        let mut selection = Selection::default();
        for file in files {
            match self.verdict(&file.name) {
                Verdict::TakenUnasked if holds_secret(file) => selection.secrets.push(file.name.clone()),
                Verdict::Taken | Verdict::TakenUnasked => {
                    let name = archive_name(&file.name);
                    if file.leads_out {
                        selection.outside.push(name.to_owned());
                    }
                    selection.members.insert(name.to_owned(), file.member.clone());
                }
                Verdict::Secret => selection.secrets.push(file.name.clone()),
                Verdict::LeftOut => {}
            }
        }
        selection.secrets.sort();
        selection.outside.sort();
        selection
    }
}

enum Verdict {
    /// The user's patterns ask for it.
    Taken,
    /// No pattern leaves it out.
    TakenUnasked,
    Secret,
    LeftOut,
}

/// Whether a file is left out as a secret where nobody asks for it.
pub fn is_secret(file: &Found) -> bool {
    let mut globs = SECRET_FILES.iter().filter_map(|pattern| Glob::new(pattern));
    globs.any(|glob| glob.matches(&file.name)) || holds_secret(file)
}

/// Whether a file of the service's own, by its name perhaps a secret, holds one. Packages bring keys along to test with.
fn holds_secret(file: &Found) -> bool {
    let signs: Vec<&str> = SECRET_TEXTS.iter().filter(|(end, _)| file.name.ends_with(end)).map(|(_, s)| *s).collect();
    if signs.is_empty() || file.name.contains("node_modules/") || file.member.size() > SECRET_SIZE {
        return false;
    }
    let Source::File(path, _) = &file.member.source else { return false };
    // One that cannot be read is told when it is packaged.
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    signs.iter().any(|sign| text.contains(sign))
}

/// All files that any of the pattern sets may take, found in one walk, in order of name.
pub fn find(root: &Path, sets: &[&Patterns]) -> Result<Vec<Found>, PackageError> {
    let canonical = root.canonicalize().map_err(|source| PackageError::Read { path: root.to_owned(), source })?;
    let enter = |name: &str, path: &Path| {
        let name = name.trim_end_matches('/');
        sets.iter().any(|p| p.may_take_from(name) && (!is_disposable(path) || p.asks_for(name)))
    };
    let walk = Walk { root: &canonical, enter: &enter };
    let mut files: BTreeMap<String, Found> = walk.run(root, "")?.into_iter().map(|f| (f.name.clone(), f)).collect();
    let outside: BTreeSet<(usize, String)> = sets.iter().flat_map(|p| p.outside()).collect();
    for (ups, folder) in outside {
        let prefix = "../".repeat(ups) + &folder;
        let base = root.join(&prefix);
        if base.is_dir() {
            let prefix = if prefix.ends_with('/') { prefix } else { prefix + "/" };
            files.extend(walk.run(&base, &prefix)?.into_iter().map(|f| (f.name.clone(), f)));
        } else if let Some((dir, _)) = prefix.rsplit_once('/') {
            // The pattern names a single file.
            let base = root.join(dir);
            if base.is_dir() {
                files.extend(walk.run(&base, &format!("{dir}/"))?.into_iter().map(|f| (f.name.clone(), f)));
            }
        }
    }
    Ok(files.into_values().collect())
}

/// A virtual environment (`pyvenv.cfg`) or a folder marked as cache (`CACHEDIR.TAG`,
/// <https://bford.info/cachedir/>), such as cargo's `target`: it can be made again and is no code.
fn is_disposable(dir: &Path) -> bool {
    dir.join("pyvenv.cfg").exists() || dir.join("CACHEDIR.TAG").exists()
}

/// Leading `.` and `..` segments are dropped (osls `zip-service.js`, `getArchiveEntryName`).
fn archive_name(name: &str) -> &str {
    let mut name = name;
    while let Some(rest) = name.strip_prefix("../").or_else(|| name.strip_prefix("./")) {
        name = rest;
    }
    name
}

fn negated(pattern: &str) -> (&str, bool) {
    match pattern.strip_prefix('!') {
        Some(rest) => (rest, true),
        None => (pattern, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Patterns {
        let mut it = Patterns::default();
        for pattern in DEFAULT_EXCLUDES {
            it.exclude(pattern).unwrap();
        }
        for pattern in SECRET_FILES {
            it.add(pattern, true, Origin::Secret).unwrap();
        }
        for pattern in texts {
            let (text, excludes) = negated(pattern);
            it.add(text, excludes, Origin::Include).unwrap();
        }
        it
    }

    fn taken(texts: &[&str], name: &str) -> bool {
        matches!(patterns(texts).verdict(name), Verdict::Taken | Verdict::TakenUnasked)
    }

    #[test]
    fn everything_is_taken_but_the_defaults() {
        assert!(taken(&[], "src/a.py"));
        assert!(taken(&[], ".hidden"));
        assert!(!taken(&[], ".git/config"));
        assert!(!taken(&[], "yarn-error.log"));
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        assert!(!taken(&["!**"], "a.py"));
        assert!(taken(&["!**", "a.py"], "a.py"));
        assert!(!taken(&["src/**", "!src/test/**"], "src/test/a.py"));
        assert!(taken(&["!src/**", "src/a.py"], "src/a.py"));
    }

    #[test]
    fn an_excluded_folder_name_leaves_out_what_is_in_it() {
        assert!(!taken(&["!tests"], "tests/a.py"));
        assert!(!taken(&["!**/tests"], "src/tests/deep/a.py"));
        assert!(taken(&["!tests", "tests/a.py"], "tests/a.py"));
    }

    #[test]
    fn files_outside_the_service_need_a_pattern_that_names_them() {
        assert!(!taken(&["**"], "../shared/x.py"));
        assert!(taken(&["../shared/**"], "../shared/x.py"));
        assert_eq!(archive_name("../../shared/x.py"), "shared/x.py");
    }

    #[test]
    fn secrets_are_left_out_unless_a_pattern_names_them() {
        assert!(matches!(patterns(&[]).verdict(".env"), Verdict::Secret));
        assert!(taken(&[".env"], ".env"));
        assert!(matches!(patterns(&["!.env"]).verdict(".env"), Verdict::LeftOut));
    }

    #[test]
    fn folders_from_which_nothing_is_taken_are_not_searched() {
        let it = patterns(&["!**", "functions/a.py"]);
        assert!(!it.may_take_from("node_modules"));
        assert!(it.may_take_from("functions"));
        assert!(!patterns(&[]).may_take_from(".git"));
    }
}
