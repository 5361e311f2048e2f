//! The interpreter and platform that wheels are chosen for.

use crate::build::target::{Arch, Glibc};
use std::path::PathBuf;

/// What wheels must fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Platform {
    /// A Lambda runtime.
    Lambda {
        /// `3.12`.
        python: String,
        arch: Arch,
        glibc: Glibc,
    },
    /// An interpreter on this machine (stage local).
    Host {
        interpreter: PathBuf,
        /// What `platform.platform()` and `sys.version` say of it.
        description: String,
    },
}

impl Platform {
    /// The platform of a runtime such as `python3.12`.
    pub fn of_runtime(runtime: &str, arch: Arch, glibc: Glibc) -> Self {
        let python = runtime.strip_prefix("python").filter(|v| v.contains('.')).unwrap_or("3.13");
        Self::Lambda { python: python.to_owned(), arch, glibc }
    }

    /// uv's name of the platform: its newest manylinux that the C library fulfils.
    pub fn uv_name(arch: Arch, glibc: Glibc) -> String {
        let manylinux = match glibc {
            Glibc(2, minor) if minor >= 34 => "manylinux_2_34",
            Glibc(2, minor) if minor >= 28 => "manylinux_2_28",
            _ => "manylinux2014",
        };
        format!("{}-{manylinux}", arch.triple_name())
    }

    /// pip's names of the platform, the newest first (PEP 600; pip does not know that a newer
    /// platform takes older wheels).
    pub fn pip_names(arch: Arch, glibc: Glibc) -> Vec<String> {
        let arch = arch.triple_name();
        let mut names: Vec<String> = (17..=glibc.1).rev().map(|n| format!("manylinux_2_{n}_{arch}")).collect();
        names.push(format!("manylinux2014_{arch}"));
        if arch == "x86_64" {
            names.extend((5..17).rev().map(|n| format!("manylinux_2_{n}_{arch}")));
            names.extend([format!("manylinux2010_{arch}"), format!("manylinux1_{arch}")]);
        }
        names
    }

    /// For people: `python 3.12 on x86_64`.
    pub fn shown(&self) -> String {
        match self {
            Self::Lambda { python, arch, .. } => format!("Python {python} on {}", arch.triple_name()),
            Self::Host { interpreter, .. } => format!("{} on this machine", interpreter.display()),
        }
    }

    /// What the cache tells platforms apart by.
    pub fn key(&self) -> String {
        match self {
            Self::Lambda { python, arch, glibc } => format!("lambda {python} {} {glibc}", arch.triple_name()),
            Self::Host { interpreter, description } => format!("host {} {description}", interpreter.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::target::{AL2, AL2023};

    #[test]
    fn wheels_are_chosen_by_the_c_library_of_the_runtime() {
        assert_eq!(Platform::uv_name(Arch::X86_64, AL2), "x86_64-manylinux2014");
        assert_eq!(Platform::uv_name(Arch::Arm64, AL2023), "aarch64-manylinux_2_34");
        let names = Platform::pip_names(Arch::Arm64, AL2023);
        assert_eq!(names.first().map(String::as_str), Some("manylinux_2_34_aarch64"));
        assert_eq!(names.last().map(String::as_str), Some("manylinux2014_aarch64"));
    }
}
