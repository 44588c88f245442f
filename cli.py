"""Run the command line from a checkout: ``python cli.py compare EARLIER LATER --out DIR``."""

from tumangang_watch.cli import start

if __name__ == "__main__":
    start()
