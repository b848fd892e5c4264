"""How documents/ were made: ``python -m benchmarks.quality.languages.extract PACKAGES``.

PACKAGES is a folder that holds three of Debian's packages, unpacked with ``dpkg -x`` and never
installed: gnome-user-docs, debian-handbook and installation-guide-amd64 (``apt-get download``).
Chosen pages become Markdown. Paragraphs that a translation leaves in English are left out.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lxml import etree, html

HERE = Path(__file__).parent
MOST = 150_000  # bytes of a language's documents

HELP = {
    "power": "batterylife batteryestimate hotcomputer suspendfail closelid whydim "
    "constantfan willnotturnon autosuspend",
    "printing": "2sided cancel-job inklevel paperjam streaks order to-file differentsize",
    "files": "delete hidden lost recover tilde rename removedrive search",
    "disk": "capacity check benchmark format",
    "backup": "frequency where what why thinkabout",
    "net": "what-is-ip-address macaddress slow wireless-wepwpa wireless-hidden wireless-airplane "
    "antivirus wrongnetwork proxy",
    "bluetooth": "problem-connecting visibility send-file",
    "mouse": "doubleclick lefthanded problem-notmoving mousekeys",
    "keyboard": "osk repeat-keys key-super",
    "a11y": "font-size mag slowkeys visualalert",
    "sound": "crackle alert usemic",
    "display": "night-light blank",
    "user": "goodpassword delete admin-explain add autologin",
    "session": "fingerprint formats",
    "shell": "workspaces windows-lost apps-favorites",
    "tips": "specialchars",
}
TOPICS = {  # file name → the pages whose names begin so
    "energy": ("power",),
    "printing": ("printing",),
    "files-and-disks": ("files", "disk", "backup"),
    "network": ("net", "bluetooth"),
    "using-the-desktop": ("mouse", "keyboard", "a11y", "sound", "display", "shell", "tips"),
    "accounts": ("user", "session"),
}
HANDBOOK = (
    "case-study sect.backup sect.quotas sect.hotplug security sect.creating-accounts sect.syslog"
)
MORE_HANDBOOK = (  # where there is nothing else
    HANDBOOK + " sect.computer-layers sect.user-space sect.kernel-role-and-tasks "
    "basic-configuration sect.user-group-databases "
    "sect.hostname-name-service sect.filesystem-hierarchy network-infrastructure "
    "short-remedial-course preface sect.after-first-boot sect.why-gnu-linux "
    "sect.task-scheduling-cron-atd"
)
LANGUAGES = {  # language → its name in gnome-user-docs, debian-handbook, installation-guide
    "de": ("de", "de-DE", "de"),
    "fr": ("fr", "fr-FR", "fr"),
    "es": ("es", "es-ES", "es"),
    "zh": ("zh_CN", "zh-CN", "zh_CN"),
    "ja": ("ja", "ja-JP", "ja"),
    "ko": ("ko", "", "ko"),
    "ru": ("ru", "ru-RU", "ru"),
    "ar": ("", "ar-MA", ""),
}
LEFT_OUT = {  # so that a language stays small, and not all have the same
    "de": ("using-the-desktop", "accounts"),
    "fr": ("files-and-disks", "energy"),
    "es": ("printing", "installation"),
    "ru": ("using-the-desktop", "files-and-disks", "energy", "accounts"),
}
TITLES = {
    "de": "Energie|Drucken|Dateien und Platten|Netzwerk|"
    "Arbeitsfläche|Konten|Installation|Verwaltung",
    "fr": "Énergie|Imprimer|Fichiers et disques|Réseau|"
    "Le bureau|Comptes|Installation|Administration",
    "es": "Energía|Imprimir|Archivos y discos|Red|El escritorio|Cuentas|Instalación|Administración",
    "zh": "电源|打印|文件和磁盘|网络|使用桌面|帐号|安装|系统管理",
    "ja": "電源|印刷|ファイルとディスク|ネットワーク|"
    "デスクトップ|アカウント|インストール|システム管理",
    "ko": "전원|인쇄|파일과 디스크|네트워크|데스크톱|계정|설치|시스템 관리",
    "ru": "Питание|Печать|Файлы и диски|Сеть|"
    "Рабочий стол|Учётные записи|Установка|Администрирование",
    "ar": "الطاقة|الطباعة|الملفات والأقراص|الشبكة|سطح المكتب|الحسابات|التثبيت|إدارة النظام",
}
SCRIPTS = {"zh": "[一-鿿]", "ja": "[぀-ヿ]", "ko": "[가-힯]", "ru": "[а-яё]", "ar": "[ء-ي]"}

ENGLISH = frozenset("the of and to is in for that with can be are this it you".split())

Line = tuple[str, str]  # what stands before it in Markdown, and its text


def squeezed(text: str) -> str:
    """The text with its white space in single blanks."""
    return " ".join(text.split())


def mallard(file: Path, level: str = "##") -> Iterator[Line]:
    """The lines of one page of GNOME's help."""
    root = etree.parse(str(file)).getroot()
    for name in ("info", "media", "comment"):
        for one in list(root.iter(f"{{*}}{name}")):
            one.getparent().remove(one)
    for one in root.iter("{*}guiseq"):
        for child in list(one)[:-1]:
            child.tail = " ▸ "
    yield from _mallard(root, level)


def _mallard(node: etree._Element, level: str, before: str = "") -> Iterator[Line]:
    number = 0
    for child in node:
        if not isinstance(child.tag, str):
            continue
        name = etree.QName(child).localname
        if name == "title":
            heading = etree.QName(node).localname in ("page", "section")
            yield (f"{level} " if heading else before), squeezed("".join(child.itertext()))
        elif name == "p":
            yield before, squeezed("".join(child.itertext()))
            before = "  " if before else ""
        elif name == "item":
            number += 1
            marker = f"{number}. " if etree.QName(node).localname == "steps" else "- "
            yield from _mallard(child, level, marker)
        elif name == "section":
            yield from _mallard(child, level + "#", before)
        elif name in ("list", "steps", "terms", "note"):
            yield from _mallard(child, level, before if name == "note" else "")


def docbook(file: Path, level: str = "##") -> Iterator[Line]:
    """The lines of one HTML page that was made of DocBook."""
    root = html.parse(str(file), html.HTMLParser(encoding="utf-8")).getroot()
    for one in root.xpath(
        "//*[@class='navheader' or @class='navfooter' or @class='toc' or @class='docnav'"
        " or @id='banner' or self::table or self::script or self::sup]"
    ):
        one.drop_tree()
    for one in root.xpath("//body//*"):
        kind = str(one.get("class", ""))
        if one.tag in ("h1", "h2", "h3", "h4") or (one.tag == "p" and "title" in kind.split()):
            depth = {"h1": 0, "h2": 0, "h3": 1, "h4": 2}.get(one.tag, 2)
            yield f"{level}{'#' * depth} ", squeezed(one.text_content())
        elif one.tag == "p" or (one.tag == "div" and kind == "para"):
            inside = any(parent.tag == "li" for parent in one.iterancestors())
            yield "- " if inside else "", squeezed(one.text_content())
        elif one.tag == "dt":
            yield "", squeezed(one.text_content())


def is_translated(text: str, script: str | None) -> bool:
    """Whether a line is in the language whose letters ``script`` matches; None: Latin ones."""
    if script:
        letters = sum(character.isalpha() for character in text)
        return len(re.findall(script, text)) > 0.1 * letters
    words = text.lower().split()
    return sum(word in ENGLISH for word in words) < 0.15 * len(words)


def translated(
    lines: Iterable[Line], english: Iterable[Line], script: str | None
) -> Iterator[Line]:
    """What isn't in English; and no heading that nothing stands under."""
    known = {text for _, text in english if len(text) > 30}
    pending: list[Line] = []
    for before, text in lines:
        if not text or text in known or not is_translated(text, script):
            continue
        if before.startswith("#"):
            depth = before.count("#")
            pending = [one for one in pending if one[0].count("#") < depth]
            pending.append((before, text))
            continue
        yield from pending
        pending = []
        yield before, text


def write(file: Path, title: str, lines: Iterable[Line]) -> None:
    """A Markdown file of these lines."""
    written, last = f"# {title}\n", ""
    for before, text in lines:
        plain = text if before.startswith("#") else re.sub(r"([*_`<\[])", r"\\\1", text)
        tight = before.strip() and before[0] != "#" and last.strip() and last[0] != "#"
        written += f"{'' if tight else chr(10)}{before}{plain}\n"
        last = before
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written, "utf-8")


def main() -> None:
    """Write all documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path)
    packages = parser.parse_args().packages
    helps = packages / "gnome-user-docs/usr/share/help"
    book = packages / "debian-handbook/usr/share/doc/debian-handbook/html"
    guide = packages / "installation-guide-amd64/usr/share/doc/installation-guide-amd64"
    for language, (gnome, debian, install) in LANGUAGES.items():
        names = (*TOPICS, "installation", "administration")
        titles = dict(zip(names, TITLES[language].split("|"), strict=True))
        left_out = LEFT_OUT.get(language, ())
        folder, script = HERE / "documents" / language, SCRIPTS.get(language)
        for topic, groups in TOPICS.items():
            if not gnome or topic in left_out:
                continue
            lines: list[Line] = []
            pages = [f"{group}-{name}.page" for group in groups for name in HELP[group].split()]
            for page in pages:
                ours, theirs = helps / gnome / "gnome-help" / page, helps / "C/gnome-help" / page
                lines += translated(mallard(ours), mallard(theirs), script)
            write(folder / f"{topic}.md", titles[topic], lines)
        chapters = [f"ch02s0{n}" for n in (1, 2)] + [f"ch03s0{n}" for n in range(1, 8)]
        if install and "installation" not in left_out:
            lines = []
            for chapter in chapters:
                ours, theirs = guide / install / f"{chapter}.html", guide / "en" / f"{chapter}.html"
                if ours.is_file():
                    lines += translated(docbook(ours), docbook(theirs), script)
            write(folder / "installation.md", titles["installation"], lines)
        if debian:
            lines = []
            for chapter in (HANDBOOK if gnome else MORE_HANDBOOK).split():
                ours, theirs = book / debian / f"{chapter}.html", book / "en-US" / f"{chapter}.html"
                lines += translated(docbook(ours), docbook(theirs), script)
            write(folder / "administration.md", titles["administration"], lines)
        size = sum(one.stat().st_size for one in folder.glob("*.md"))
        print(f"{language}: {size:,} bytes{' - too many' if size > MOST else ''}")


if __name__ == "__main__":
    main()
