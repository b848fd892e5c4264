"""BM25 by hand, and questions that are words and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.store.analysis import stems
from qa_bot.store.lexical import MAX_TERMS, Lexicon
from qa_bot.store.spread import FIELDS

TEXTS = {
    1: "The otter sleeps in the river.",
    2: "Otter, otter, otter: three otters swim and one heron watches them from the bank.",
    3: "A heron stands in the river for hours.",
    4: "Moths fly at night.",
    5: "The warden of the hut writes about moths and rivers.",
}


def lexicon(
    texts: dict[int, str],
    headings: str = "",
    folder: Path | None = None,
    document: int = 0,
    language: str = "",
) -> Lexicon:
    made = Lexicon(folder, [language])
    rows = [(n, document or n, language, "", headings, text) for n, text in texts.items()]
    made.update([], rows)
    return made


@pytest.fixture(scope="module")
def animals() -> Lexicon:
    return lexicon(TEXTS)


def ranked(made: Lexicon, question: str, k: int = 10) -> list[int]:
    return list(made.search(made.terms(question), k))


def bm25(texts: dict[int, str], terms: Iterable[str]) -> dict[int, float]:
    """Okapi BM25 with k1 = 1.2 and b = 0.75, as in the textbook."""
    held = {number: stems(text) for number, text in texts.items()}
    mean = sum(map(len, held.values())) / len(held)
    scores: dict[int, float] = {}
    for term in terms:
        count = sum(term in found for found in held.values())
        weight = math.log(1 + (len(held) - count + 0.5) / (count + 0.5))
        for number, found in held.items():
            times = found.count(term)
            norm = 1.2 * (0.25 + 0.75 * len(found) / mean)
            if times:
                scores[number] = scores.get(number, 0) + weight * times * 2.2 / (times + norm)
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))


@pytest.mark.parametrize("question", ["otter", "heron river", "moths at night", "warden's otters"])
def test_scores_are_those_of_the_textbook(animals: Lexicon, question: str) -> None:
    terms = animals.terms(question)
    found, expected = animals.search(terms, 10), bm25(TEXTS, terms)
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, rel=1e-4)
    assert terms == pytest.approx(
        {
            term: math.log(1 + (5 - count + 0.5) / (count + 0.5))
            for term in terms
            for count in [sum(term in stems(text) for text in TEXTS.values())]
        }
    )


@pytest.mark.parametrize("field", ["headings", "title"])
def test_a_word_above_the_text_counts_for_less(field: str) -> None:
    above = ("Otters", "Animals") if field == "title" else ("Animals", "Otters")
    made = Lexicon(None)
    rows = [
        (1, 1, "", *above, "One two three."),
        (2, 2, "", "Animals", "Animals", "Otter two three."),
    ]
    made.update([], rows)
    scores = made.search(made.terms("otter"), 5)
    assert list(scores) == [2, 1]
    assert scores[1] == pytest.approx(FIELDS[field] * scores[2], rel=1e-4)
    assert made.holds("otter")
    assert made.holds("anim")
    assert not made.holds("heron")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("The warden was sleeping.", "sleeps"),
        ("They are running partnerships.", "partnership"),
        ("UPPER CASE SHOUTING", "shout"),
        ("A café in Zürich", "cafe zurich"),
        ("A cafe in Zurich", "café Zürich"),
        ("The alliance’s budget", "alliance budgets"),
        ("東京は日本の首都です。", "首都はどこですか"),
        ("서울은 대한민국의 수도이다", "대한민국 수도"),
        ("北京是中国的首都", "首都"),
        ("Über die Straße", "strasse"),
    ],
)
def test_a_word_is_found_in_another_form(written: str, asked: str) -> None:
    made = lexicon({1: "Nothing of it.", 2: written})
    assert ranked(made, asked)[0] == 2


@pytest.mark.parametrize(
    ("language", "written", "asked"),
    [
        ("de", "Die Häuser wurden gestrichen.", "Haus streichen gestrichenen"),
        ("fr", "Les chevaux mangeaient l'herbe.", "Que mange le cheval ?"),
        ("es", "Los rato\u0301nes comieron queso.", "¿Qué comen los ratones?"),
        ("ru", "Устройства подключаются автоматически.", "Как подключить устройство?"),
        ("ar", "يُحَدَّد موعد انتهاء النسخة", "متى يحدد الموعد؟"),
        ("hi", "दूसरा वाक्य यह है", "वाक्य"),
        ("th", "ภาษาไทยไม่มีช่องว่าง", "ไม่มีช่องว่าง"),
        ("zh", "ＵＳＢ设备需要固件", "usb 为什么需要固件"),
        ("ja", "ｶﾀｶﾅの機器を使う", "カタカナ機器は何ですか"),
        ("pl", "Zmień hasło użytkownika", "hasło"),
        ("cs", "Nastavení sítě", "nastaveni"),
    ],
)
def test_a_word_is_found_in_another_form_of_its_language(
    language: str, written: str, asked: str
) -> None:
    made = lexicon({1: "Otter 1.", 2: written}, language=language)
    assert ranked(made, asked) == [2]


def test_an_index_of_several_languages_is_asked_in_the_ways_of_all() -> None:
    made = Lexicon(None, ["de", "en", "ru"])
    texts = {"de": "Die Häuser sind alt.", "en": "The houses are old.", "ru": "Дома очень старые."}
    rows = [(n, n, name, "", "", text) for n, (name, text) in enumerate(texts.items(), 1)]
    made.update([], rows)
    assert ranked(made, "Haus") == [1]
    assert ranked(made, "housing") == [2]
    assert ranked(made, "старый дом") == [3]
    asked = made.asked("Wie alt ist das Haus?")
    assert list(asked["german"]) == ["alt", "haus"]
    assert set(made.terms("Wie alt ist das Haus?")) >= {"alt", "haus"}


def test_grammar_is_dropped_in_each_language() -> None:
    asked = {
        "de": ("Was ist das für ein Otter?", ["ott"]),
        "ru": ("Что это за выдра и где она?", ["выдр"]),
        "zh": ("什么是水獭？", ["是水", "水獭"]),
        "ko": ("수달은 왜 잡니까?", ["수달", "달은", "잡니", "니까"]),
        "ar": ("ما هو القندس؟", ["قندس"]),
        "de ": ("Was ist das?", ["was", "ist", "das"]),  # nothing else is left
    }
    for language, (question, terms) in asked.items():
        found = lexicon({1: "1"}, language=language.strip()).terms(question)
        assert set(terms) <= set(found), language
        assert len(found) <= len(terms) + 1, language


def test_cjk_is_found_by_pairs_of_characters(animals: Lexicon) -> None:
    assert list(animals.terms("東京都")) == ["東京", "京都"]
    made = lexicon({1: "東京は大きい", 2: "京は古い", 3: "東の空"})
    assert ranked(made, "東京") == [1]


def test_stop_words_are_dropped_unless_nothing_else_is_left(animals: Lexicon) -> None:
    assert list(animals.terms("What is the otter of the river?")) == ["otter", "river"]
    assert list(animals.terms("What's it all about?")) != []
    only = animals.terms("who are they")
    assert set(only) == {"who", "are", "thei"} or set(only) == {"who", "are", "they"}
    made = lexicon({1: "Moths fly.", 2: "To be, or not to be."})
    assert ranked(made, "to be or not to be") == [2]
    assert animals.terms("?!…") == {}
    assert ranked(animals, "?!…") == []


OPERATORS = [
    '"otter river"', '"otter river', "otter* river", "*", "otter AND river", "otter OR river",
    "otter NOT river", "-otter river", "+otter -river", "text:otter river", "id:1 otter river",
    "headings:otter", "(otter river", "otter) river", "otter~2 river", "otter^9 river",
    "\\otter river\\", "/ott.*/ river", "[otter TO river]", "{otter", "otter && !river",
    "otter ?iver", "<otter>", "otter|river", "'otter' river", "text:[* TO *]", "otter:", ":", "^",
]  # fmt: skip


@pytest.mark.parametrize("question", OPERATORS)
def test_operators_are_no_more_than_the_words_around_them(animals: Lexicon, question: str) -> None:
    plain = " ".join("".join(c if c.isalnum() else " " for c in question).split())
    assert animals.terms(question) == animals.terms(plain)
    assert ranked(animals, question) == ranked(animals, plain)


def test_a_minus_excludes_nothing(animals: Lexicon) -> None:
    assert ranked(animals, "-otter river") == ranked(animals, "otter river")
    assert {1, 2} <= set(ranked(animals, "-otter river"))


@given(question=st.text(max_size=60))
def test_no_question_breaks_the_search(animals: Lexicon, question: str) -> None:
    terms = animals.terms(question)
    assert all(weight > 0 for weight in terms.values())
    for number, score in animals.search(terms, 3).items():
        assert number in TEXTS
        assert score > 0


def test_an_absent_word_weighs_most(animals: Lexicon) -> None:
    terms = animals.terms("otter zebra")
    assert terms["zebra"] > terms["otter"]


def test_of_a_long_question_the_rarest_words_are_kept(animals: Lexicon) -> None:
    strangers = [f"word{n}x" for n in range(MAX_TERMS + 20)]
    terms = animals.terms(" ".join(["river", "heron", *strangers]))
    assert len(terms) == MAX_TERMS
    assert "river" not in terms
    repeated = animals.terms("otter " * 20_000)
    assert list(repeated) == ["otter"]


def test_k_limits_and_keeps_the_best(animals: Lexicon) -> None:
    terms = animals.terms("otter heron river")
    everything = animals.search(terms, 10)
    assert list(animals.search(terms, 2)) == list(everything)[:2]
    assert animals.search(terms, 0) == {}
    assert animals.search({}, 5) == {}


def test_scores_of_chosen_passages_are_those_of_the_search(animals: Lexicon) -> None:
    terms = animals.terms("otter heron river")
    everything = animals.search(terms, 10)
    some = animals.scores(terms, [1, 3, 4])
    assert some == pytest.approx({number: everything[number] for number in (1, 3)}, rel=1e-5)
    assert animals.scores(terms, []) == {}
    assert animals.scores(terms, [999]) == {}


def test_a_search_is_limited_to_documents(animals: Lexicon) -> None:
    terms = animals.terms("otter heron river")
    everything = animals.search(terms, 10)
    limited = animals.search(terms, 10, [3, 5])
    assert limited == pytest.approx({number: everything[number] for number in (3, 5)}, rel=1e-5)
    assert animals.search(terms, 1, [5]).keys() == {5}
    assert animals.search(terms, 10, []) == {}


def test_updates_remove_and_add(tmp_path: Path) -> None:
    made = lexicon(TEXTS, folder=tmp_path)
    made.update([1, 2], [(6, 6, "", "", "", "An otter came back.")])
    assert made.ids().tolist() == [3, 4, 5, 6]
    assert ranked(made, "otter") == [6]
    again = Lexicon(tmp_path)
    assert again.ids().tolist() == [3, 4, 5, 6]
    assert ranked(again, "otter") == [6]


def test_a_removed_passage_leaves_no_word_behind() -> None:
    made = lexicon({n: f"Otter {n} in the river." for n in range(1, 30)})
    made.update(range(2, 30), [])
    assert made.ids().tolist() == [1]
    assert made.holds("otter")
    assert not made.holds("29")
    terms = made.terms("otter 29")
    assert all(weight > 0 for weight in terms.values())
    assert made.search(terms, 5).keys() == {1}
    made.update([1], [])
    assert made.ids().tolist() == []
    assert not made.holds("otter")
    assert made.search(made.terms("otter"), 5) == {}


def test_a_snapshot_does_not_see_later_writes(tmp_path: Path) -> None:
    lexicon(TEXTS, folder=tmp_path)
    snapshot = Lexicon(tmp_path)
    before = snapshot.search(snapshot.terms("otter heron"), 10)
    Lexicon(tmp_path).update([1, 2], [(9, 9, "", "", "", "otter")])
    assert snapshot.ids().tolist() == [1, 2, 3, 4, 5]
    assert snapshot.search(snapshot.terms("otter heron"), 10) == before
    assert Lexicon(tmp_path).ids().tolist() == [3, 4, 5, 9]


def test_an_empty_lexicon_finds_nothing() -> None:
    made = Lexicon(None)
    assert made.ids().tolist() == []
    assert ranked(made, "otter") == []
    assert list(made.terms("otter")) == ["otter"]
