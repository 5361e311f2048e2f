"""`package` of examples/orders: cold, nothing changed, one line changed.

The peers cannot read rlx.yml or build the Rust function, so osls gets the same
six Python functions as a serverless.yml with serverless-python-requirements.
"""
import pathlib
import shutil

from measure import Command

FUNCTIONS = ["create_order", "get_order", "process_order", "on_order_change", "count_changes", "daily_report"]


def manifest():
    lines = [
        "service: orders",
        "provider: {name: aws, runtime: python3.12, region: eu-west-1}",
        "plugins: [serverless-python-requirements]",
        "custom: {pythonRequirements: {dockerizePip: false, pipCmdExtraArgs: ['--platform manylinux2014_x86_64', "
        "'--only-binary=:all:', '--python-version 3.12', '--implementation cp']}}",
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
