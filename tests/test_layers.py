"""Guard the import direction: server → signaling → media → engine, server → recordings → media."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "server": {"server", "signaling", "recordings", "media"},
    "signaling": {"signaling", "media"},
    "recordings": {"recordings", "media"},
    "media": {"media"},
}


def imported_packages(source: str) -> Iterator[str]:
    """Yield the top-level package of every import, wherever in the file it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def forbidden_imports(package: str, source: str) -> set[str]:
    return (set(imported_packages(source)) & MAY_IMPORT.keys()) - MAY_IMPORT[package]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_the_layers_below_it(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    found = {
        str(file.relative_to(ROOT)): wrong
        for file in files
        if (wrong := forbidden_imports(package, file.read_text(encoding="utf-8")))
    }
    assert not found


def test_only_one_file_knows_the_insides_of_aiortc_dtls() -> None:
    found = {
        str(file.relative_to(ROOT))
        for package in MAY_IMPORT
        for file in (ROOT / package).rglob("*.py")
        if "rtcdtlstransport" in file.read_text(encoding="utf-8")
    }
    assert found <= {"media/dtls.py"}


def test_the_guard_sees_an_import_inside_a_function() -> None:
    assert forbidden_imports("media", "def f():\n    from server import app\n") == {"server"}
