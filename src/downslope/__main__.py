"""`python -m downslope` is the command line."""

from downslope.cli import run

if __name__ == "__main__":
    run()
