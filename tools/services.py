"""Services of a manifest alone, for the tools beside this file."""
import pathlib, re

# Neither packaging with rlx nor with osls needs credentials.
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "NO_COLOR": "1", "CI": "1"}


def stub(manifest: pathlib.Path, copy: pathlib.Path):
    """Makes a service of a manifest: files for its handlers, layers and images, with nothing in them."""
    copy.mkdir()
    text = manifest.read_text()
    (copy / "serverless.yml").write_text(text)
    for name in re.findall(r"handler: *['\"]?([\w./-]+)\.\w+", text):
        for ending in ("js", "py"):
            file = copy / f"{name}.{ending}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("")
    for name in re.findall(r"path: *(?:\./)?(\w+)\b", text):
        (copy / name).mkdir(exist_ok=True)
        (copy / name / "file").write_text("")
        (copy / name / "Dockerfile").write_text("FROM scratch\n")
