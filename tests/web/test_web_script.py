"""The page's script: joined from all its files, and clean by ESLint's recommended rules."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

from qa_bot.web import script

ESLINT = ROOT / ".venv" / "eslint"
needs_eslint = pytest.mark.skipif(
    not (ESLINT / "node_modules").is_dir(), reason="needs Node when `make test` installs"
)


def lint(text: str) -> subprocess.CompletedProcess[str]:
    """ESLint's word on a script, with the configuration beside this file."""
    shutil.copy(Path(__file__).with_name("eslint.config.mjs"), ESLINT)
    return subprocess.run(
        ["node_modules/.bin/eslint", "--max-warnings=0", "--stdin", "--stdin-filename=script.js"],
        cwd=ESLINT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_file_is_joined_once() -> None:
    folder = Path(script.__file__).parent
    files = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.js")}
    assert set(files) == set(script.FILES)
    assert all(script.joined().count(text) == 1 for text in files.values())


@needs_eslint
@pytest.mark.xdist_group("eslint")  # they share its configuration
def test_the_script_is_clean_by_eslint() -> None:
    found = lint(script.joined())
    assert not found.returncode, found.stdout + found.stderr


@needs_eslint
@pytest.mark.xdist_group("eslint")
@pytest.mark.parametrize("wrong", ["nobody();", "let unused = 1;"])
def test_eslint_sees_what_is_wrong(wrong: str) -> None:
    found = lint(f"{script.joined()}\n{wrong}\n")
    assert found.returncode == 1, found.stdout + found.stderr
