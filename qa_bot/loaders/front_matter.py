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
_NAMED = re.compile(r"[\"']?[\w.-]+(?: [\w.-]+){0,2}[\"']?\s*[:=]|\[[\w.]+\]\s*$")
_TEXT = re.compile(r"#{1,6} .*|\s*(?:```|~~~)")
_KNOWN = re.compile(
    r"^(?:title|subtitle|author|authors|date|tags|categories|layout|draft|description|lang|"
    r"summary|slug|aliases|keywords|abstract|status|id|type)\s*[:=]",
    re.IGNORECASE | re.MULTILINE,
)
_RISKY = re.compile(r"(?:^|\s)#|(?:^|[\s\[{,])[&*]\w|<<\s*:")
_LARGEST = 32_768  # characters that are parsed
_MOST = 1_000  # values of one name


def split_front_matter(source: str) -> tuple[list[tuple[str, str]], str]:
    """What stands in front, as names with their values in words, and the text after it.

    What is neither YAML nor TOML after all is given line by line, with no names.
    """
    found = _YAML.match(source) or _TOML.match(source)
    if found is None or not _says_properties(found[1]):
        return [], source
    properties = None
    # Comments would be lost, aliases can make much of little, and so can what is large.
    if len(found[1]) <= _LARGEST and not _RISKY.search(found[1]):
        properties = (_read_toml if source.startswith("+++") else _read_yaml)(found[1])
    if properties is None:
        lines = (line.strip() for line in found[1].split("\n"))
        properties = [("", line) for line in lines if line]
    return properties, source[found.end() :]


def _says_properties(text: str) -> bool:
    """Whether lines between two rules are names with values, and not text.

    An empty line below the upper rule makes it a rule, as Pandoc has it; headings, code
    and sentences with a label are text.
    """
    lines = text.split("\n")
    named = sum(_NAMED.match(line) is not None for line in lines)
    fits = sum(_NAMED.match(line) is not None or line[:1] in " \t-]}" for line in lines if line)
    is_text = any(_TEXT.match(line) for line in lines)
    says = any(line.rstrip().endswith(".") for line in lines) and not _KNOWN.search(text)
    return bool(lines[0].strip() and named) and not is_text and not says and 2 * fits > len(lines)


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
