"""`package` of a Rust workspace of five functions beside plain `cargo build --release`."""
from measure import Command

MAIN = 'fn main() { println!("{}", std::env::args().count()); }\n'


def run(bench):
    folder = bench.fresh("rust")
    names = [f"fn{n}" for n in range(5)]
    members = ", ".join(f'"{n}"' for n in names)
    (folder / "Cargo.toml").write_text(f'[workspace]\nresolver = "3"\nmembers = [{members}]\n')
    for name in names:
        (folder / name / "src").mkdir(parents=True)
        (folder / name / "src/main.rs").write_text(MAIN)
        (folder / name / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2024"\n')
    functions = "".join(f"  {n}: {{handler: {n}}}\n" for n in names)
    (folder / "rlx.yml").write_text(
        f"service: rust\nprovider: {{name: aws, runtime: provided.al2023, region: eu-west-1}}\nfunctions:\n{functions}")
    changed = folder / "fn0/src/main.rs"
    count = iter(range(10**6))

    def one_line():
        with changed.open("a") as file:
            file.write(f"// {next(count)}\n")

    env = {"RLX_CACHE_DIR": str(bench.work / "rlx-cache-rust")}
    for case, before in (("nothing changed", None), ("one line changed", one_line)):
        bench.compare(f"Rust workspace: {case}", {
            "rlx package": Command([bench.rlx, "package"], folder, before, env),
            "cargo build --release": Command(["cargo", "build", "--release"], folder, before),
        })
