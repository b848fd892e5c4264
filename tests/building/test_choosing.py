"""Which model a new index takes where nobody has chosen one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Shell, paragraphs, write

from qa_bot import build_index, open_index
from qa_bot.building import build as building
from qa_bot.models import e5
from qa_bot.models.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL

pytestmark = pytest.mark.xdist_group("e5")

GERMAN = """Die Bibliothek ist montags geschlossen, an den übrigen Tagen öffnet sie um neun Uhr.

Wer ein Buch verliert, muss es ersetzen oder eine Gebühr von zwanzig Euro zahlen."""


def model_of(folder: Path) -> str:
    with open_index(folder) as index:
        return index.embedder.name


def test_an_english_folder_gets_the_usual_model(documents: Path, folder: Path) -> None:
    write(documents, otters=paragraphs("otter", 3))
    assert build_index(documents, folder).chosen == ""
    assert model_of(folder) == DEFAULT_MODEL


def test_a_folder_with_another_language_gets_the_multilingual_one_and_is_told_so(
    documents: Path, folder: Path
) -> None:
    write(documents, otters=paragraphs("otter", 3), bibliothek=GERMAN)
    receipt = build_index(documents, folder)
    assert "bibliothek.txt is in German" in receipt.chosen
    assert f"--model {DEFAULT_MODEL}" in receipt.chosen
    assert "`" not in receipt.chosen  # the page shows it, too
    assert receipt.added == ("bibliothek.txt", "otters.txt")
    assert model_of(folder) == MULTILINGUAL_MODEL
    (documents / "bibliothek.txt").unlink()
    write(documents, otters=paragraphs("otter", 4))
    assert build_index(documents, folder).chosen == ""
    assert model_of(folder) == MULTILINGUAL_MODEL  # an index keeps its model


def test_a_model_that_was_chosen_stays_and_says_what_it_does_not_know(
    documents: Path, folder: Path
) -> None:
    write(documents, bibliothek=GERMAN)
    receipt = build_index(documents, folder, model=DEFAULT_MODEL)
    assert (receipt.chosen, model_of(folder)) == ("", DEFAULT_MODEL)
    (warning,) = receipt.health.warnings
    assert f"--rebuild --model {MULTILINGUAL_MODEL}" in warning.reason


def test_an_index_that_meets_another_language_later_says_what_to_run(
    documents: Path, folder: Path
) -> None:
    write(documents, otters=paragraphs("otter", 3))
    build_index(documents, folder)
    write(documents, bibliothek=GERMAN)
    receipt = build_index(documents, folder)
    assert (receipt.chosen, model_of(folder)) == ("", DEFAULT_MODEL)
    assert receipt.health.warnings[0].reason.endswith(
        f": index again with --rebuild --model {MULTILINGUAL_MODEL} to find more of it"
    )


def test_without_the_package_the_usual_model_is_taken(
    documents: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(e5, "is_installed", lambda: False)
    write(documents, bibliothek=GERMAN)
    receipt = build_index(documents, folder)
    assert (receipt.chosen, model_of(folder)) == ("", DEFAULT_MODEL)
    assert "doesn't look English" in receipt.health.warnings[0].reason
    assert "--model" not in receipt.health.warnings[0].reason


def test_an_interrupted_first_build_goes_on_with_the_model_that_it_took(
    documents: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(documents, bibliothek=GERMAN)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(building, "_publish", fail)
        with pytest.raises(KeyboardInterrupt):
            build_index(documents, folder)
    build_index(documents, folder)
    assert model_of(folder) == MULTILINGUAL_MODEL


def test_an_index_of_an_older_format_keeps_its_model(documents: Path, folder: Path) -> None:
    write(documents, otters=paragraphs("otter", 2))
    build_index(documents, folder, model=MULTILINGUAL_MODEL)
    with closing(sqlite3.connect(folder / "qa_bot.sqlite")) as connection, connection:
        connection.execute("UPDATE meta SET value = '4' WHERE key = 'format'")
    receipt = build_index(documents, folder)
    assert (receipt.remade, receipt.chosen, model_of(folder)) == (True, "", MULTILINGUAL_MODEL)


def test_the_shell_prints_the_name_of_the_file_that_decided_as_it_stands(
    shell: Shell, documents: Path, folder: Path
) -> None:
    name = f"[bold red]mehr[x] {'lang ' * 20}"
    write(documents, **{name: GERMAN})
    done = shell("index", "--documents", documents, "--index", folder)
    assert (done.code, done.err) == (0, "")
    line = done.out.splitlines()[0]
    assert f"since {name}.txt is in German. For English alone" in line
