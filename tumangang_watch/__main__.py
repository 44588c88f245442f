"""``python -m tumangang_watch``."""

from tumangang_watch.cli import start

if __name__ == "__main__":
    start()
