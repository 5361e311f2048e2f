//! Runtimes that manifests of some years ago name, and what stands in their place.

/// Beginnings of runtimes that Lambda had, and the newest runtime of the same language
/// (AWS Lambda developer guide, "Deprecated runtimes"): functions of them can be neither made nor changed.
const RETIRED: [(&str, &str, &str); 8] = [
    ("nodejs", "nodejs24.x", "Node.js"),
    ("python", "python3.14", "Python"),
    ("java8", "java25", "Java"),
    ("ruby", "ruby3.4", "Ruby"),
    ("dotnetcore", "dotnet10", ".NET"),
    ("dotnet", "dotnet10", ".NET"),
    ("go1.x", "go", "Go"),
    ("provided", "provided.al2023", "the operating system alone"),
];

/// What to say of a runtime that Lambda no longer runs; nothing where the text never was a runtime.
pub fn advice(runtime: &str) -> Option<String> {
    let (prefix, newest, language) = RETIRED.iter().find(|(prefix, ..)| runtime.starts_with(prefix))?;
    let version = &runtime[prefix.len()..];
    let is_old = match *prefix {
        "java8" | "go1.x" | "provided" => version.is_empty(),
        _ => version.is_empty() || older(version, newest.trim_start_matches(|c: char| !c.is_ascii_digit())),
    };
    is_old.then(|| {
        let instead = match *newest {
            "go" => "`runtime: go` builds the same code for `provided.al2023`".to_owned(),
            newest => format!("take `{newest}`, the newest of {language}"),
        };
        format!("AWS Lambda has retired `{runtime}`: functions of it can be neither made nor changed; {instead}")
    })
}

/// Whether `12.x` comes before `24.x`, `3.9` before `3.14`.
fn older(version: &str, newest: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u32>> {
        text.trim_end_matches(".x").split('.').map(|part| part.parse().ok()).collect()
    };
    matches!((numbers(version), numbers(newest)), (Some(version), Some(newest)) if version < newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_runtime_is_told_apart_from_a_typo() {
        for runtime in ["nodejs12.x", "nodejs", "nodejs4.3", "python2.7", "python3.9", "java8", "ruby2.7"] {
            assert!(advice(runtime).is_some_and(|text| text.contains("retired")), "{runtime}");
        }
        for runtime in ["dotnetcore3.1", "dotnet6", "go1.x", "provided"] {
            assert!(advice(runtime).is_some(), "{runtime}");
        }
        for runtime in ["nodejs99.x", "node", "pyhton3.12", "java9", "provided.al3"] {
            assert_eq!(advice(runtime), None, "{runtime}");
        }
    }
}
