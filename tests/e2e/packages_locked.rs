//! Lock files decide versions, and their hashes are checked.

use crate::harness::Project;

/// Hashes of six 1.16.0 as its lock files have them.
const SIX: [&str; 2] = [
    "sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254",
    "sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926",
];

fn service(files: &[(&str, String)]) -> Project {
    let project = Project::new(
        "provider: { name: aws, runtime: python3.12 }\nfunctions: { hello: { handler: hello.main } }\n\
         package: { patterns: ['!**', '*.py'] }\n",
    );
    project.file("hello.py", "def main(event, context):\n    return 1\n");
    for (name, text) in files {
        project.file(name, text);
    }
    project
}

fn poetry(hashes: [&str; 2]) -> Project {
    let lock = format!(
        "[[package]]\nname = 'six'\nversion = '1.16.0'\nfiles = [{{ file = 'a', hash = '{}' }}, {{ file = 'b', hash = '{}' }}]\n",
        hashes[0], hashes[1]
    );
    let project = "[tool.poetry.dependencies]\npython = '^3.12'\nsix = '^1.15'\n\
                   [build-system]\nrequires = ['poetry-core']\n";
    service(&[("pyproject.toml", project.to_owned()), ("poetry.lock", lock)])
}

/// Whether the archive for AWS has the locked version.
fn has_locked_version(project: &Project) -> bool {
    project.ok(&["package", "--stage", "prod"]);
    let archive = project.path().join(format!(".rlx/prod/{}.zip", project.name));
    let archive = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    archive.index_for_name("six-1.16.0.dist-info/METADATA").is_some()
}

#[test]
fn a_lock_of_poetry_decides_the_version() {
    assert!(has_locked_version(&poetry(SIX)));
}

#[test]
fn what_has_another_hash_than_the_lock_of_poetry_names_is_refused() {
    let (code, err) = poetry([&SIX[0].replace("8abb", "0000"), &SIX[1].replace("1e61", "0000")])
        .fails(&["package", "--stage", "prod"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("`six==1.16.0`") && err.contains("another hash than the lock file names"), "{err}");
}

#[test]
fn a_member_of_a_uv_workspace_takes_the_lock_of_its_root() {
    let member = "[project]\nname = 'orders'\nversion = '0.1'\nrequires-python = '>=3.9'\ndependencies = ['six']\n";
    let root = "[tool.uv.workspace]\nmembers = ['service']\n";
    let lock = format!(
        "version = 1\nrequires-python = '>=3.9'\n[manifest]\nmembers = ['orders']\n\
         [[package]]\nname = 'orders'\nversion = '0.1'\nsource = {{ virtual = 'service' }}\ndependencies = [{{ name = 'six' }}]\n\
         [package.metadata]\nrequires-dist = [{{ name = 'six' }}]\n\
         [[package]]\nname = 'six'\nversion = '1.16.0'\nsource = {{ registry = 'https://pypi.org/simple' }}\n\
         sdist = {{ url = 'https://x/six-1.16.0.tar.gz', hash = '{}' }}\n\
         wheels = [{{ url = 'https://x/six-1.16.0-py2.py3-none-any.whl', hash = '{}' }}]\n",
        SIX[1], SIX[0]
    );
    let project = service(&[("pyproject.toml", member.to_owned())]);
    project.file("../pyproject.toml", root).file("../uv.lock", &lock);
    assert!(has_locked_version(&project));
}
