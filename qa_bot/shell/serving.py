"""What serves programs and a team: ``qa-bot mcp``, ``qa-bot user``, ``qa-bot token``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from qa_bot.callers import MAY, Role
from qa_bot.errors import UsageError
from qa_bot.shell.console import (
    DOCUMENTS,
    INDEX,
    ClusterAddress,
    Documents,
    IndexFolder,
    Languages,
    Ocr,
    ReaderName,
    Strictness,
    err,
    out,
    print_text,
    reader_named,
)

users = typer.Typer(help="Who may log in to the chat.", no_args_is_help=True)
tokens = typer.Typer(help="Credentials of programs.", no_args_is_help=True)

_FILE = Path("auth.json")
AuthFile = Annotated[
    Path, typer.Option("--auth-file", metavar="FILE", help="The file of users and tokens.")
]
Name = Annotated[str, typer.Argument(help="Letters, digits and . @ + - _.")]
RoleName = Annotated[str, typer.Option("--role", help="reader or editor.")]
Folders = Annotated[
    list[str] | None,
    typer.Option("--folder", metavar="NAME", help="Only this folder is seen; can be repeated."),
]


def chat(
    documents: Documents = DOCUMENTS,
    index: IndexFolder = INDEX,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 7860,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name by which it is reached; can be repeated."),
    ] = None,
    root_path: Annotated[
        str, typer.Option(metavar="PATH", help="What a proxy serves it under.")
    ] = "",
    auth_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Who may log in, as `qa-bot user add` makes it."),
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="A proxy whose word on who calls is taken."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For HTTPS, with --key.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's.")] = None,
    requests_per_minute: Annotated[
        int, typer.Option(min=1, help="As many of one program's are taken.")
    ] = 1_200,
    log: Annotated[
        Literal["requests", "questions"] | None,
        typer.Option(
            help="Write a line of JSON for each request, without or with what was asked.",
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in your browser.")
    ] = True,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep the index in step with the folder.")
    ] = False,
    strictness: Strictness = None,
    reader: ReaderName = None,
    allow_uploads: Annotated[
        bool,
        typer.Option(
            "--allow-uploads",
            help="Anyone who can open the page may add and delete documents.",
        ),
    ] = False,
    ocr: Ocr = False,
    ocr_languages: Languages = "eng",
    ray: ClusterAddress = "",
) -> None:
    """Serve the web chat, bringing the index up to date first."""
    from qa_bot.serving.app import serve

    serve(
        documents,
        index,
        host=host,
        port=port,
        allowed_hosts=allowed_host or (),
        root_path=root_path,
        auth_file=auth_file,
        trusted_proxies=trusted_proxy or (),
        certificate=certificate,
        key=key,
        requests_per_minute=requests_per_minute,
        log=log,
        open_browser=open_browser,
        ocr=ocr_languages if ocr else None,
        reader=reader_named(reader),
        strictness=strictness,
        watched=watch,
        allow_uploads=allow_uploads,
        cluster=ray,
    )


def mcp(
    index: IndexFolder = INDEX, strictness: Strictness = None, reader: ReaderName = None
) -> None:
    """Serve tools that only read to an agent, by MCP over standard input and output.

    The index has to be there: `qa-bot index` makes it. A later build is seen at once.
    """
    from qa_bot.serving.desk import OpenedDesk
    from qa_bot.serving.tools import create_tools

    desk = OpenedDesk(index, reader_named(reader), strictness)
    try:
        create_tools(desk).run("stdio")
    finally:
        desk.close()


@users.command("add")
def add_user(
    name: Name,
    auth_file: AuthFile = _FILE,
    role: RoleName = "reader",
    folder: Folders = None,
) -> None:
    """Add a user, or give one a new password, role and folders; the password is prompted for."""
    from qa_bot.serving.accounts import AccountFile
    from qa_bot.serving.accounts import add_user as add

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    add(AccountFile(auth_file), name, password, _role(role), folder or ())
    out.print(f"{name} may log in as {_role(role)}.")


@users.command("remove")
def remove_user(name: Name, auth_file: AuthFile = _FILE) -> None:
    """Take a user out; what they have open ends at once."""
    from qa_bot.serving.accounts import AccountFile, remove

    remove(AccountFile(auth_file), "user", name)
    out.print(f"{name} may no longer log in.")


@users.command("list")
def list_users(auth_file: AuthFile = _FILE) -> None:
    """List who may log in."""
    from qa_bot.serving.accounts import AccountFile

    for user in AccountFile(auth_file).accounts().users:
        print_text(f"{user.name}: {user.role}, {_seen(user.folders)}")


@tokens.command("add")
def add_token(
    name: Name,
    auth_file: AuthFile = _FILE,
    role: RoleName = "reader",
    folder: Folders = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3_650, help="It expires after so many.")
    ] = None,
) -> None:
    """Make a token for a program: printed once, and kept as a hash."""
    from qa_bot.serving.accounts import AccountFile
    from qa_bot.serving.accounts import add_token as add

    written = add(AccountFile(auth_file), name, _role(role), folder or (), days)
    err.print("Keep it: it isn't shown again.")
    typer.echo(written)


@tokens.command("remove")
def remove_token(name: Name, auth_file: AuthFile = _FILE) -> None:
    """Take a token out; what it has open ends at once."""
    from qa_bot.serving.accounts import AccountFile, remove

    remove(AccountFile(auth_file), "token", name)
    out.print(f"The token {name} is no longer taken.")


@tokens.command("list")
def list_tokens(auth_file: AuthFile = _FILE) -> None:
    """List the tokens by their names."""
    from qa_bot.serving.accounts import AccountFile

    for token in AccountFile(auth_file).accounts().tokens:
        expires = f", until {token.expires}" if token.expires else ""
        print_text(f"{token.name}: {token.role}, {_seen(token.folders)}{expires}")


def _role(name: str) -> Role:
    if name not in MAY:
        raise UsageError(f"{name!r} is no role: name reader or editor.")
    return name


def _seen(folders: tuple[str, ...] | None) -> str:
    return "all documents" if folders is None else ", ".join(folders)
