"""Documents that aren't English: order of letters, spaces, sentences, passages, search terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DATA, blocks
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from qa_bot.building.passages import split_document
from qa_bot.loaders import load_document
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.records import Document
from qa_bot.sentences import sentence_spans
from qa_bot.text import spread_cjk

ARABIC = (
    "أعلنت وزارة الصحة يوم 12 مارس 2024 أن عدد المرضى بلغ 1,250 مريضا في المستشفى. "
    "وقال الوزير إن منظمة WHO ستقدم المساعدة إلى البلاد خلال الأشهر المقبلة. "
    "هل يمكن للأطفال الذهاب إلى المدرسة؟ لا يمكن ذلك قبل شهر مايو (أيار) القادم."
)
HEBREW = (
    "משרד הבריאות הודיע ביום 12 במרץ 2024 כי מספר החולים הגיע ל-1,250 בבית החולים. "
    "השר אמר כי ארגון WHO יסייע למדינה בחודשים הבאים (עד דצמבר). "
    "האם הילדים יכולים ללכת לבית הספר? לא לפני חודש מאי."
)
CHINESE = (
    "夜鹭站在浅水中等待鱼儿从芦苇间游过。它的脖子收缩着，直到出击的那一刻，而出击只需不到十分之一秒！"
    "幼鸟在第一个夏天里通过观察成鸟来学习这一切吗？是的，研究人员在2024年使用GPS记录了137只夜鹭的活动。"
)
JAPANESE = (
    "アオサギは浅い水の中に立ち、葦の間を通る魚を待っている。首は折りたたまれていて、"
    "攻撃には十分の一秒もかからない！若い鳥は最初の夏に親鳥を見て学ぶのだろうか？"
    "研究者は「彼らは忍耐強い。」と述べた。"
)
KOREAN = (
    "왜가리는 얕은 물에 서서 갈대 사이를 지나는 물고기를 기다린다. 목은 공격할 때까지 접혀 있고, "
    "공격은 십분의 일 초도 걸리지 않는다! 어린 새는 첫 여름 동안 어미를 보고 배우는가?"
)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("name", "heading", "text"),
    [("arabic", "تقرير عن الصحة", ARABIC), ("hebrew", "דוח על הבריאות", HEBREW)],
)
def test_text_from_right_to_left_has_the_order_that_it_is_read_in(
    name: str, heading: str, text: str
) -> None:
    document = load_pdf(DATA / f"{name}.pdf", name)
    assert blocks(document) == [heading, text]
    assert document.sections[1].path == (heading,)
    assert len(sentences(text)) == 4


def test_right_to_left_words_in_an_english_text_stay_in_their_places() -> None:
    assert load_pdf(DATA / "mixed.pdf", "mixed.pdf").text == (
        "The Hebrew word בית הספר means school, and השר אמר כי ארגון WHO יסייע למדינה בחודשים "
        "הבאים (עד דצמבר). That is a sentence in Hebrew, and this one is not. The Arabic word "
        "مدرسة means school as well."
    )


def test_words_broken_by_soft_hyphens_and_addresses_are_made_whole() -> None:
    german, english = (
        "Die Donaudampfschifffahrtsgesellschaft betreibt die Süd-Nord-Verbindung und die Ein- und "
        "Ausfuhr von Lebensmitteln. Eine wohlbekannte E-Mail-Adresse steht im "
        "Bundes-Immissionsschutzgesetz. Siehe "
        "https://www.example.org/sehr/lange-adresse-mit-bindestrich.html für weitere Angaben.",
        "The efficient office staff finds the fluffy representation of the first well-known "
        "affair—a dash—and 1990–1995.",
    )
    document = load_pdf(DATA / "hyphens.pdf", "hyphens.pdf")
    assert blocks(document) == [" ".join([german] * 2), " ".join([english] * 3)]


def east_asian(
    path: Path, text: str, encoding: str, *, codec: str = "utf-16-be", row: int = 30
) -> Document:
    """A PDF whose font is not embedded and named by an encoding, as old ones are."""
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)

    def names(**entries: str) -> dict[NameObject, NameObject]:
        return {NameObject(f"/{key}"): NameObject(f"/{value}") for key, value in entries.items()}

    below = DictionaryObject(names(Type="Font", Subtype="CIDFontType0", BaseFont="Serif"))
    below[NameObject("/DW")] = NumberObject(1000)
    system = {"Registry": "Adobe", "Ordering": "GB1"}
    below[NameObject("/CIDSystemInfo")] = DictionaryObject(
        {NameObject(f"/{key}"): TextStringObject(value) for key, value in system.items()}
    )
    font = DictionaryObject(names(Type="Font", Subtype="Type0", BaseFont="S", Encoding=encoding))
    font[NameObject("/DescendantFonts")] = ArrayObject([writer._add_object(below)])
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    shown = ["BT /F1 12 Tf"]
    for number, start in enumerate(range(0, len(text), row)):
        down = (540 - 20 * number, 780)
        x, y = down if encoding.endswith("-V") else (60, 780 - 20 * number)
        code = text[start : start + row].encode(codec).hex()
        shown.append(f"1 0 0 1 {x} {y} Tm <{code}> Tj")
    stream = DecodedStreamObject()
    stream.set_data("\n".join([*shown, "ET"]).encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    writer.write(path / "made.pdf")
    return load_pdf(path / "made.pdf", "made.pdf")


@pytest.mark.parametrize(
    ("text", "encoding", "codec"),
    [
        (CHINESE, "UniGB-UCS2-H", "utf-16-be"),
        (CHINESE, "UniGB-UTF16-V", "utf-16-be"),  # from top to bottom, lines from the right
        (CHINESE, "GBK-EUC-H", "gbk"),
        (JAPANESE, "90ms-RKSJ-H", "cp932"),
        (JAPANESE, "UniJIS-UTF16-V", "utf-16-be"),
    ],
    ids=str.split("chinese vertical gbk japanese japanese-vertical"),
)
def test_lines_without_spaces_are_joined_without_spaces(
    tmp_path: Path, text: str, encoding: str, codec: str
) -> None:
    assert east_asian(tmp_path, text, encoding, codec=codec).text == text


def test_korean_words_broken_at_line_ends_are_made_whole(tmp_path: Path) -> None:
    text = f"{KOREAN} {KOREAN}"
    assert east_asian(tmp_path, text, "KSCms-UHC-H", codec="cp949", row=33).text == text


def test_sentences_of_chinese_and_japanese_end_at_their_own_stops() -> None:
    assert [sentence[-1] for sentence in sentences(CHINESE)] == ["。", "！", "？", "。"]
    assert sentences(JAPANESE)[-1] == "研究者は「彼らは忍耐強い。」と述べた。"
    assert len(sentences(JAPANESE)) == 4


def as_text(path: Path, text: str) -> Path:
    path.with_suffix(".txt").write_text(f"{text}\n\n{text}", encoding="utf-8")
    return path.with_suffix(".txt")


def as_markdown(path: Path, text: str) -> Path:
    path.with_suffix(".md").write_text(f"# 报告\n\n{text}\n\n{text}", encoding="utf-8")
    return path.with_suffix(".md")


def as_page(path: Path, text: str) -> Path:
    path.with_suffix(".html").write_text(
        f"<meta charset=utf-8><h1>报告</h1><p>{text}</p><p>{text}</p>", encoding="utf-8"
    )
    return path.with_suffix(".html")


def as_word(path: Path, text: str) -> Path:
    docx = pytest.importorskip("docx")
    written = docx.Document()
    for paragraph in (text, text):
        written.add_paragraph(paragraph)
    written.save(path.with_suffix(".docx"))
    return path.with_suffix(".docx")


@pytest.mark.parametrize("made", [as_text, as_markdown, as_page, as_word])
def test_chinese_in_any_format_is_cut_between_sentences(
    tmp_path: Path, made: Callable[[Path, str], Path]
) -> None:
    document = load_document(made(tmp_path / "made", CHINESE * 8), "made")
    limit = 150
    passages = split_document(document, lambda texts: [len(text) for text in texts], limit)
    assert len(passages) > 8
    assert all(0.3 * limit < len(passage.text) <= limit for passage in passages)
    assert all(passage.text[-1] in "。！？" for passage in passages)
    assert "".join(passage.text for passage in passages) == CHINESE * 16


def test_a_chinese_question_and_the_text_share_search_terms(tmp_path: Path) -> None:
    document = east_asian(tmp_path, CHINESE, "UniGB-UCS2-H", row=7)  # a line ends within words
    assert "芦苇 苇间" in spread_cjk(document.text)
