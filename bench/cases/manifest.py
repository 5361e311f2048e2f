"""A large manifest: 500 functions whose settings are 5,000 variables, printed resolved."""
from measure import Command

FUNCTIONS, PER_FUNCTION = 500, 10
HEAD = """
service: large
provider: {name: aws, runtime: python3.12, stage: dev, region: eu-west-1}
params: {default: {domain: example.org}, dev: {level: debug}}
custom:
  memory: {small: 256, large: 1024}
  names: {base: 'large-${sls:stage}', table: '${self:custom.names.base}-table', queue: '${self:custom.names.base}-queue'}
  tags: {team: shop, stage: '${sls:stage}'}
functions:
"""
FUNCTION = """  function{i}:
    handler: app.handler
    description: 'Function {i} of ${{self:service}} in ${{aws:region}}'
    memorySize: ${{self:custom.memory.small}}
    timeout: ${{param:timeout{i}, 7}}
    tags: ${{self:custom.tags}}
    environment:
      TABLE: ${{self:custom.names.table}}-{i}
      QUEUE: ${{self:custom.names.queue}}
      LEVEL: ${{param:level}}
      URL: https://${{param:domain}}/{i}
      OWN: ${{self:functions.function{before}.environment.TABLE}}
"""


def manifest():
    functions = (FUNCTION.format(i=i, before=max(i - 1, 0) if i % 50 else i + 1) for i in range(FUNCTIONS))
    return HEAD + "".join(functions)


def run(bench):
    folder = bench.fresh("manifest")
    (folder / "serverless.yml").write_text(manifest())
    (folder / "app.py").write_text("def handler(event, context):\n    return {}\n")
    argv = ["print", "--format", "json"]
    commands = {"rlx": Command([bench.rlx, *argv], folder), "osls": Command([*bench.osls(), *argv], folder)}
    bench.compare(f"print, {FUNCTIONS} functions with {FUNCTIONS * PER_FUNCTION} variables", commands)
