//! Container images of functions: built and pushed with the `docker` command, as Framework v3 does
//! (`provider.js`, `resolveImageUriAndShaFromPath`).

use super::BuildError;
use super::run::{self, Answer, Program};
use super::target::{self, Arch};
use crate::manifest::Service;
use crate::manifest::service::Function;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An image of `provider.ecr.images` that is built from a folder and that functions name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its name in the manifest.
    pub name: String,
    /// Keys of the functions that run it.
    pub functions: Vec<String>,
    /// The folder that is sent to the builder.
    folder: PathBuf,
    dockerfile: PathBuf,
    build_args: BTreeMap<String, String>,
    /// Further arguments of `docker build`, as they are.
    options: Vec<String>,
    cache_from: Vec<String>,
    platform: String,
    provenance: Option<String>,
}

/// The name of the image in `provider.ecr.images` that a function runs, unless it names a URI.
pub fn name_of(function: &Function) -> Option<&str> {
    let image = function.image.as_ref()?;
    image.as_str().or_else(|| image["name"].as_str())
}

/// The images that are built for functions, by the order of the functions.
pub fn of(service: &Service) -> Vec<Image> {
    let mut images: Vec<Image> = Vec::new();
    for function in service.functions.values() {
        let Some(name) = name_of(function) else { continue };
        if let Some(known) = images.iter_mut().find(|i| i.name == name) {
            known.functions.push(function.key.clone());
            continue;
        }
        let given = service.provider.raw.pointer("/ecr/images").and_then(|images| images.get(name));
        if let Some(image) = given.and_then(|given| Image::read(name, given, service, function)) {
            images.push(image);
        }
    }
    images
}

impl Image {
    /// `None` if it is in a registry already. A text that is no URI is the folder (v3).
    fn read(name: &str, given: &Value, service: &Service, function: &Function) -> Option<Self> {
        let path = given.as_str().filter(|text| !text.contains(".dkr.ecr.") && !text.contains("@sha256:"));
        let folder = service.dir.join(path.or_else(|| given["path"].as_str())?);
        let list = |key: &str| {
            let items = given[key].as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        let plain = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let build_args = given["buildArgs"].as_object().into_iter().flatten();
        let own = match target::arch(service, function) {
            Arch::X86_64 => "linux/amd64",
            Arch::Arm64 => "linux/arm64",
        };
        Some(Self {
            name: name.to_owned(),
            functions: vec![function.key.clone()],
            dockerfile: folder.join(given["file"].as_str().unwrap_or("Dockerfile")),
            folder,
            build_args: build_args.map(|(k, v)| (k.clone(), plain(v))).collect(),
            options: list("buildOptions"),
            cache_from: list("cacheFrom"),
            platform: given["platform"].as_str().unwrap_or(own).to_owned(),
            provenance: given["provenance"].as_str().map(str::to_owned),
        })
    }
}

/// The docker command of this machine.
#[derive(Debug)]
pub struct Docker<'a> {
    program: PathBuf,
    env: &'a BTreeMap<String, String>,
}

impl<'a> Docker<'a> {
    /// Finds it.
    pub fn find(env: &'a BTreeMap<String, String>) -> Result<Self, BuildError> {
        match run::find("docker", env) {
            Some(program) => Ok(Self { program, env }),
            None => Err(BuildError::Refused {
                message: "functions run container images, but there is no `docker` on the PATH to build them with"
                    .to_owned(),
                hints: vec![
                    "install Docker (https://docs.docker.com/get-docker/), or a tool with the same command line"
                        .to_owned(),
                    "or push the image by other means and name its URI: `provider.ecr.images.<name>.uri`".to_owned(),
                ],
            }),
        }
    }

    /// Builds an image under a tag.
    pub fn build(&self, image: &Image, tag: &str, dir: &Path) -> Result<(), BuildError> {
        let mut program = self.program().args(["build", "-t", tag, "-f"]).arg(&image.dockerfile);
        for (name, value) in &image.build_args {
            program = program.arg("--build-arg").arg(format!("{name}={value}"));
        }
        for source in &image.cache_from {
            program = program.args(["--cache-from", source]);
        }
        program = program.args(&image.options).arg(&image.folder).arg(format!("--platform={}", image.platform));
        if let Some(provenance) = &image.provenance {
            program = program.arg(format!("--provenance={provenance}"));
        }
        // Lambda takes no image with attestations, which buildx adds unless it is told not to
        // (Lambda developer guide, "Create a Lambda function using a container image").
        let answer = program.env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1").dir(dir).run()?;
        self.check(&format!("docker build of the image `{}`", image.name), &answer)
    }

    /// Signs in to a registry.
    pub fn login(&self, registry: &str, user: &str, password: &str) -> Result<(), BuildError> {
        let program = self.program().args(["login", "--username", user, "--password-stdin", registry]);
        let answer = program.input(password).run()?;
        self.check(&format!("docker login to {registry}"), &answer)
    }

    /// Pushes an image to a registry under a tag; gives its digest, `sha256:...`.
    pub fn push(&self, local: &str, remote: &str) -> Result<String, BuildError> {
        let answer = self.program().args(["tag", local, remote]).run()?;
        self.check(&format!("docker tag of {local}"), &answer)?;
        let answer = self.program().args(["push", remote]).run()?;
        self.check(&format!("docker push of {remote}"), &answer)?;
        digest(&answer.out).ok_or_else(|| BuildError::Failed {
            what: format!("docker pushed {remote}, but named no digest; it"),
            output: answer.tail(10),
            hints: Vec::new(),
        })
    }

    fn program(&self) -> Program {
        Program::new(&self.program, self.env)
    }

    fn check(&self, what: &str, answer: &Answer) -> Result<(), BuildError> {
        if answer.ok {
            return Ok(());
        }
        let mut hints = Vec::new();
        if answer.err.contains("Cannot connect to the Docker daemon") || answer.err.contains("docker daemon running") {
            hints.push("start Docker; `docker info` shows whether it runs".to_owned());
        }
        Err(BuildError::Failed { what: what.to_owned(), output: answer.tail(30), hints })
    }
}

fn digest(said: &str) -> Option<String> {
    let hex = |rest: &str| rest.chars().take_while(char::is_ascii_hexdigit).collect::<String>();
    said.match_indices("sha256:")
        .map(|(at, sign)| hex(&said[at + sign.len()..]))
        .find(|hex| hex.len() == 64)
        .map(|hex| format!("sha256:{hex}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing;
    use std::fs;
    use std::process::Command;

    const MANIFEST: &str = "service: shop\nprovider:\n  name: aws\n  architecture: arm64\n  ecr:\n    images:\n      \
        api: { path: api, file: Dockerfile.prod, buildArgs: { B: two, A: one }, cacheFrom: [base], buildOptions: ['--target', 'run'] }\n      \
        old: jobs\n      far: { uri: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1' }\n\
        functions:\n  web: { image: api }\n  admin: { image: { name: api, command: [admin] } }\n  job: { image: old }\n  far: { image: far }\n";

    /// A docker that writes down what it is told, and answers a push with a digest.
    fn stand_in(dir: &Path, last_words: &str) -> BTreeMap<String, String> {
        let script = format!("#!/bin/sh\necho \"$@\" >> {0}/said\n{last_words}\n", dir.display());
        // Written by a process of its own: a file that this one has open for writing cannot be run.
        let write = "printf %s \"$1\" > \"$2\" && chmod 755 \"$2\"";
        let program = dir.join("docker");
        let status = Command::new("sh").args(["-c", write, "sh", &script]).arg(&program).status().unwrap();
        assert!(status.success());
        BTreeMap::from([("PATH".to_owned(), format!("{}:/usr/bin:/bin", dir.display()))])
    }

    fn images(dir: &Path) -> Vec<Image> {
        of(&Service { dir: dir.to_owned(), ..testing::service(MANIFEST) })
    }

    #[test]
    fn images_of_folders_are_built_once_for_all_their_functions() {
        let found = images(Path::new("/s"));
        let shown: Vec<_> = found.iter().map(|i| (i.name.as_str(), i.functions.join(" "))).collect();
        assert_eq!(shown, [("api", "web admin".to_owned()), ("old", "job".to_owned())]);
        assert_eq!(found[1].dockerfile, Path::new("/s/jobs/Dockerfile"));
    }

    #[test]
    fn docker_is_told_all_that_the_manifest_says() {
        let dir = tempfile::tempdir().unwrap();
        let env = stand_in(dir.path(), "cat > /dev/null");
        let docker = Docker::find(&env).unwrap();
        docker.build(&images(Path::new("/s"))[0], "repo:api", dir.path()).unwrap();
        docker.login("https://registry", "AWS", "secret").unwrap();
        assert_eq!(
            fs::read_to_string(dir.path().join("said")).unwrap(),
            "build -t repo:api -f /s/api/Dockerfile.prod --build-arg A=one --build-arg B=two --cache-from base \
             --target run /s/api --platform=linux/arm64\nlogin --username AWS --password-stdin https://registry\n"
        );
    }

    #[test]
    fn a_push_gives_the_digest() {
        let dir = tempfile::tempdir().unwrap();
        let hex = "ab".repeat(32);
        let env = stand_in(dir.path(), &format!("echo 'api: digest: sha256:{hex} size: 528'"));
        assert_eq!(Docker::find(&env).unwrap().push("a:b", "r/a:b").unwrap(), format!("sha256:{hex}"));
        assert_eq!(fs::read_to_string(dir.path().join("said")).unwrap(), "tag a:b r/a:b\npush r/a:b\n");
    }

    #[test]
    fn a_daemon_that_does_not_run_is_told_with_a_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let env = stand_in(dir.path(), "echo 'Cannot connect to the Docker daemon at unix:///x' >&2; exit 1");
        let error = Docker::find(&env).unwrap().build(&images(Path::new("/s"))[0], "t", dir.path()).unwrap_err();
        assert!(error.hints()[0].starts_with("start Docker"), "{error:?}");
        assert!(Docker::find(&BTreeMap::new()).unwrap_err().to_string().contains("no `docker`"));
    }
}
