"""Imports flow one way: this table is the architecture, and the code is held to it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "qa_bot"

LEAVES = "errors records text sentences"
PUBLIC = "qa_bot errors records health"
ALLOWED = {  # room → the rooms it may use; "qa_bot" stands for the public names
    "errors": "",
    "records": "errors",
    "text": "",
    "sentences": "records",
    "processes": "",
    "loaders": f"loaders processes {LEAVES}",
    "passages": LEAVES,
    "cores": "",
    "model_folders": "errors",
    "embedding": f"cores model_folders {LEAVES}",
    "reader_network": LEAVES,
    "reader": f"cores reader_network {LEAVES}",
    "schema": LEAVES,
    "pieces": LEAVES,
    "naming": LEAVES,
    "database": f"schema pieces naming {LEAVES}",
    "rows": f"pieces {LEAVES}",
    "vectors": LEAVES,
    "lexical": LEAVES,
    "caches": "schema database rows vectors lexical",
    "files": f"loaders {LEAVES}",
    "reading": f"loaders processes {LEAVES}",
    "page_sheet": "",
    "page_text": "page_sheet",
    "page_worker": "page_sheet page_text processes",
    "page_view": f"processes {LEAVES}",
    "progress": LEAVES,
    "locks": LEAVES,
    "citing": LEAVES,
    "quote_sheet": f"citing {LEAVES}",
    "feedback": f"locks {LEAVES}",
    "storing": f"database embedding {LEAVES}",
    "updating": (
        f"files reading progress storing database naming loaders passages embedding {LEAVES}"
    ),
    "indexing": (
        "files locks caches schema database naming rows loaders embedding progress storing "
        f"updating {LEAVES}"
    ),
    "opening": f"files locks caches schema database naming rows embedding {LEAVES}",
    "retrieval": f"opening embedding lexical {LEAVES}",
    "checking": f"files caches schema database rows {LEAVES}",
    "other_readers": f"model_folders reader reader_network {LEAVES}",
    "judging": f"reader retrieval {LEAVES}",
    "answering": f"judging reader opening retrieval lexical {LEAVES}",
    "health": "opening records",
    "web": f"web answering citing embedding feedback loaders quote_sheet page_view reader {PUBLIC}",
    "evaluation": f"evaluation answering locks opening reader retrieval qa_bot {LEAVES}",
    "console": "reader other_readers records",
    "cli_eval": f"evaluation console reader {PUBLIC}",
    "cli": f"cli_eval console web {PUBLIC}",
    "qa_bot": (
        "answering checking citing evaluation feedback indexing opening other_readers quote_sheet "
        "reader retrieval errors records"
    ),
    "__main__": "cli",
}
SLOW = {"torch", "transformers", "sentence_transformers", "faiss", "tantivy", "gradio"} | {
    "sklearn",
    "ir_measures",
    "matplotlib",
}
"""Libraries that take seconds to import, so they are imported where they are first used."""


def module_name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


FILES = {module_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """``qa_bot.web.render`` → ``web``; the package itself is ``qa_bot``."""
    return module.split(".")[1] if "." in module else module


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that one statement imports, by their full names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports hide where a name comes from"
        for alias in node.names:
            name = f"{node.module}.{alias.name}"
            yield name if name in FILES else str(node.module)


def at_module_level(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from at_module_level(child)


def tree(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", FILES)
def test_a_room_uses_only_the_rooms_it_may_use(module: str) -> None:
    used = {
        room(name)
        for node in ast.walk(tree(module))
        for name in imported(node)
        if name.split(".")[0] == "qa_bot"
    }
    assert used <= set(ALLOWED[room(module)].split())


def test_every_room_in_the_table_is_there() -> None:
    assert {room(module) for module in FILES} == set(ALLOWED)
    used = {name for names in ALLOWED.values() for name in names.split()}
    assert used <= set(ALLOWED)


def test_the_command_line_imports_the_web_chat_only_when_asked_to_serve() -> None:
    at_start = {name for node in at_module_level(tree("qa_bot.cli")) for name in imported(node)}
    assert not any(room(name) == "web" for name in at_start if name.startswith("qa_bot."))


@pytest.mark.parametrize("module", FILES)
def test_slow_libraries_are_imported_where_they_are_first_used(module: str) -> None:
    at_start = {
        name.split(".")[0] for node in at_module_level(tree(module)) for name in imported(node)
    }
    is_page = room(module) == "web" and module not in {"qa_bot.web.render", "qa_bot.web.service"}
    assert not at_start & (SLOW - {"gradio"} if is_page else SLOW)


@pytest.mark.parametrize(
    "modules", ["qa_bot", "qa_bot.cli", "qa_bot.web.app", "qa_bot.web.render, qa_bot.web.service"]
)
def test_importing_loads_no_slow_library(modules: str) -> None:
    code = f"import sys, {modules}; print(*sorted(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    loaded = set(result.stdout.split())
    assert "qa_bot" in loaded
    assert not loaded & SLOW


@pytest.mark.parametrize("module", FILES)
def test_no_file_is_longer_than_400_lines(module: str) -> None:
    assert len(FILES[module].read_text(encoding="utf-8").splitlines()) <= 400
