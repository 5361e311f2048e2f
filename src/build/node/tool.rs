//! esbuild: the project's own, else one that is installed once into rlx's cache.

use crate::build::BuildError;
use crate::build::run::{self, Program};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const VERSION: &str = "0.28.2";

/// Finds or installs esbuild.
pub fn find(service_dir: &Path, cache_dir: &Path, env: &BTreeMap<String, String>) -> Result<PathBuf, BuildError> {
    let own = service_dir.ancestors().map(|a| a.join("node_modules/.bin/esbuild")).find(|p| p.is_file());
    if let Some(own) = own {
        return Ok(own);
    }
    let dir = cache_dir.join("tools").join(format!("esbuild-{VERSION}"));
    let program = dir.join("node_modules/.bin/esbuild");
    if program.is_file() {
        return Ok(program);
    }
    if let Some(found) = run::find("esbuild", env) {
        return Ok(found);
    }
    let Some(npm) = run::find("npm", env) else {
        return Err(BuildError::Refused {
            message: "functions are to be bundled, but there is neither `esbuild` nor `npm` to install it with"
                .to_owned(),
            hints: vec![
                "install Node.js (https://nodejs.org), or esbuild in the project: npm install --save-dev esbuild"
                    .to_owned(),
            ],
        });
    };
    run::make_folder(&dir, |at| {
        let answer = Program::new(&npm, env)
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel", "error", "--prefix"])
            .arg(at)
            .arg(format!("esbuild@{VERSION}"))
            .dir(at)
            .run()?;
        match answer.ok {
            true => Ok(()),
            false => Err(BuildError::Failed {
                what: "installing esbuild with npm".to_owned(),
                output: answer.tail(10),
                hints: vec!["install it in the project: npm install --save-dev esbuild".to_owned()],
            }),
        }
    })?;
    Ok(program)
}
