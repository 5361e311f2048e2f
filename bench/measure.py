"""Times whole processes in turns, installs peers, collects the table."""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

# Versions of what rlx is compared with.
NPM_PEERS = ["osls@4.3.1", "serverless-python-requirements@6.1.2"]
SAM = "aws-sam-cli==1.149.0"


class Bench:
    def __init__(self, home, rlx, runs):
        self.home, self.rlx, self.runs = pathlib.Path(home), os.path.abspath(rlx), runs
        self.work = self.home / ".work"
        self.work.mkdir(exist_ok=True)
        self.rows = []
        self.env = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1",
            "NO_COLOR": "1", "CI": "1", "SLS_TELEMETRY_DISABLED": "1", "SAM_CLI_TELEMETRY": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    # -- peers

    def osls(self):
        """The osls command line; the plugin lies beside it."""
        folder = self.work / "npm"
        script = folder / "node_modules/osls/bin/serverless.js"
        if not script.exists():
            folder.mkdir(exist_ok=True)
            (folder / "package.json").write_text("{}")
            self.quiet(["npm", "install", "--no-audit", "--no-fund", *NPM_PEERS], folder)
        return ["node", str(script)]

    def sam(self):
        """The sam command line."""
        venv = self.work / "sam"
        if not (venv / "bin/sam").exists():
            self.quiet([sys.executable, "-m", "venv", str(venv)], self.work)
            # pip needs a quarter of an hour for what uv resolves in seconds.
            self.quiet([str(venv / "bin/pip"), "install", "--quiet", "uv"], self.work)
            self.quiet([str(venv / "bin/uv"), "pip", "install", "--quiet", "--python", str(venv / "bin/python"), SAM], self.work)
        return [str(venv / "bin/sam")]

    def quiet(self, command, cwd):
        done = subprocess.run(command, cwd=cwd, env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    # -- inputs

    def fresh(self, name, source=None):
        """A new folder for a case's input, copied from a source if there is one."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        if source is None:
            folder.mkdir(parents=True)
        else:
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".rlx", "target", "node_modules"))
        return folder

    # -- timing

    def compare(self, case, commands, runs=None):
        """Times commands in turns: {name: Command}. The first is what the others are compared with."""
        runs = runs or self.runs
        figures = {name: [] for name in commands}
        for turn in range(runs + 1):
            for name, command in commands.items():
                figure = command.once(self.env)
                if turn > 0:  # the first turn warms up
                    figures[name].append(figure)
        base = statistics.median(f[0] for f in next(iter(figures.values())))
        for name, values in figures.items():
            seconds = statistics.median(f[0] for f in values)
            peak = max(f[1] for f in values)
            self.rows.append((case, name, seconds, min(f[0] for f in values), max(f[0] for f in values), seconds / base, peak))
            print(f"{case}: {name} {seconds * 1000:.0f} ms", file=sys.stderr)

    def note(self, case, command, text):
        """What was counted beside the time."""
        self.rows = [(f"{c} ({text})" if (c, n) == (case, command) else c, n, *rest) for c, n, *rest in self.rows]

    def part(self, case, name, seconds):
        """A row for what a command itself says that a part of its work took."""
        print(f"{case}: {name} {statistics.median(seconds) * 1000:.1f} ms", file=sys.stderr)
        self.rows.append((case, name, statistics.median(seconds), min(seconds), max(seconds), 1.0, None))

    def table(self, markdown=False):
        head = ("case", "command", "median ms", "min", "max", "× rlx", "peak MB")
        body = [
            (c, n, f"{s * 1000:.1f}", f"{lo * 1000:.1f}", f"{hi * 1000:.1f}", f"{r:.1f}", f"{p / 1024:.0f}" if p else "")
            for c, n, s, lo, hi, r, p in self.rows
        ]
        widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
        line = (lambda row: "| " + " | ".join(v.ljust(w) for v, w in zip(row, widths)) + " |") if markdown else (
            lambda row: "  ".join(v.ljust(w) for v, w in zip(row, widths)))
        out = [line(head)]
        if markdown:
            out.append("|" + "|".join("-" * (w + 2) for w in widths) + "|")
        return "\n".join(out + [line(row) for row in body])


class Command:
    """A command, and what must be so before each run of it."""

    def __init__(self, argv, cwd, before=None, env=None, expect=0, after=None):
        self.argv, self.cwd, self.before, self.extra, self.expect = argv, cwd, before, env or {}, expect
        self.after = after

    def once(self, env):
        """(wall seconds, peak kilobytes) of one run."""
        if self.before:
            self.before()
        start = time.perf_counter()
        with open(os.path.join(self.cwd, ".bench-output"), "wb") as out:
            child = subprocess.Popen(self.argv, cwd=self.cwd, env={**env, **self.extra}, stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(child.pid, 0)
        took = time.perf_counter() - start
        if self.after:
            self.after()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != self.expect:
            text = pathlib.Path(self.cwd, ".bench-output").read_text(errors="replace")
            sys.exit(f"{' '.join(map(str, self.argv))} exited {child.returncode}:\n{text[-3000:]}")
        return took, usage.ru_maxrss
