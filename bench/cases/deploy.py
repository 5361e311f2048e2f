"""Deploys of the same service on the same emulator: create, code alone, nothing changed, remove.

Beside the time, the AWS calls are counted by a proxy between the tool and the
emulator; both tools are pointed at it by AWS_ENDPOINT_URL. osls deploys without
its wait for user input and telemetry; neither gets a plugin.
"""
import contextlib
import http.client
import http.server
import json
import shutil
import subprocess
import threading

from measure import Command

MANIFEST = """
service: benchlife
provider: {name: aws, runtime: python3.12, stage: dev, region: us-east-1}
package: {patterns: ['!**', '*.py']}
functions:
  one: {handler: one.handler, events: [{httpApi: 'GET /one'}]}
  two: {handler: two.handler}
resources:
  Resources:
    Table:
      Type: AWS::DynamoDB::Table
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
        KeySchema: [{AttributeName: id, KeyType: HASH}]
    Queue: {Type: AWS::SQS::Queue}
"""


class Counter(http.server.BaseHTTPRequestHandler):
    """Passes requests on, and counts them."""

    protocol_version = "HTTP/1.1"
    upstream, count = None, 0

    def handle_one(self):
        Counter.count += 1
        length = int(self.headers.get("Content-Length") or 0)
        body = self.chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self.rfile.read(length)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "transfer-encoding", "expect")}
        headers["Content-Length"] = str(len(body))
        upstream = http.client.HTTPConnection(self.upstream)
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(key, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # whoever asked may be gone
            self.wfile.write(content)
        upstream.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_one

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_):
        pass


def run(bench):
    cache = bench.work / "deploy-cache"
    local = lambda *words: subprocess.run(  # noqa: E731
        [bench.rlx, "local", *words], env={**bench.env, "RLX_CACHE_DIR": str(cache)}, capture_output=True, text=True, check=True)
    up = json.loads(local("up", "--output", "json").stdout)
    try:
        Counter.upstream = up["endpoint"].removeprefix("http://")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counter)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        life(bench, f"http://127.0.0.1:{server.server_port}", cache)
        server.shutdown()
    finally:
        local("down")


def life(bench, endpoint, cache):
    env = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "RLX_CACHE_DIR": str(cache),
           "AWS_EC2_METADATA_DISABLED": "true"}
    tools = {"rlx": [bench.rlx], "osls": bench.osls()}
    folders = {}
    for tool in tools:
        folders[tool] = bench.fresh(f"deploy-{tool}")
        # Names of their own, since both stacks are in one emulator.
        (folders[tool] / "serverless.yml").write_text(MANIFEST.replace("benchlife", f"benchlife-{tool}"))
    deployed = set()
    edits = iter(range(10**6))

    def edit(tool):
        for name in ("one", "two"):
            (folders[tool] / f"{name}.py").write_text(f"def handler(event, context):\n    return {next(edits)}\n")

    def command(tool, words, before=None):
        def prepare():
            if before:
                before(tool)
            Counter.count = 0
        done = lambda: calls.setdefault((tool, words[0]), []).append(Counter.count)  # noqa: E731
        return Command([*tools[tool], *words], folders[tool], prepare, env, after=done)

    # A life is create, code, nothing, remove; so that each case can be measured in turns, the stack is brought
    # to where the case begins outside of the clock.
    def quiet(tool, *words):
        done = subprocess.run([*tools[tool], *words], cwd=folders[tool], env={**bench.env, **env}, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{tool} {' '.join(words)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def absent(tool):
        if tool in deployed:
            quiet(tool, "remove", *(["--yes"] if tool == "rlx" else []))
        for name in (".rlx", ".serverless"):
            shutil.rmtree(folders[tool] / name, ignore_errors=True)
        edit(tool)

    def present(tool):
        if tool not in deployed:
            quiet(tool, "deploy")
            deployed.add(tool)

    def create(tool):
        absent(tool)
        deployed.add(tool)

    def code(tool):
        present(tool)
        edit(tool)

    def gone(tool):
        present(tool)
        deployed.remove(tool)

    for case, words, before in (
        ("create", ["deploy"], create),
        ("code alone", ["deploy"], code),
        ("nothing changed", ["deploy"], present),
        ("remove", ["remove"], gone),
    ):
        calls = {}
        words = {"rlx": [*words, "--yes"] if words == ["remove"] else words, "osls": words}
        bench.compare(f"{case}", {tool: command(tool, words[tool], before) for tool in tools}, runs=min(bench.runs, 5))
        for tool in tools:
            bench.note(case, tool, f"{sorted(calls[(tool, words[tool][0])])[-1]} AWS calls")
