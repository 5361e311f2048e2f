"""Archive throughput: 200 MB of files compressed by `package`, beside parallel deflate of the same
bytes in one stream by pigz, at the level that rlx has (5) and at zlib's default (6). The size of what each makes
stands beside it."""
import random
import shutil
import sys

from measure import Command


def run(bench):
    folder = bench.fresh("archive")
    words = random.Random(1)
    vocabulary = ["".join(words.choices("abcdefghijklmnopqrstuvwxyz", k=words.randint(2, 9))) for _ in range(5000)]
    (folder / "hello.py").write_text("def main(event, context):\n    return 1\n")
    (folder / "data").mkdir()
    whole = bench.work / "archive.bin"
    with whole.open("w") as out:
        for n in range(200):
            text = " ".join(words.choices(vocabulary, k=180_000))[:1_000_000]
            (folder / f"data/{n}.txt").write_text(text)
            out.write(text)
    (folder / "rlx.yml").write_text("service: archive\nprovider: {name: aws, runtime: python3.12, region: eu-west-1}\n"
                                    "functions: {hello: {handler: hello.main}}\n")
    cache = bench.work / "rlx-cache-archive"

    def cold():
        shutil.rmtree(cache, ignore_errors=True)
        shutil.rmtree(folder / ".rlx", ignore_errors=True)

    commands = {"rlx package": Command([bench.rlx, "package"], folder, cold, {"RLX_CACHE_DIR": str(cache)})}
    pigz = shutil.which("pigz")
    made = {"rlx package": folder / ".rlx/dev/archive.zip"}
    if pigz:
        for level in (5, 6):
            suffix = f".{level}.gz"
            commands[f"pigz -{level}"] = Command([pigz, f"-{level}", "-k", "-f", "-S", suffix, str(whole)], bench.work)
            made[f"pigz -{level}"] = whole.with_name(whole.name + suffix)
    else:
        print("pigz is not installed: archive throughput has nothing beside it", file=sys.stderr)
    bench.compare("200 MB of text: package, cold", commands, runs=min(bench.runs, 3))
    for name in commands:
        bench.note("200 MB of text: package, cold", name, f"{made[name].stat().st_size / 1e6:.1f} MB")
