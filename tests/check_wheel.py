"""Build the distributions, look into them, and use the wheel as a stranger would: ``make check-wheel``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email import message_from_bytes
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# what one must not meet: an ASCII locale, assertions left out, and any warning at all
HARSH = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2"}


def main() -> None:
    """Run every check; the first that fails ends the program."""
    with tempfile.TemporaryDirectory(prefix="nbmotif wheel ") as folder:
        built, outside = Path(folder, "dist"), Path(folder, "elsewhere")
        outside.mkdir()
        subprocess.run([sys.executable, "-m", "build", "--outdir", built, ROOT], check=True, stdout=subprocess.DEVNULL)
        wheel, sdist = next(built.glob("*.whl")), next(built.glob("*.tar.gz"))
        check_wheel(wheel)
        check_sdist(sdist)
        python = install(wheel, Path(folder, "env"), sys.argv[1])
        use(python, outside)


def tracked(*folders: str) -> set[str]:
    """List the files under version control, with ``/`` between the names of folders."""
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, check=True, capture_output=True)
    return set(listed.stdout.decode().rstrip("\0").split("\0"))


def check_wheel(wheel: Path) -> None:
    """Compare with the package's tracked files: all of them, and its metadata, are in the wheel, and nothing else."""
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        metadata = {name.partition("/")[2]: name for name in names if name.partition("/")[0].endswith(".dist-info")}
        description = message_from_bytes(file.read(metadata["METADATA"])).get_payload()
    expect("the wheel's files", names - set(metadata.values()), tracked("nbmotif"))
    expect("the wheel's metadata", set(metadata), {"METADATA", "WHEEL", "RECORD", "licenses/LICENSE"})
    expect(
        "links of the description that lead nowhere", set(re.findall(r"\]\((?!https?://|#)[^)]*\)", description)), set()
    )


def check_sdist(sdist: Path) -> None:
    """Compare with the tracked files: from the source distribution one can build and test."""
    with tarfile.open(sdist) as file:
        names = {member.name.partition("/")[2] for member in file.getmembers() if member.isfile()}
    expect("the source distribution's files", names - {"PKG-INFO"}, {name for name in tracked() if name[:4] != ".ci/"})


def expect(what: str, got: set[str], wanted: set[str]) -> None:
    """Say what is missing and what is too much."""
    if got != wanted:
        sys.exit(f"{what}: missing {sorted(wanted - got)}, too much {sorted(got - wanted)}")
    print(f"{what}: as they should be ({len(got)})")


def install(wheel: Path, folder: Path, interpreter: str) -> Path:
    """Install the wheel with what a notebook needs, and nothing from the checkout; return the environment's Python."""
    subprocess.run([interpreter, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-c", ROOT / "constraints.txt"]
    subprocess.run([*pip, "torch"], check=True)  # first: the constraint picks its CPU build
    subprocess.run([*pip, f"nbmotif[notebook] @ {wheel.as_uri()}"], check=True)
    return python


def use(python: Path, folder: Path) -> None:
    """Run the demo and the README's first lines from a folder outside the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | HARSH
    run = {"cwd": folder, "env": environment, "check": True}
    where = "import nbmotif; print(nbmotif.__file__)"
    found = subprocess.run([python, "-c", where], capture_output=True, text=True, **run).stdout.strip()
    if not Path(found).is_relative_to(python.parents[1]):
        sys.exit(f"nbmotif was imported from {found}, not from the wheel")
    subprocess.run([python, "-m", "nbmotif.demo"], **run)
    lines = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    if lines is None:
        sys.exit("README.md has no lines of Python")
    subprocess.run([python, "-c", lines[1]], **run)
    expect("what they wrote", {path.name for path in folder.iterdir()}, {"demo.html", "gata2.html", "gata2.nbmotif"})


if __name__ == "__main__":
    main()
