"""What a Markdown file says of itself above its text: title, author, date and the like.

YAML between "---", or TOML between "+++", as Jekyll, Hugo, Pandoc and Obsidian have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
    from yaml import BaseLoader, MappingNode, YAMLError, compose

    try:
        # Its values are texts as they are written: no dates, numbers or objects are made of them,
        # and a name that comes twice keeps both of its values.
        root = compose(text, BaseLoader)
        if not isinstance(root, MappingNode):
            return None
        return _in_words((_plain(name), _plain(held)) for name, held in root.value)
    except (YAMLError, RecursionError, ValueError):
        return None


def _plain(node: Any) -> Any:  # noqa: ANN401 - YAML's nodes; texts, lists, and pairs for names
    if not isinstance(node.value, list):
        return node.value
    if node.id == "sequence":
        return [_plain(one) for one in node.value]
    return tuple((_plain(name), _plain(held)) for name, held in node.value)


def _read_toml(text: str) -> list[tuple[str, str]] | None:
    from tomllib import TOMLDecodeError, loads

    try:
        return _in_words(loads(text).items())
    except (TOMLDecodeError, RecursionError):
        return None


def _in_words(found: Iterable[tuple[Any, Any]]) -> list[tuple[str, str]]:
    """Each name with its values, those of a list in a row."""
    values = (("".join(_leaves(name)), ", ".join(_leaves(held))) for name, held in found)
    return [(" ".join(name.split()), " ".join(held.split())) for name, held in values if held]


def _leaves(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever YAML and TOML can hold
    if isinstance(value, dict):
        value = tuple(value.items())
    if isinstance(value, tuple):
        for name, held in value:
            words = ", ".join(_leaves(held))
            if words:
                yield f"{', '.join(_leaves(name))}: {words}"
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif value is not None and str(value).strip():
        yield str(value)
