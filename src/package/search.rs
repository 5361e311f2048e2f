//! Which files the user's inclusions find at all, before patterns choose among them.
//!
//! Framework v3 searches for `**` and all inclusions with fast-glob (osls `lib/utils/glob.js`):
//! each finds its files, less those that exclusions after it name, or that lie below a folder
//! that such an exclusion closes. A search begins at the literal folder of its pattern, which no
//! exclusion closes; searches side by side are one if one of them begins at the service's folder
//! (fast-glob `convertPatternsToTasks`).

use super::glob::{self, Glob};

/// The searches, in the order of the patterns.
#[derive(Debug, Clone)]
pub struct Search {
    steps: Vec<Step>,
    /// Where the searches begin that stand side by side with what comes next.
    group: usize,
    /// One of them begins at the service's folder.
    from_root: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Finds {
        glob: Glob,
        /// The folder where it begins; absent for a path without wildcards, which is looked up.
        base: Option<String>,
    },
    Hides(Glob),
}

impl Default for Search {
    /// For `**`, with which Framework v3 begins.
    fn default() -> Self {
        let mut it = Self { steps: Vec::new(), group: 0, from_root: false };
        it.include("**");
        it
    }
}

impl Search {
    /// Searches for a pattern too. One that is no pattern finds nothing.
    pub fn include(&mut self, pattern: &str) {
        for alternative in glob::expand_braces(pattern) {
            let Some(glob) = Glob::new(&alternative) else { continue };
            let (ups, folder) = glob.base();
            let base = "../".repeat(ups) + folder;
            let inside = ups == 0;
            let base = glob::is_dynamic(&alternative).then_some(base);
            if inside && base.as_deref() == Some("") && !self.from_root {
                self.from_root = true;
                for step in &mut self.steps[self.group..] {
                    if let Step::Finds { base: Some(base), .. } = step
                        && !base.starts_with("../")
                    {
                        base.clear();
                    }
                }
            }
            let base = base.map(|base| if inside && self.from_root { String::new() } else { base });
            self.steps.push(Step::Finds { glob, base });
        }
    }

    /// Leaves out of the searches so far what a pattern names; its `!` is taken off.
    pub fn exclude(&mut self, pattern: &str) {
        self.steps.extend(Glob::for_search(pattern).map(Step::Hides));
        self.group = self.steps.len();
        self.from_root = false;
    }

    /// Whether a file is found.
    pub fn finds(&self, name: &str) -> bool {
        let mut hides: Vec<&Glob> = Vec::new();
        self.steps.iter().rev().any(|step| match step {
            Step::Hides(glob) => {
                hides.push(glob);
                false
            }
            Step::Finds { glob, base } => glob.matches(name) && !hides.iter().any(|h| hidden(name, base.as_deref(), h)),
        })
    }
}

/// Whether an exclusion names a file, or closes a folder between it and where the search begins.
fn hidden(name: &str, base: Option<&str>, glob: &Glob) -> bool {
    let folders = || name.match_indices('/').map(|(end, _)| &name[..end]);
    let closed = |base: &str| folders().any(|folder| folder.len() > base.len() && glob.matches(folder));
    glob.matches(name) || glob.names_folders() && base.is_some_and(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(patterns: &[&str], name: &str) -> bool {
        let mut it = Search::default();
        for pattern in patterns {
            match pattern.strip_prefix('!') {
                Some(rest) => it.exclude(rest),
                None => it.include(pattern),
            }
        }
        it.finds(name)
    }

    #[test]
    fn exclusions_hide_what_was_searched_for_before_them() {
        assert!(!finds(&["!*.txt"], "a.txt"));
        assert!(finds(&["!*.txt", "a.txt"], "a.txt"));
        assert!(!finds(&["!*.txt", "a.txt", "!a.*"], "a.txt"));
    }

    #[test]
    fn a_search_that_begins_in_a_folder_is_not_closed_out_of_it() {
        assert!(!finds(&["src/**", "!src"], "src/a.js"), "one search with `**`, from the top");
        assert!(finds(&["!docs", "src/**", "!src"], "src/a.js"));
        assert!(finds(&["!docs", "{lib,src}/**", "!src"], "src/a.js"));
        assert!(!finds(&["!docs", "src/**", "*.md", "!src"], "src/a.js"));
        assert!(!finds(&["!docs", "src/**", "!src/deep"], "src/deep/a.js"));
    }

    #[test]
    fn a_file_that_is_named_is_looked_up_in_closed_folders() {
        assert!(finds(&["src/a.js", "!src"], "src/a.js"));
        assert!(!finds(&["src/a.js", "!src/*"], "src/a.js"));
    }

    #[test]
    fn files_outside_the_service_need_a_search_of_their_own() {
        assert!(!finds(&["**"], "../shared/a.js"));
        assert!(finds(&["../shared/**"], "../shared/a.js"));
    }
}
