"""The section tree: headings of any levels nest, and nothing crosses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.loaders.outline import Heading, is_prose, nest_sections
from qa_bot.records import Section


def headings_at(levels: list[int]) -> list[Heading]:
    """One heading for each level, ten characters apart."""
    return [Heading(f"H{i}", level, 10 * i, 10 * i + 2) for i, level in enumerate(levels)]


@pytest.mark.parametrize(
    ("levels", "paths"),
    [
        ([], []),
        ([1, 1], ["H0", "H1"]),
        ([1, 2, 3, 2, 1], ["H0", "H0/H1", "H0/H1/H2", "H0/H3", "H4"]),
        ([2, 5, 3, 5], ["H0", "H0/H1", "H0/H2", "H0/H2/H3"]),  # levels may be skipped
        ([3, 1, 2], ["H0", "H1", "H1/H2"]),
    ],
)
def test_a_heading_goes_under_the_nearest_earlier_one_further_out(
    levels: list[int], paths: list[str]
) -> None:
    sections = nest_sections(headings_at(levels), 100)
    assert ["/".join(section.path) for section in sections[1:]] == paths


def test_a_section_lasts_until_the_next_heading_as_far_out() -> None:
    sections = nest_sections(headings_at([1, 2, 2, 1]), 50)
    assert [(section.start, section.end) for section in sections] == [
        (0, 50),
        (0, 30),
        (10, 20),
        (20, 30),
        (30, 50),
    ]


def test_anchors_stay_with_their_sections() -> None:
    sections = nest_sections([Heading("A", 1, 0, 1, "a"), Heading("B", 2, 5, 6, "b")], 9)
    assert [section.anchor for section in sections] == ["", "a", "b"]


def contains(outer: Section, inner: Section) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


@given(st.lists(st.integers(1, 6), max_size=30))
def test_sections_nest_or_are_disjoint_and_paths_say_which(levels: list[int]) -> None:
    headings = headings_at(levels)
    length = 10 * len(levels) + 5
    sections = nest_sections(headings, length)
    assert sections[0] == Section((), 0, length)
    assert [section.start for section in sections[1:]] == [heading.start for heading in headings]
    assert [section.path[-1] for section in sections[1:]] == [heading.text for heading in headings]
    for i, outer in enumerate(sections):
        assert outer.start < outer.end <= length
        for inner in sections[i + 1 :]:
            is_under = inner.path[: len(outer.path)] == outer.path
            assert contains(outer, inner) == is_under
            assert is_under or inner.start >= outer.end
    for before, after in pairwise(sections):
        assert len(after.path) <= len(before.path) + 1


@given(st.lists(st.integers(1, 6), max_size=30))
def test_a_path_names_the_open_heading_of_each_level(levels: list[int]) -> None:
    for i, section in enumerate(nest_sections(headings_at(levels), 1000)[1:]):
        expected, level = [f"H{i}"], levels[i]
        for earlier in range(i - 1, -1, -1):
            if levels[earlier] < level:
                expected.insert(0, f"H{earlier}")
                level = levels[earlier]
        assert list(section.path) == expected


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("How We Have Measured the Flow of the River and What It Can Still Tell Us.", False),
        ("What the Council Will Do About Flooded Roads: A Plan for the Next Ten Years.", False),
        ("The Tenant shall pay the rent on the first day of each month to the Landlord.", True),
        ("THE TENANT SHALL PAY THE RENT ON THE FIRST DAY OF EACH MONTH TO THE LANDLORD.", True),
    ],
)
def test_a_sentence_in_the_style_of_a_heading_is_text_and_a_long_title_is_none(
    text: str, prose: bool
) -> None:
    assert is_prose(text) is prose
