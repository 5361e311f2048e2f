"""`package` of 50 Python functions, each with its own archive, with packages of a usual web service.

Not those of `python_heavy`: osls writes them 50 times, which takes it half an hour.
"""
import importlib.util
import pathlib
import shutil

from measure import Command

REQUIREMENTS = "requests==2.32.5\npydantic==2.11.7\nPyYAML==6.0.3\n"


def service(*arguments):
    path = pathlib.Path(__file__).with_name("python_heavy.py")
    spec = importlib.util.spec_from_file_location("python_heavy", path)
    case = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(case)
    return case.service(*arguments, requirements=REQUIREMENTS)


def run(bench):
    # What one tool writes into the folder would be input or output of the other.
    folders = {"rlx": service(bench, "many", 50, True), "osls + python-requirements": service(bench, "many-osls", 50, True)}
    env = {"RLX_CACHE_DIR": str(bench.work / "rlx-cache-many")}

    def clean():
        for folder in folders.values():
            for name in (".rlx", ".serverless"):
                shutil.rmtree(folder / name, ignore_errors=True)

    argv = {"rlx": [bench.rlx], "osls + python-requirements": bench.osls()}
    bench.compare("50 Python functions individually: package", {
        name: Command([*argv[name], "package"], folder, clean, env) for name, folder in folders.items()
    }, runs=min(bench.runs, 3))
