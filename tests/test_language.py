"""Which language a text is in; nothing is claimed of what can't be told."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.language import language_name, language_of, other_language

PARAGRAPHS = {
    "de": "Der Vermieter muss die Heizung im Winter auf mindestens zwanzig Grad halten.",
    "fr": "Le propriétaire doit entretenir le chauffage et réparer les fenêtres cassées.",
    "es": "El inquilino paga la fianza antes de entrar en la vivienda y la recupera al salir.",
    "zh": "房东必须在冬天保持暖气正常，租客应在每月五日之前交房租。",
    "ja": "大家は冬のあいだ暖房を直しておかなければなりません。",
    "ko": "집주인은 겨울 동안 난방을 고쳐 두어야 합니다.",
    "ru": "Хозяин квартиры обязан зимой поддерживать отопление в исправном состоянии.",
    "ar": "يجب على المالك أن يحافظ على التدفئة خلال فصل الشتاء وأن يصلح النوافذ.",
    "en": "The landlord has to keep the heating in good repair throughout the winter.",
}


@pytest.mark.parametrize("language", PARAGRAPHS)
def test_a_paragraph_tells_its_language(language: str) -> None:
    text = PARAGRAPHS[language]
    assert language_of(text) == language
    assert language_of(unicodedata.normalize("NFD", text)) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n",
        "12.5 % | 30 | –",
        "!!! --- *** ???",
        "😀 🎉 🚀",
        "\x00\x01\x02",
        "https://example.org/a/b?c=d user@example.org /usr/share/doc",
        "X100 | $20.00 | 12\nX200 | $35.50 | 4",
        "\udc80\udc81",
    ],
)
def test_where_there_are_no_words_nothing_is_claimed(text: str) -> None:
    assert language_of(text) == ""


def test_a_document_is_in_the_language_of_most_of_it() -> None:
    german, english = PARAGRAPHS["de"], PARAGRAPHS["en"]
    assert language_of("\n\n".join([german] * 40 + [english] * 5)) == "de"


def test_a_document_in_many_languages_is_in_none() -> None:
    parts = [f"{text} " * 8 for text in PARAGRAPHS.values()] * 3
    assert language_of("\n\n".join(parts)) == ""


def test_links_and_code_among_the_words_change_nothing() -> None:
    text = f"{PARAGRAPHS['fr']} https://www.example.org/the/best/of/english?q=this+is+that "
    assert language_of(f"{text}sudo apt-get install foo_bar/1.2 && ./configure --with-x=1") == "fr"


@given(st.text(max_size=300))
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert len(language_of(text)) in (0, 2, 3)


def test_languages_have_names() -> None:
    assert language_name("de") == "German"
    assert language_name("xyz") == "xyz"


def test_a_quote_in_another_language_than_the_question_is_told() -> None:
    assert other_language("Wann muss der Vermieter die Heizung reparieren?", "en") == "English"
    assert other_language("When must the landlord repair the heating?", "de") == "German"
    assert other_language("When must the landlord repair the heating?", "en") == ""
    assert other_language("Bandersnatch?", "en") == ""  # too short to tell
    assert other_language("When must the landlord repair the heating?", "") == ""
