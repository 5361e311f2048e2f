//! The machine that a function runs on.

use crate::manifest::Service;
use crate::manifest::service::Function;

/// Instruction set, as `architecture` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arch {
    X86_64,
    Arm64,
}

impl Arch {
    /// The name that Rust, uname and wheels use.
    pub fn triple_name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// The machine that rlx runs on, if functions can run on such a one.
    pub fn host() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::X86_64),
            "aarch64" => Some(Self::Arm64),
            _ => None,
        }
    }
}

/// The version of the C library that a runtime has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Glibc(pub u32, pub u32);

impl std::fmt::Display for Glibc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Amazon Linux 2.
pub const AL2: Glibc = Glibc(2, 26);
/// Amazon Linux 2023.
pub const AL2023: Glibc = Glibc(2, 34);

/// The runtime of a function: its own, the service's, or Framework v3's default.
pub fn runtime<'a>(service: &'a Service, function: &'a Function) -> &'a str {
    function.runtime.as_deref().or(service.provider.runtime.as_deref()).unwrap_or("nodejs24.x")
}

/// The architecture of a function; x86_64 unless something else is asked (Lambda's default).
pub fn arch(service: &Service, function: &Function) -> Arch {
    match function.architecture.as_deref().or(service.provider.architecture.as_deref()) {
        Some("arm64") => Arch::Arm64,
        _ => Arch::X86_64,
    }
}

/// The C library of a runtime (Lambda developer guide, "Lambda runtimes": the operating system of each).
pub fn glibc(runtime: &str) -> Glibc {
    let number = |prefix: &str| -> Option<u32> {
        let rest = runtime.strip_prefix(prefix)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let old = match runtime {
        "provided" | "provided.al2" | "java8.al2" | "java11" | "java17" | "dotnet6" | "ruby3.2" => true,
        _ => number("python3.").is_some_and(|n| n < 12) || number("nodejs").is_some_and(|n| n < 20),
    };
    if old { AL2 } else { AL2023 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_stand_on_the_system_that_aws_lists() {
        for old in ["python3.9", "python3.11", "nodejs18.x", "provided.al2"] {
            assert_eq!(glibc(old), AL2, "{old}");
        }
        for new in ["python3.12", "python3.14", "nodejs20.x", "nodejs24.x", "provided.al2023", "java21"] {
            assert_eq!(glibc(new), AL2023, "{new}");
        }
    }
}
