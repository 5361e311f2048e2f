"""Compiling: 200 functions with 400 events, packaged; and the compilation alone, as `package -v` tells it."""
import re

from measure import Command

FUNCTIONS = 200
HEAD = """
service: many
provider:
  name: aws
  runtime: nodejs22.x
  region: eu-west-1
  environment: {STAGE: '${sls:stage}'}
functions:
"""
FUNCTION = """
  f{n}:
    handler: app.handler
    environment: {{NUMBER: '{n}', SERVICE: '${{self:service}}'}}
    events:
      - httpApi: GET /things{n}/{{id}}
      - {second}
"""
SECOND = [
    "sqs: arn:aws:sqs:eu-west-1:123456789012:queue{n}",
    "schedule: rate({n} hours)",
    "eventBridge: {{pattern: {{source: [source{n}]}}}}",
    "http: POST /things{n}",
]


def manifest():
    functions = (
        FUNCTION.format(n=n, second=SECOND[n % len(SECOND)].format(n=n)) for n in range(2, FUNCTIONS + 2)
    )
    return HEAD + "".join(functions)


def run(bench):
    folder = bench.fresh("package_many")
    (folder / "serverless.yml").write_text(manifest())
    (folder / "app.js").write_text("exports.handler = async () => ({});\n")
    compiled = []

    def tell():
        text = (folder / ".bench-output").read_text()
        value, unit = re.search(r"compiled \d+ resources in ([\d.]+)(µs|ms|s)\b", text).groups()
        compiled.append(float(value) * {"µs": 1e-6, "ms": 1e-3, "s": 1}[unit])

    commands = {
        "rlx": Command([bench.rlx, "package", "-v"], folder, after=tell),
        "osls": Command([*bench.osls(), "package"], folder),
    }
    bench.compare("package, 200 functions with 400 events", commands)
    bench.part("of it the compilation", "rlx", compiled[1:])
