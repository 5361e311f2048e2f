"""`package` of 50 Python functions, each with its own archive, and the packages of `python_heavy`."""
import importlib.util
import pathlib
import shutil

from measure import Command


def service(*arguments):
    path = pathlib.Path(__file__).with_name("python_heavy.py")
    spec = importlib.util.spec_from_file_location("python_heavy", path)
    case = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(case)
    return case.service(*arguments)


def run(bench):
    many = service(bench, "many", 50, True)
    env = {"RLX_CACHE_DIR": str(bench.work / "rlx-cache-many")}

    def clean():
        for name in (".rlx", ".serverless"):
            shutil.rmtree(many / name, ignore_errors=True)

    bench.compare("50 Python functions individually: package", {
        "rlx": Command([bench.rlx, "package"], many, clean, env),
        "osls + python-requirements": Command([*bench.osls(), "package"], many, clean),
    }, runs=1)
