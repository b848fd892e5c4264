"""What a Markdown file says of itself above its text: title, author, date and the like.

YAML between "---", or TOML between "+++", as Jekyll, Hugo, Pandoc and Obsidian have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

_YAML = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\+\+\+[ \t]*\n(.*?)\n\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_MOST = 1_000  # values; YAML's aliases can make billions of a few


def split_front_matter(source: str) -> tuple[list[tuple[str, str]], str]:
    """What stands in front, as names with their values in words, and the text after it.

    What is neither YAML nor TOML after all is given line by line, with no names, unless it
    holds nothing like "name: value": then the lines are text between two rules.
    """
    if found := _YAML.match(source):
        properties = _read_yaml(found[1])
    elif found := _TOML.match(source):
        properties = _read_toml(found[1])
    else:
        return [], source
    if properties is None:
        lines = [line.strip() for line in found[1].split("\n")]
        if not any(re.match(r"[\w -]{1,40}[:=]", line) for line in lines):
            return [], source
        properties = [("", line) for line in lines if line]
    return properties, source[found.end() :]


def _read_yaml(text: str) -> list[tuple[str, str]] | None:
    from yaml import BaseLoader, YAMLError, load

    try:
        # Its values are texts as they are written: no dates, numbers or objects are made of them.
        found = load(text, BaseLoader)  # noqa: S506 - the safest of its loaders
    except (YAMLError, RecursionError, ValueError):
        return None
    return _in_words(found)


def _read_toml(text: str) -> list[tuple[str, str]] | None:
    from tomllib import TOMLDecodeError, loads

    try:
        return _in_words(loads(text))
    except (TOMLDecodeError, RecursionError):
        return None


def _in_words(found: object) -> list[tuple[str, str]] | None:
    """Each name with its values, those of a list in a row; None if there are no names."""
    if not isinstance(found, dict):
        return None
    values = ((str(name), ", ".join(islice(_leaves(held), _MOST))) for name, held in found.items())
    return [(" ".join(name.split()), " ".join(held.split())) for name, held in values if held]


def _leaves(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever YAML and TOML can hold
    if isinstance(value, dict):
        for name, held in value.items():
            words = ", ".join(islice(_leaves(held), _MOST))
            if words:
                yield f"{name}: {words}"
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif value is not None and str(value).strip():
        yield str(value)
