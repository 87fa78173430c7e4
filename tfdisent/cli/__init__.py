"""The command `tfdisent`: one module a command, which holds its arguments in `add` and what it does in `run`."""

import logging
import os
import sys

import tfdisent
from tfdisent.checks import shown
from tfdisent.cli import compare, data, demo, evaluate, report, reproduce, study, train, tune_beta
from tfdisent.cli.arguments import Parser
from tfdisent.cli.endings import ended_in_words
from tfdisent.errors import UserError

__all__ = ["entry_point", "main"]

_COMMANDS = (demo, train, evaluate, report, compare, tune_beta, reproduce, study, data)


def main(arguments=None):
    """Runs the command; returns its exit code, as `tfdisent.cli.endings.ended_in_words` gives it.

    0; 1 when scores failed and the others were computed; 2 for a mistake of the user; 3 when a worker was lost; 70 for
    an exception that nobody foresaw; 130 for Ctrl-C, 143 for SIGTERM.
    """
    return ended_in_words(lambda: _run(sys.argv[1:] if arguments is None else arguments))


def entry_point():
    """What the console script calls."""
    sys.exit(main())


def _run(arguments):
    for argument in arguments:
        if any("\ud800" <= character <= "\udfff" for character in argument):
            raise UserError(f"An argument is no text in UTF-8. Received: {shown(os.fsencode(argument))}.")
    parser = _parser()
    if not arguments:
        parser.print_help()
        return 2
    options = parser.parse_args(arguments)
    _log_to_stderr()
    return options.run(options)


def _parser():
    parser = Parser(
        prog="tfdisent",
        description="Disentangled representation learning: draw or load data, train, score, and look.",
        epilog="Start with `tfdisent demo`. Results of the papers: `tfdisent reproduce --list`.",
    )
    parser.add_argument("--version", action="version", version=tfdisent.__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser


def _log_to_stderr():
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("tfdisent")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
