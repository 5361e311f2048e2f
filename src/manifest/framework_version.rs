//! `frameworkVersion`: whether a manifest is written for a version of the framework that rlx stands in for.

/// Versions that rlx reads the manifests of: Framework v3 and the forks that go on from it.
const VERSIONS: [[u64; 3]; 3] = [[3, 40, 0], [4, 3, 1], [4, 99, 0]];

/// Whether a range such as `3`, `^3.30.0`, `>=2.0.0 <4.0.0` or `2 || 3` takes one of these versions.
/// What is no range at all takes all of them.
pub fn is_supported(range: &str) -> bool {
    range.split("||").any(|part| {
        let comparators = comparators(part);
        VERSIONS.iter().any(|version| comparators.iter().all(|comparator| takes(comparator, *version)))
    })
}

/// Splits at spaces, but not between an operator and its version.
fn comparators(part: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in part.split_whitespace() {
        match found.last_mut() {
            Some(last) if last.chars().all(|c| "<>=~^".contains(c)) => last.push_str(word),
            _ => found.push(word.to_owned()),
        }
    }
    found
}

fn takes(comparator: &str, version: [u64; 3]) -> bool {
    let operator_length = comparator.find(|c: char| !"<>=~^".contains(c)).unwrap_or(comparator.len());
    let (operator, wanted) = comparator.split_at(operator_length);
    let wanted = wanted.trim_start_matches('v');
    // Not a number (`*`, `x`, `-` of a range): anything goes.
    let parts: Vec<u64> = wanted.split(['.', '-', '+']).map_while(|p| p.parse().ok()).take(3).collect();
    if parts.is_empty() {
        return true;
    }
    let mut full = [0; 3];
    full[..parts.len()].copy_from_slice(&parts);
    let prefix = version[..parts.len()] == parts[..];
    match operator {
        ">" => version > full && !prefix,
        ">=" => version >= full,
        "<" => version < full,
        "<=" => version <= full || prefix,
        "^" => version[0] == full[0] && version >= full,
        "~" => version[..parts.len().min(2)] == parts[..parts.len().min(2)] && version >= full,
        _ => prefix || (parts.len() == 3 && version[0] == full[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::is_supported;

    #[test]
    fn ranges_that_hold_version_three_or_four_are_supported() {
        for range in
            ["3", "^3.0.0", "3.22.0", ">=2.0.0 <4.0.0", "2 || 3", "*", "~3.40", ">= 1", "4", "^4.3.0", "nonsense"]
        {
            assert!(is_supported(range), "{range}");
        }
    }

    #[test]
    fn ranges_that_end_before_version_three_are_not() {
        for range in ["2", "^1.83.0", "<3.0.0", "~2.72", "1 || 2", "5"] {
            assert!(!is_supported(range), "{range}");
        }
    }
}
