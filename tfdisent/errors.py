"""The one exception for a mistake that the person at the keyboard can mend."""

__all__ = ["UserError"]


class UserError(ValueError):
    """A mistake in what the user gave: one sentence with the value, what was expected, and what to do.

    The command line prints the sentence and ends with exit code 2; in a notebook it is an ordinary `ValueError`.
    """
