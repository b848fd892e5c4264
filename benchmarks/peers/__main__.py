"""``python -m benchmarks.peers``."""

from benchmarks.peers.comparing import main

if __name__ == "__main__":
    main()
