"""`package` of examples/orders: cold, nothing changed, one line changed.

The peers cannot read rlx.yml or build the Rust function, so both get the same six
Python functions as a serverless.yml with serverless-python-requirements. The
runtime is that of the Python that runs the bench, because the plugin calls it.
"""
import pathlib
import shutil
import sys

from measure import Command

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
FUNCTIONS = ["create_order", "get_order", "process_order", "on_order_change", "count_changes", "daily_report"]


def manifest():
    lines = [
        "service: orders",
        f"provider: {{name: aws, runtime: python{VERSION}, region: eu-west-1}}",
        "plugins: [serverless-python-requirements]",
        "custom: {pythonRequirements: {dockerizePip: false}}",
        "package: {individually: true, patterns: ['!**']}",
        "functions:",
    ]
    for name in FUNCTIONS:
        lines.append(f"  {name}: {{handler: functions/{name}.handler, package: {{patterns: ['functions/{name}.py', 'orders_core/**']}}}}")
    return "\n".join(lines) + "\n"


def run(bench):
    example = bench.home.parent / "examples"
    folder = bench.fresh("orders", example / "orders")
    shutil.rmtree(folder / "quote")
    (folder / "rlx.yml").unlink()
    shutil.copytree(example / "shared/orders_core", folder / "orders_core")
    (folder / "serverless.yml").write_text(manifest())
    osls = bench.osls()
    (folder / "node_modules").symlink_to(pathlib.Path(osls[1]).parents[2])
    changed = folder / "functions/get_order.py"
    count = iter(range(10**6))

    def cold():
        for name in (".rlx", ".serverless"):
            shutil.rmtree(folder / name, ignore_errors=True)
        shutil.rmtree(bench.work / "rlx-cache", ignore_errors=True)

    def one_line():
        with changed.open("a") as file:
            file.write(f"# {next(count)}\n")

    env = {"RLX_CACHE_DIR": str(bench.work / "rlx-cache")}
    for case, before in (("cold", cold), ("nothing changed", None), ("one line changed", one_line)):
        bench.compare(f"orders: package, {case}", {
            "rlx": Command([bench.rlx, "package"], folder, before, env),
            "osls + python-requirements": Command([*osls, "package"], folder, before),
        }, runs=3)
