"""``python app.py``: the web chat over documents/, with its index in index/."""

from __future__ import annotations

import sys
from pathlib import Path

from qa_bot.errors import QaBotError
from qa_bot.serving.app import serve

if __name__ == "__main__":
    here = Path(__file__).parent
    try:
        serve(here / "documents", here / "index", open_browser=True)
    except QaBotError as error:
        sys.exit(f"Error: {error}")
