"""Start-up: --version, and print of a small manifest."""
from measure import Command

MANIFEST = """
service: hello
provider: {name: aws, runtime: python3.12, stage: dev, region: eu-west-1}
custom: {name: 'hello-${sls:stage}'}
functions:
  hello: {handler: app.handler, environment: {NAME: '${self:custom.name}'}}
"""


def run(bench):
    folder = bench.fresh("startup")
    (folder / "serverless.yml").write_text(MANIFEST)
    (folder / "app.py").write_text("def handler(event, context):\n    return {}\n")
    for words in (["--version"], ["print"], ["package"]):
        commands = {"rlx": Command([bench.rlx, *words], folder), "osls": Command([*bench.osls(), *words], folder)}
        if words == ["--version"]:
            commands["sam"] = Command([*bench.sam(), *words], folder)
        bench.compare(f"{words[0].strip('-')}, one function", commands)
