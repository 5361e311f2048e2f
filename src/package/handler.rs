//! Whether the file that a handler names is in the archive.

use crate::build::Members;

/// The files that may hold a handler, the first being the usual one; empty where the runtime
/// finds it in another way (Java, .NET, custom runtimes).
///
/// Lambda developer guide: "Define Lambda function handler in Python" and "in Node.js".
pub fn candidates(runtime: &str, handler: &str) -> Vec<String> {
    let Some((module, _)) = handler.rsplit_once('.') else { return Vec::new() };
    let module = module.trim_start_matches("./");
    let endings: &[&str] = if runtime.starts_with("python") {
        // Dots in a Python handler separate packages as slashes do.
        let module = module.replace('.', "/");
        return vec![format!("{module}.py"), format!("{module}/__init__.py")];
    } else if runtime.starts_with("nodejs") {
        &[".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"]
    } else if runtime.starts_with("ruby") {
        &[".rb"]
    } else {
        return Vec::new();
    };
    endings.iter().map(|end| format!("{module}{end}")).collect()
}

/// Whether the archive has none of the files.
pub fn is_missing(candidates: &[String], members: &Members) -> bool {
    !candidates.is_empty() && !candidates.iter().any(|name| members.contains_key(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_handler_is_a_module_or_a_package() {
        assert_eq!(candidates("python3.12", "src/api.handler"), ["src/api.py", "src/api/__init__.py"]);
        assert_eq!(candidates("python3.12", "src.api.handler")[0], "src/api.py");
    }

    #[test]
    fn custom_runtimes_have_no_handler_file() {
        assert!(candidates("provided.al2023", "bootstrap").is_empty());
        assert!(candidates("java21", "com.example.Handler::run").is_empty());
    }
}
