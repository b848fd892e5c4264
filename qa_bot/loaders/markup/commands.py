"""LaTeX's commands in a line: what is shown of them."""

from __future__ import annotations

import re
import unicodedata

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*?(?:\n[ \t]*|$)", re.MULTILINE)
_VERBATIM = re.compile(
    r"(\\begin\{(verbatim|Verbatim|lstlisting|minted|alltt)\}.*?\\end\{\2\})", re.S
)
_ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "k": "\u0328",
    "r": "\u030a",
    "d": "\u0323",
    "b": "\u0331",
}
_ACCENT = re.compile(
    r"\\(?:(['`^\"~=.])\s*(?:\{(\\?[A-Za-z])\}|(\\?[A-Za-z]))"
    r"|([uvHckrdb])(?:\{(\\?[A-Za-z])\}|\s+([A-Za-z])))(?![^\W\d_]*\\)|\\([`'^\"~=.])\{\}"
)
_LETTERS = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "i": "i",
    "j": "j",
    "S": "§",
    "P": "¶",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "LaTeXe": "LaTeX2e",
    "BibTeX": "BibTeX",
    "textbackslash": "\\",
    "today": "",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textbar": "|",
    "textless": "<",
    "textgreater": ">",
    "textendash": "–",
    "textemdash": "—",
    "textquoteleft": "‘",
    "textquoteright": "’",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "textbullet": "•",
    "textdegree": "°",
    "texttrademark": "™",
    "textregistered": "®",
    "quad": " ",
    "qquad": " ",
    "space": " ",
    "newline": "\n",
    "par": "\n",
    "linebreak": "\n",
    "textperiodcentered": "·",
}
_DROPPED = frozenset(  # commands whose argument is for programs
    "label index vspace hspace includegraphics usepackage documentclass bibliographystyle pagestyle"
    " thispagestyle setlength addtolength setcounter addtocounter newtheorem hypersetup"
    " bibliography"
    " graphicspath addbibresource pagenumbering selectlanguage input include nocite vskip hskip"
    " fontsize color definecolor markboth markright phantom hyphenation RequirePackage theoremstyle"
    " captionsetup geometry lstset usetikzlibrary newlength cellcolor rowcolor"
    " enlargethispage".split()
)
_SECOND = frozenset(
    (
        "href",
        "textcolor",
        "colorbox",
        "multirow",
        "hyperref",
        "parbox",
        "raisebox",
        "foreignlanguage",
        "DUrole",
    )
)
_THIRD = frozenset(("multicolumn",))
_CITED = frozenset(
    "cite citep citet citealp parencite textcite autocite ref eqref pageref autoref cref"
    " Cref".split()
)
_SIGNS = {**{sign: sign for sign in "%&_#${}"}, **dict.fromkeys(" ,;", " "), "\\": "\n"}
_COMMAND = re.compile(r"\\([a-zA-Z@]+)\*?[ \t]*|\\(.)", re.DOTALL)
_FORMULA = re.compile(r"(?<!\\)(\$\$?)(.+?)(?<!\\)\1|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_CELL_END = re.compile(
    r"\\\\(?:\[[^\]]*\])?|\\tabularnewline\b|\\(?:begin|end)\b|\\.|[{}&]", re.DOTALL
)
_SCREEN = "\x00"  # stands for a formula while its line is read
_MOST_NESTED = 40


def without_comments(source: str) -> str:
    """The source without its comments, which listings have none of."""
    parts = _VERBATIM.split(source)
    kept = []
    at = 0
    while at < len(parts):
        kept.append(_COMMENT.sub(_ended, parts[at]))
        if at + 1 < len(parts):
            kept.append(parts[at + 1])
        at += 3
    return "".join(kept)


def _ended(comment: re.Match[str]) -> str:
    """What is left of a comment: nothing, but a blank line stays one."""
    return (
        f"{comment[1]}\n"
        if comment.string[comment.end() : comment.end() + 1] == "\n"
        else comment[1]
    )


def argument(source: str, at: int) -> tuple[str, int]:
    """The argument in braces that follows, and where the text goes on; "" where none does."""
    start = at
    while start < len(source) and source[start].isspace():
        start += 1
    if start >= len(source) or source[start] != "{":
        return "", at
    return _within(source, start, "{", "}")


def optional(source: str, at: int) -> tuple[str, int]:
    """The argument in brackets that follows; "" where none does."""
    if at < len(source) and source[at] == "[":
        return _within(source, at, "[", "]")
    return "", at


def rows_of(body: str) -> list[list[str]]:
    """The cells of a table's rows; what lies in braces or in an environment is of one cell."""
    rows, depth, start = [[""]], 0, 0
    for found in _CELL_END.finditer(body):
        mark = found[0]
        if mark in ("{", "\\begin"):
            depth += 1
        elif mark in ("}", "\\end"):
            depth = max(depth - 1, 0)
        elif depth == 0 and mark == "&":
            rows[-1][-1] = body[start : found.start()]
            rows[-1].append("")
            start = found.end()
        elif depth == 0 and mark.startswith(("\\\\", "\\tabularnewline")):
            rows[-1][-1] = body[start : found.start()]
            rows.append([""])
            start = found.end()
    rows[-1][-1] = body[start:]
    return rows


def _within(source: str, start: int, opens: str, closes: str) -> tuple[str, int]:
    depth, at = 0, start
    while at < len(source):
        mark = source[at]
        if mark == "\\":
            at += 2
            continue
        depth += (mark == opens) - (mark == closes)
        at += 1
        if depth == 0:
            return source[start + 1 : at - 1], at
    return source[start + 1 :], len(source)


def shown(text: str, depth: int = 0) -> str:
    """What a reader sees of a line; formulas in it stay as they are written."""
    if depth > _MOST_NESTED:
        return text
    formulas: list[str] = []

    def screened(found: re.Match[str]) -> str:
        formulas.append(next(filter(None, found.groups()[1:]), ""))
        return f"{_SCREEN}{len(formulas) - 1}{_SCREEN}"

    text = _FORMULA.sub(screened, text.replace(_SCREEN, " "))
    text = _ACCENT.sub(_accented, text)
    text = "".join(_pieces(text, depth))
    for marks, sign in (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", " ")):
        text = text.replace(marks, sign)
    return re.sub(f"{_SCREEN}(\\d+){_SCREEN}", lambda found: formulas[int(found[1])].strip(), text)


def _accented(found: re.Match[str]) -> str:
    accent = found[1] or found[4] or ""
    letter = next(filter(None, (found[2], found[3], found[5], found[6])), "").removeprefix("\\")
    return unicodedata.normalize("NFC", letter + _ACCENTS.get(accent, ""))


def _pieces(text: str, depth: int) -> list[str]:
    pieces: list[str] = []
    at = 0
    while (found := _COMMAND.search(text, at)) is not None:
        pieces.append(_bare(text[at : found.start()]))
        name, at = found[1], found.end()
        if name is None:
            sign = found[2]
            pieces.append(
                "\n"
                if sign == "\\"
                else sign
                if sign in "%&_#${}"
                else " "
                if sign in " ,;"
                else ""
            )
            at = optional(text, at)[1] if sign == "\\" else at
            continue
        if name in _LETTERS:
            pieces.append(_LETTERS[name])
            at += 2 if text.startswith("{}", at) else 0
            continue
        if name in ("begin", "end", "item", "verb"):
            piece, at = _apart(name, text, at, depth)
            pieces.append(piece)
            continue
        told, at = optional(text, at)
        number = 3 if name in _THIRD else 2 if name in _SECOND else 1
        said = ""
        for _ in range(number):
            argued, after = argument(text, at)
            if after == at:
                break
            said, at = argued, after
        if name in _CITED:
            pieces.append(f"[{said}{', ' + shown(told, depth + 1) if told else ''}]")
        elif name not in _DROPPED:
            pieces.append(shown(said, depth + 1))
            while (more := argument(text, at))[1] != at and name not in _SECOND:
                pieces.append(f" {shown(more[0], depth + 1)}")
                at = more[1]
    pieces.append(_bare(text[at:]))
    return pieces


def _apart(name: str, text: str, at: int, depth: int) -> tuple[str, int]:
    """What is told of an environment or an item in a cell or a note, and of what is verbatim."""
    if name == "item":
        label, at = optional(text, at)
        return f"\n{shown(label, depth + 1) or '-'} ", at
    if name == "verb" and at < len(text):
        end = text.find(text[at], at + 1)
        end = len(text) if end < 0 else end
        return text[at + 1 : end], end + 1
    return "\n", argument(text, at)[1]


def _bare(text: str) -> str:
    return text.replace("{", "").replace("}", "")
