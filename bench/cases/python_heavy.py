"""`package` of a Python service with numpy, pandas, boto3 and pydantic: cold with a warm wheel
cache, nothing changed, one line changed.

The runtime is that of the Python that runs the bench, because `sam build` needs it.
"""
import pathlib
import shutil
import sys

from measure import Command

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
REQUIREMENTS = "numpy==2.2.6\npandas==2.3.3\nboto3==1.40.0\npydantic==2.11.7\n"
HANDLER = "import numpy\n\ndef main(event, context):\n    return float(numpy.ones(3).sum())\n"


def manifest(functions, individually):
    lines = [
        "service: heavy",
        f"provider: {{name: aws, runtime: python{VERSION}, region: eu-west-1}}",
        "plugins: [serverless-python-requirements]",
        "custom: {pythonRequirements: {dockerizePip: false, cacheLocation: ./.plugin-cache}}",
        f"package: {{individually: {str(individually).lower()}, patterns: ['!**', '*.py']}}",
        "functions:",
        *(f"  f{n}: {{handler: hello.main}}" for n in range(functions)),
    ]
    return "\n".join(lines) + "\n"


TEMPLATE = f"""AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Resources:
  F0:
    Type: AWS::Serverless::Function
    Properties: {{Handler: hello.main, Runtime: python{VERSION}, CodeUri: .}}
"""


def service(bench, name, functions, individually, requirements=REQUIREMENTS):
    folder = bench.fresh(name)
    (folder / "serverless.yml").write_text(manifest(functions, individually))
    (folder / "requirements.txt").write_text(requirements)
    (folder / "hello.py").write_text(HANDLER)
    (folder / "node_modules").symlink_to(pathlib.Path(bench.osls()[1]).parents[2])
    return folder


def run(bench):
    folder = service(bench, "heavy", 1, False)
    # What one tool writes into the folder would be input or output of the other.
    osls_folder = service(bench, "heavy-osls", 1, False)
    sam_folders = {"sam build": bench.fresh("heavy-sam"), "sam build --cached": bench.fresh("heavy-sam-cached")}
    for sam_folder in sam_folders.values():
        for name, text in (("template.yaml", TEMPLATE), ("requirements.txt", REQUIREMENTS), ("hello.py", HANDLER)):
            (sam_folder / name).write_text(text)
    cache = bench.work / "rlx-cache-heavy"
    count = iter(range(10**6))

    def cold():
        """Downloads stay, installed packages and archives go."""
        for part in ("members", "wheels"):
            shutil.rmtree(cache / part, ignore_errors=True)
        for name in (".rlx", ".serverless"):
            for of in (folder, osls_folder):
                shutil.rmtree(of / name, ignore_errors=True)
        for entry in (osls_folder / ".plugin-cache").glob("*"):
            if "downloadCache" not in entry.name:
                shutil.rmtree(entry, ignore_errors=True)
        for sam_folder in sam_folders.values():
            shutil.rmtree(sam_folder / ".aws-sam", ignore_errors=True)

    def one_line():
        for of in (folder, osls_folder, *sam_folders.values()):
            with (of / "hello.py").open("a") as out:
                out.write(f"# {next(count)}\n")

    for case, before in (("cold, wheels downloaded", cold), ("nothing changed", None), ("one line changed", one_line)):
        commands = {
            "rlx": Command([bench.rlx, "package"], folder, before, {"RLX_CACHE_DIR": str(cache)}),
            "osls + python-requirements": Command([*bench.osls(), "package"], osls_folder, before),
        }
        for name, sam_folder in sam_folders.items():
            if before is not cold or name == "sam build":
                commands[name] = Command([*bench.sam(), *name.split()[1:]], sam_folder, before)
        bench.compare(f"heavy Python: package, {case}", commands, runs=min(bench.runs, 3))
