//! `docs/cli.md`: the reference of every command and flag, from the command line's own definition.

use crate::AnyError;
use crate::files::Generated;

const PATH: &str = "docs/cli.md";

/// The page.
pub fn make() -> Result<Vec<Generated>, AnyError> {
    let options = clap_markdown::MarkdownOptions::new().title("Commands".to_owned()).show_footer(false);
    let text = clap_markdown::help_markdown_custom::<rlx::cli::Cli>(&options);
    // The summary line of a command with many options ends in spaces.
    let mut text: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(vec![Generated { path: PATH, text }])
}
