"""``python -m qa_bot``."""

from qa_bot.shell.entry import main

if __name__ == "__main__":
    main()
