"""The command `tfdisent`."""

import argparse
import contextlib
import logging
import os
import sys
import tempfile

import tfdisent
from tfdisent.errors import UserError

__all__ = ["entry_point", "main"]


def main(arguments=None):
    """Runs the command; returns its exit code: 0, 2 for a mistake of the user, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    _log_to_stderr()
    try:
        options.run(options)
    except UserError as error:
        print(f"tfdisent: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"tfdisent: {error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\ntfdisent: interrupted; the same command continues from the last checkpoint.", file=sys.stderr
        )
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="tfdisent",
        description="Disentangled representation learning: draw or load data, train, score, and look.",
        epilog="Start with `tfdisent demo`. Results of the papers: `tfdisent reproduce --list`.",
    )
    parser.add_argument("--version", action="version", version=tfdisent.__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    demo = _command(
        commands, "demo", _demo, "train a beta-VAE and an autoencoder on sprites and compare them"
    )
    demo.add_argument("--output", help="folder of the results (default: runs/demo, or runs/demo_quick)")
    demo.add_argument(
        "--quick", action="store_true", help="under a minute: only to see that everything works"
    )
    demo.add_argument("--overwrite", action="store_true", help="delete another demo that lies there")

    train = _command(
        commands, "train", _train, "train a model from gin configurations, or continue its training"
    )
    train.add_argument("config", nargs="+", help="gin files, or names of those shipped, such as demo.gin")
    train.add_argument(
        "-b", "--binding", action="append", default=[], metavar="NAME=VALUE",
        help="overrides one setting, such as models.VAE.beta=8; may be repeated",
    )  # fmt: skip
    train.add_argument("--output", required=True, help="folder of the run; the same command continues it")
    train.add_argument("--overwrite", action="store_true", help="delete another run that lies there")

    evaluate = _command(commands, "evaluate", _evaluate, "score a trained run")
    evaluate.add_argument("run_directory", metavar="RUN", help="folder that `train` wrote")
    evaluate.add_argument(
        "--seed", type=int, default=0, help="of the scores' random draws (default: %(default)s)"
    )

    report = _command(
        commands, "report", _report, "write RUN/report.html with scores, pictures and loss curves"
    )
    report.add_argument("run_directory", metavar="RUN", help="folder that `train` wrote")

    reproduce = _command(commands, "reproduce", _reproduce, "make a table or figure of one of the papers")
    reproduce.add_argument("item", nargs="?", help="such as pca_directions/table_3_3_synth_linear")
    reproduce.add_argument("--list", action="store_true", help="show what can be made")
    reproduce.add_argument("--output", help="folder of the results (default: runs/ITEM)")
    reproduce.add_argument("--seeds", type=int, default=10, help="number of restarts (default: %(default)s)")
    reproduce.add_argument(
        "--scale", choices=("quick", "paper"), default="paper", help="default: %(default)s"
    )

    data = commands.add_parser("data", help="list the data sets, or look at one").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    _command(data, "list", _data_list, "names of all data sets")
    show = _command(data, "show", _data_show, "what a data set holds and where it was found")
    show.add_argument("name", help="such as dsprites_drawn")
    show.add_argument(
        "--picture", metavar="FILE", help="also write a PNG that shows each factor, or random images"
    )
    return parser


def _command(commands, name, run, text):
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(run=run)
    return command


def _demo(options):
    _import_tensorflow_quietly()
    from tfdisent.studies.demo import run_demo
    from tfdisent.studies.reporting import score_rows

    output = options.output or ("runs/demo_quick" if options.quick else "runs/demo")
    report, models = run_demo(output, options.quick, options.overwrite)
    _print_table(*score_rows(models))
    print(f"The report is in {report}")


def _train(options):
    _import_tensorflow_quietly()
    from tfdisent import config

    config.parse(options.config, options.binding)
    run = config.train_configured(options.output, options.overwrite)
    terms = ", ".join(f"{term} {run.results[term]:.4g}" for term in run.model.terms)
    print(f"Trained {run.results['global_step']:,} steps: {terms}. The run is in {options.output}")


def _evaluate(options):
    _import_tensorflow_quietly()
    from tfdisent.studies.evaluation import evaluate, load_run
    from tfdisent.studies.reporting import score_rows

    trained = load_run(options.run_directory)
    evaluate(trained, seed=options.seed)
    _print_table(*score_rows({type(trained.model).__name__: trained}))


def _report(options):
    _import_tensorflow_quietly()
    from tfdisent.studies.evaluation import load_run
    from tfdisent.studies.reporting import report_run

    print(f"The report is in {report_run(load_run(options.run_directory))}")


def _reproduce(options):
    from tfdisent import papers

    if options.list or not options.item:
        for item, text in papers.list_items().items():
            print(f"{item:45} {text}")
        return
    papers.check_item(options.item)
    _import_tensorflow_quietly()
    written = papers.reproduce(
        options.item, options.output or f"runs/{options.item}", options.seeds, options.scale
    )
    print(f"Written: {', '.join(map(str, written))}")


def _data_list(options):
    from tfdisent.data import named_data

    for name, text in named_data().items():
        print(f"{name:18} {text}")


def _data_show(options):
    from tfdisent import data

    found = data.get_named_ground_truth_data(options.name)
    described = data.describe(found)
    count = f"{described['size']:,}" if described["size"] else "drawn without end"
    print(f"name         {described['name']}\nsource       {described['source']}\nobservations {count}")
    print(f"shape        {' x '.join(map(str, described['observation_shape']))}")
    for factor in described["factors"]:
        print(f"factor       {factor['name']}: {factor['num_values']:,} values, {factor['kind']}")
    if options.picture:
        from tfdisent.studies.data_pictures import draw_data

        print(f"The picture is in {draw_data(found, options.picture)}")


def _print_table(headers, rows):
    from rich.console import Console
    from rich.table import Table

    table = Table(*headers)
    for row in rows:
        table.add_row(
            *(
                "-" if cell is None else f"{cell:.3f}" if isinstance(cell, float) else str(cell)
                for cell in row
            )
        )
    Console(width=100).print(table)


def _log_to_stderr():
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("tfdisent")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def _import_tensorflow_quietly():
    """Imports TensorFlow without the lines about CUDA and oneDNN that it writes before any logging level is set."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryFile() as file, _redirected(2, file):
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def _redirected(descriptor, file):
    sys.stderr.flush()
    kept = os.dup(descriptor)
    os.dup2(file.fileno(), descriptor)
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


def entry_point():
    """What the console script calls."""
    sys.exit(main())


if __name__ == "__main__":
    entry_point()
