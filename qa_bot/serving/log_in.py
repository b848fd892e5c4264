"""The log-in page: one form, no script, nothing that is loaded."""

from __future__ import annotations

import math
from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

_HEADERS = {
    # "no-referrer" would make the form's Origin null, which is refused.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}
_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; display: grid; place-items: center;
  min-height: 90vh; color-scheme: light dark; }
form { display: grid; gap: .75rem; width: min(20rem, 90vw); }
input, button { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; }
h1 { font-size: 1.25rem; margin: 0; } p { margin: 0; }
"""
_MOST = 8_192  # bytes of the form
_NOT_PRIVATE = "Passwords are taken over HTTPS only: open this page by its https address."


def page(
    then: str,
    *,
    status: int = 200,
    failed: bool = False,
    wait: float = 0.0,
    private: bool = True,
) -> Response:
    """The page, with why the last try failed; ``then`` is opened after the log-in."""
    said = "The name or the password is wrong." if failed else ""
    if wait:
        seconds = math.ceil(wait)
        said = f"Too many tries: wait {seconds} second{'' if seconds == 1 else 's'}."
    if not private:
        return _html(f'<p role="alert">{_NOT_PRIVATE}</p>', status)
    alert = f'<p role="alert">{escape(said)}</p>' if said else ""
    form = (
        f'<form method="post" action="login"><h1>qa-bot</h1>{alert}'
        '<label>Name <input name="name" autocomplete="username" required autofocus></label>'
        '<label>Password <input name="password" type="password"'
        ' autocomplete="current-password" required></label>'
        f'<input type="hidden" name="then" value="{escape(then)}"><button>Log in</button></form>'
    )
    response = _html(form, status)
    if wait:
        response.headers["Retry-After"] = str(math.ceil(wait))
    return response


def leaving(name: str) -> Response:
    """Where someone who is logged in logs out."""
    return _html(
        f'<form method="post" action="logout"><h1>qa-bot</h1><p>Logged in as {escape(name)}.</p>'
        "<button>Log out</button></form>",
        200,
    )


def leading_to(then: str) -> Response:
    """Opens the page that was wanted: a path and query of this server, nothing else."""
    query = then[1:] if then.startswith("/?") and len(then) < _MOST else ""
    return RedirectResponse(f"./{query}", 303, headers=_HEADERS)


async def told(request: Request) -> tuple[str, str, str]:
    """Name, password and where to go then, as the form sends them; "" for what is missing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST:
            return "", "", ""
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    name, password, then = (fields.get(one, [""])[0] for one in ("name", "password", "then"))
    return name, password, then


def _html(body: str, status: int) -> HTMLResponse:
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>qa-bot</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>",
        status,
        headers=_HEADERS,
    )
