"""`python -m tfdisent.cli`: the command `tfdisent`."""

from tfdisent.cli import entry_point

if __name__ == "__main__":
    entry_point()
