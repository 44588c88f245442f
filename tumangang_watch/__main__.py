"""``python -m tumangang_watch``."""

from tumangang_watch.cli import main

if __name__ == "__main__":
    main()
