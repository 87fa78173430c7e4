"""The exceptions for what the person at the keyboard can mend."""

__all__ = ["UserError", "WorkerLost"]


class UserError(ValueError):
    """A mistake in what the user gave: one sentence with the value, what was expected, and what to do.

    The command line prints the sentence and ends with `exit_code`; in a notebook it is an ordinary `ValueError`.
    """

    exit_code = 2


class WorkerLost(UserError):
    """Another worker of the same training is gone; the same command on all workers resumes it."""

    exit_code = 3
