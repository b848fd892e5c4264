"""``python -m qa_bot``."""

from qa_bot.shell.commands import main

if __name__ == "__main__":
    main()
