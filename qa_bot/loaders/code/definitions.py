"""What a source file defines, and where: by Python's parser, or else by the look of its lines."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NAME = r"([A-Za-z_$][\w$]*)"
_KINDS = (
    r"(?:class|interface|enum|record|struct|object|trait|protocol|extension|namespace|module|union)"
)
_BEFORE = r"(?:(?:export|default|declare|public|private|protected|internal|static|final|abstract"
_BEFORE += r"|sealed|data|open|override|async|inline|virtual|partial|readonly|suspend)\s+)*"
_NO_METHOD = r"(?!(?:if|for|while|switch|catch|return|else|do|new|throw|await|sizeof|function)\b)"
_COMMON = (
    rf"\s*{_BEFORE}{_KINDS}\s+{_NAME}[^;=]*$",
    rf"\s*{_BEFORE}(?:function\*?|fun|func|def)\s+{_NAME}\s*[<(].*",
)
_METHOD = (
    rf"\s+{_NO_METHOD}{_BEFORE}(?:[\w<>\[\],.?&*]+\s+)*{_NAME}\s*\([^;]*\)[^;=]*\{{\s*(?://.*)?"
)
_SCRIPT = (
    *_COMMON,
    rf"\s*{_BEFORE}(?:const|let|var)\s+{_NAME}\s*(?::[^=]+)?=\s*(?:async\s*)?(?:\(.*|function\b.*|\w+\s*=>.*)",
    rf"\s*(?:export\s+)?type\s+{_NAME}\s*(?:<.*>)?\s*=.*",
    _METHOD,
)
_C = (
    rf"(?:typedef\s+)?(?:template\s*<.*>\s*)?{_KINDS}\s+{_NAME}[^;()=]*$",
    r"(?!\s|#|(?:return|else|typedef|extern)\b)[\w\s*&:<>,~\[\]]*?\b([A-Za-z_~][\w:~]*)\s*\([^;]*$",
)
_PATTERNS = {
    "js": _SCRIPT,
    "java": (*_COMMON, _METHOD),
    "c": _C,
    "go": (rf"func\s+(?:\([^)]*\)\s*)?{_NAME}.*", rf"type\s+{_NAME}\s+\w.*"),
    "rs": (
        rf"\s*(?:pub(?:\([^)]*\))?\s+)?(?:async\s+|unsafe\s+|const\s+|extern\s+\S+\s+)*fn\s+{_NAME}.*",
        rf"\s*(?:pub(?:\([^)]*\))?\s+)?(?:struct|enum|trait|mod|union)\s+{_NAME}[^;]*$",
        r"\s*(?:unsafe\s+)?impl\b(?:<[^>]*>)?\s*(?:.*\sfor\s+)?([A-Za-z_][\w:]*).*",
    ),
    "rb": (r"\s*(?:def|class|module)\s+([\w.:?!=]+).*",),
    "php": (*_COMMON, _METHOD),
    "sh": (r"\s*(?:function\s+)?([A-Za-z_][\w:-]*)\s*\(\)\s*\{?.*", r"\s*function\s+([\w:-]+).*"),
    "sql": (
        r"\s*create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|unique\s+|materialized\s+)*"
        r"(?:table|view|function|procedure|trigger|index|type|schema)\s+(?:if\s+not\s+exists\s+)?"
        r"([\w.\"`\[\]]+).*",
    ),
    "lua": (r"\s*(?:local\s+)?function\s+([\w.:]+).*",),
    "pl": (r"\s*sub\s+(\w+).*",),
    "r": (r"\s*([\w.]+)\s*(?:<-|=)\s*function\b.*",),
}
_CLOSING = ("}", ")", "]", "end", "{", "else", "esac", "fi", "done")
_MOST_LINE = 300  # characters; a longer line defines nothing that could be told by its look


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class: its name with those around it, and its lines (``end`` exclusive)."""

    path: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file defines, in order, and which lines are documentation strings."""

    definitions: tuple[Definition, ...] = ()
    texts: tuple[tuple[int, int], ...] = ()


def of_python(source: str) -> Outline:
    """Of Python, by its parser; empty where it can't be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Outline()
    found: list[Definition] = []
    texts: list[tuple[int, int]] = []
    waiting: list[tuple[ast.AST, tuple[str, ...]]] = [(tree, ())]
    while waiting:
        node, path = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            path = (*path, node.name)
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            found.append(Definition(path, first - 1, node.end_lineno or node.lineno))
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first_one = node.body[0] if node.body else None
            if ast.get_docstring(node, clean=False) and first_one is not None:
                texts.append((first_one.lineno - 1, first_one.end_lineno or first_one.lineno))
            waiting += [(one, path) for one in reversed(node.body)]
        elif isinstance(node, ast.If | ast.Try | ast.With):
            waiting += [(one, path) for one in reversed(node.body)]
    found.sort(key=lambda one: (one.start, -one.end))
    return Outline(tuple(found), tuple(sorted(texts)))


def by_look(lines: Sequence[str], language: str) -> Outline:
    """Of other languages: lines that look like the first one of a definition."""
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS.get(language, ())]
    found: list[Definition] = []
    for at, line in enumerate(lines):
        name = next(_names(line, patterns), "") if len(line) <= _MOST_LINE else ""
        if not name:
            continue
        around = [one for one in found if one.end > at]
        path = (*around[-1].path, name) if around else (name,)
        end = _end(lines, at)
        if around:
            end = min(end, around[-1].end)
        if end > at + 1 or language in ("sql", "rs", "go"):
            found.append(Definition(path, at, end))
    return Outline(tuple(found))


def _names(line: str, patterns: Sequence[re.Pattern[str]]) -> Iterator[str]:
    for pattern in patterns:
        if match := pattern.fullmatch(line):
            yield match[1]


def _end(lines: Sequence[str], start: int) -> int:
    """Where a definition ends: with the line before the next one that is as far to the left."""
    margin = _margin(lines[start])
    last = start
    for at in range(start + 1, len(lines)):
        line = lines[at]
        if not line.strip():
            continue
        if _margin(line) > margin or line.strip().startswith(_CLOSING):
            last = at
            if (
                _margin(line) == margin
                and line.strip()[0] in "}e"
                and not line.strip().endswith("{")
            ):
                break
            continue
        if at == start + 1 and not lines[start].rstrip().endswith(("{", "}", ";", ":")):
            last = at  # the arguments go on
            continue
        break
    return last + 1


def _margin(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
