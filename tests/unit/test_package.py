"""The front door: importing nbmotif is instant, and every public name is there."""

from __future__ import annotations

import ast
import graphlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import nbmotif
from nbmotif.errors import InvalidArgument, InvalidFile, MissingStage

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ["torch", "bokeh", "numba", "pandas", "anywidget"]


def _loaded_by(code: str) -> set[str]:
    report = f"{code}; import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import__loads_none_of_the_heavy_packages() -> None:
    assert _loaded_by("import nbmotif") == set()


def test_import__check_of_heavy_packages_can_fail() -> None:
    assert _loaded_by("import nbmotif; nbmotif.fimo") >= {"numba", "pandas"}


@pytest.mark.parametrize("name", nbmotif.__all__)
def test_public_names__exist_and_are_documented(name: str) -> None:
    value = getattr(nbmotif, name)
    assert isinstance(value, str) or (value.__doc__ and len(value.__doc__) > 40)


@pytest.mark.parametrize("name", nbmotif._HOME)
def test_public_names__are_looked_up_where_they_are_defined(name: str) -> None:
    assert getattr(nbmotif, name).__module__ == f"nbmotif.{nbmotif._HOME[name]}"


def test_public_names__unknown_one_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'no_such_thing'"):
        _ = nbmotif.no_such_thing


def _imports(node: ast.AST, modules: set[str]) -> set[str]:
    """Modules of the package that run when this one does, or when a function of it does."""
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            found |= {alias.name for alias in child.names}
        elif isinstance(child, ast.ImportFrom) and child.module:
            names = [f"{child.module}.{alias.name}" for alias in child.names]
            found |= {name if name in modules else child.module for name in names}
        found |= _imports(child, modules)
    return found & modules


def test_modules__import_each_other_in_one_direction() -> None:
    folder = Path(nbmotif.__file__).parent
    files = {".".join(path.relative_to(folder.parent).with_suffix("").parts): path for path in folder.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): path for name, path in files.items()}
    graph = {name: _imports(ast.parse(path.read_text("utf-8")), set(modules)) for name, path in modules.items()}
    assert "nbmotif.marginal" in graph["nbmotif.study"]
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, with the cycle


def test_errors__show_the_beginning_of_what_is_long_in_one_line() -> None:
    error = InvalidArgument("dtype", "a\nb " * 60, "a torch dtype", "Do.")
    assert str(error) == f"`dtype` must be a torch dtype; got {'a b ' * 50}…. Do."
    assert error.got == "a\nb " * 60


def test_version__of_the_frontend_is_that_of_the_package() -> None:
    package = json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == nbmotif.__version__.partition(".dev")[0]


@pytest.mark.parametrize(
    "error",
    [InvalidArgument("start", 99, "below 10", "Do."), InvalidFile("a.meme", "empty"), MissingStage("this", "`that`")],
    ids=lambda error: type(error).__name__,
)
def test_errors__survive_a_worker_process(error: Exception) -> None:
    import pickle

    assert str(pickle.loads(pickle.dumps(error))) == str(error)
