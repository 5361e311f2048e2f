//! The summary of a step in GitHub Actions
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary>).

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where a step's summary is collected; nowhere outside of Actions.
#[derive(Debug, Clone, Default)]
pub struct Summary(Option<PathBuf>);

/// What happened, for a summary.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// One line.
    pub title: String,
    /// Names and values.
    pub facts: Vec<(String, String)>,
    /// Text as it was printed.
    pub text: String,
    /// Seconds that resources took.
    pub durations: Vec<(String, f64)>,
}

impl Summary {
    /// `$GITHUB_STEP_SUMMARY`.
    pub fn new(path: Option<&str>) -> Self {
        Self(path.map(PathBuf::from))
    }

    /// Adds a section. A summary that cannot be written is none: the command's own output says the same.
    pub fn add(&self, section: &Section) {
        if let Some(path) = &self.0 {
            let _ = append(path, &section.markdown());
        }
    }
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

impl Section {
    /// GitHub's Markdown.
    fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", self.title);
        if !self.facts.is_empty() {
            text.push_str("| | |\n|---|---|\n");
            for (name, value) in &self.facts {
                text.push_str(&format!("| {} | {} |\n", cell(name), cell(value)));
            }
            text.push('\n');
        }
        if !self.text.trim().is_empty() {
            text.push_str(&format!("````text\n{}\n````\n\n", self.text.trim().replace("````", "'''")));
        }
        if !self.durations.is_empty() {
            let mut slowest = self.durations.clone();
            slowest.sort_by(|a, b| b.1.total_cmp(&a.1));
            text.push_str(&format!("<details><summary>{} resources</summary>\n\n", slowest.len()));
            text.push_str("| resource | seconds |\n|---|---|\n");
            for (id, seconds) in slowest {
                text.push_str(&format!("| {} | {seconds:.1} |\n", cell(&id)));
            }
            text.push_str("\n</details>\n\n");
        }
        text
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_added_below_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.md");
        std::fs::write(&path, "before\n").unwrap();
        let section = Section {
            title: "Deployed".into(),
            facts: vec![("stack".into(), "a|b".into())],
            text: "error: x\n".into(),
            durations: vec![("Fast".into(), 0.5), ("Slow".into(), 9.0)],
        };
        Summary::new(path.to_str()).add(&section);
        insta::assert_snapshot!(std::fs::read_to_string(&path).unwrap(), @r"
        before
        ### Deployed

        | | |
        |---|---|
        | stack | a\|b |

        ````text
        error: x
        ````

        <details><summary>2 resources</summary>

        | resource | seconds |
        |---|---|
        | Slow | 9.0 |
        | Fast | 0.5 |

        </details>
        ");
    }

    #[test]
    fn outside_of_actions_nothing_is_written() {
        Summary::new(None).add(&Section::default());
    }
}
