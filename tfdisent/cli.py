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
    """Runs the command; returns its exit code.

    0; 1 when scores failed and the others were computed; 2 for a mistake of the user; 3 when another
    worker of the training is gone; 130 when interrupted.
    """
    options = _parser().parse_args(arguments)
    _log_to_stderr()
    try:
        return options.run(options) or 0
    except UserError as error:
        print(f"tfdisent: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"tfdisent: {error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ntfdisent: interrupted; the same command continues where it stopped.", file=sys.stderr)
        return 130


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
    train.add_argument(
        "config", nargs="+",
        help="gin files, also disentanglement_lib's, or names of those shipped, such as demo.gin; or a study",
    )  # fmt: skip
    train.add_argument("--model", type=int, metavar="NUMBER", help="which model of a study")
    train.add_argument(
        "-b", "--binding", action="append", default=[], metavar="NAME=VALUE",
        help="overrides one setting, such as models.VAE.beta=8; may be repeated",
    )  # fmt: skip
    train.add_argument("--output", required=True, help="folder of the run; the same command continues it")
    train.add_argument("--overwrite", action="store_true", help="delete another run that lies there")

    evaluate = _command(commands, "evaluate", _evaluate, "score a trained run")
    evaluate.usage = "tfdisent evaluate RUN [options]"
    evaluate.add_argument("run_directory", metavar="RUN", help="folder that `train` wrote")
    evaluate.add_argument(
        "--metrics", nargs="+", metavar="NAME_OR_GIN",
        help="scores by name, such as mig dci; gin files; study for the nine of disentanglement_lib's study; all for "
        "these and the default ones (default: mig, disentanglement_score, distance_to_orthogonality, active_units, "
        "polarized_regime)",
    )  # fmt: skip
    evaluate.add_argument(
        "--representation", choices=("mean", "sampled"), default="mean",
        help="the posterior's mean, or a sample of it (default: %(default)s)",
    )  # fmt: skip
    seeds = evaluate.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, help="of the scores' random draws (default: the gin file's, 0)")
    seeds.add_argument(
        "--study-seeds", action="store_true", help="the seeds of disentanglement_lib's published scores"
    )
    evaluate.add_argument("--overwrite", action="store_true", help="compute scores again that are there")

    report = _command(
        commands, "report", _report, "write RUN/report.html with scores, pictures and loss curves"
    )
    report.add_argument("run_directory", metavar="RUN", help="folder that `train` wrote")

    compare = _command(
        commands, "compare", _compare, "put the scores of many runs in one table, beside published ones"
    )
    compare.add_argument(
        "results", nargs="+", metavar="RESULTS",
        help="runs that `evaluate` has scored, folders of such runs, or an aggregated JSON file",
    )  # fmt: skip
    compare.add_argument(
        "--with", dest="theirs", nargs="+", default=[], metavar="RESULTS",
        help="what to stand beside: disentanglement_lib's aggregated results, for example",
    )  # fmt: skip
    compare.add_argument(
        "--output", default="runs/comparison", help="folder of the tables (default: %(default)s)"
    )

    tune = _command(commands, "tune-beta", _tune_beta, "raise beta until the first latent collapses")
    tune.add_argument("config", nargs="+", help="gin files, or names of those shipped, such as demo.gin")
    tune.add_argument(
        "-b", "--binding", action="append", default=[], metavar="NAME=VALUE", help="overrides one setting"
    )
    tune.add_argument(
        "--output", required=True, help="folder of the runs and the result; the same command continues"
    )
    tune.add_argument(
        "--from", dest="first", type=float, metavar="BETA", help="first value (default: the file's)"
    )
    tune.add_argument("--factor", type=float, default=2.0, help="between two values (default: %(default)s)")
    tune.add_argument("--most", type=int, default=12, help="number of values at most (default: %(default)s)")

    reproduce = _command(commands, "reproduce", _reproduce, "make a table or figure of one of the papers")
    reproduce.add_argument("item", nargs="?", help="such as pca_directions/table_3_3_synth_linear")
    reproduce.add_argument("--list", action="store_true", help="show what can be made")
    reproduce.add_argument(
        "--output", help="folder of the results (default: runs/ITEM, or runs/ITEM_reduced, runs/ITEM_quick)"
    )
    reproduce.add_argument(
        "--seeds", type=int, help="number of restarts (default: the paper's; 1 at smaller scales)"
    )
    reproduce.add_argument(
        "--scale", choices=("quick", "reduced", "paper"), default="paper",
        help="paper: its settings; reduced: hours on a laptop; quick: only to see that it works "
        "(default: %(default)s)",
    )  # fmt: skip

    study = commands.add_parser("study", help="models of a published study, by number").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    _command(study, "list", _study_list, "names of all studies")
    show = _command(
        study, "show", _study_show, "what a number stands for, or which numbers have these settings"
    )
    show.add_argument("name", help="such as unsupervised_study_v1")
    show.add_argument("--model", type=int, metavar="NUMBER", help="print its gin file, which `train` takes")
    show.add_argument("--method", help="print the numbers of its models; such as beta_vae")
    show.add_argument("--hyperparameter", type=float, metavar="VALUE", help="and of this value, such as 4")
    show.add_argument("--data", metavar="NAME", help="and on this data set, such as dsprites_full")
    show.add_argument("--seed", type=int, help="and with this seed")

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
    from tfdisent.studies import unsupervised_study_v1

    configs, bindings = options.config, options.binding
    if unsupervised_study_v1.NAME in configs:
        configs, study = unsupervised_study_v1.configs_and_bindings(configs, options.model)
        bindings = [*study, *bindings]
    elif options.model is not None:
        raise UserError(
            f"--model is a number in a study, as in: tfdisent train {unsupervised_study_v1.NAME} --model "
            f"{options.model}. Received: {' '.join(configs)}."
        )
    config.parse(configs, bindings)
    trained = config.train_configured(options.output, options.overwrite)
    for run in trained if isinstance(trained, list) else [trained]:
        terms = ", ".join(f"{term} {run.results[term]:.4g}" for term in run.model.terms)
        folder = run.directory.path if run.directory else options.output
        print(f"Trained {run.results['global_step']:,} steps: {terms}. The run is in {folder}")


def _evaluate(options):
    _import_tensorflow_quietly()
    from tfdisent.studies.evaluation import ScoresFailed, evaluate, load_run
    from tfdisent.studies.reporting import further_rows, score_rows

    trained, code = load_run(options.run_directory), 0
    try:
        evaluate(
            trained,
            options.metrics,
            options.seed,
            options.representation,
            options.study_seeds,
            options.overwrite,
        )
    except ScoresFailed as error:
        print(f"tfdisent: {error}", file=sys.stderr)
        code = 1
    models = {type(trained.model).__name__: trained}
    _print_table(*score_rows(models))
    if (further := further_rows(models))[1]:
        _print_table(*further)
    return code


def _report(options):
    _import_tensorflow_quietly()
    from tfdisent.studies.evaluation import load_run
    from tfdisent.studies.reporting import report_run

    print(f"The report is in {report_run(load_run(options.run_directory))}")


def _compare(options):
    from tfdisent.studies.comparison import compare

    comparison = compare(options.results, options.theirs)
    page = comparison.write(options.output)
    _print_table(*comparison.table())
    for title, (headers, rows) in comparison.matrices().items():
        print(f"Rank correlation of the scores: {title}")
        _print_table(headers, rows)
    print("\n".join(comparison.notes))
    print(f"The tables are in {page.parent}, the page is {page}")


def _tune_beta(options):
    _import_tensorflow_quietly()
    from tfdisent.studies.tuning import tune_beta

    settings = {"factor": options.factor, "most": options.most, "first": options.first}
    found = tune_beta(options.config, options.output, options.binding, **settings)
    _print_table(*found.table())
    told = (
        f"The first latent collapses at beta {found.beta:g}"
        if found.beta
        else "No beta tried lies at the edge"
    )
    print(f"{told}; the picture is in {found.paths[-1]}")


def _reproduce(options):
    from tfdisent import papers

    if options.list or not options.item:
        for item, text in papers.list_items().items():
            print(f"{item:45} {text}")
        return
    papers.check_request(options.item, options.seeds, options.scale)
    _import_tensorflow_quietly()
    folder = f"runs/{options.item}" + (f"_{options.scale}" if options.scale != "paper" else "")
    written = papers.reproduce(options.item, options.output or folder, options.seeds, options.scale)
    print(f"Written: {', '.join(map(str, written))}")


def _study_list(options):
    from tfdisent.studies import unsupervised_study_v1 as study

    print(f"{study.NAME:25} {study.SUMMARY}")


def _study_show(options):
    from tfdisent.studies import unsupervised_study_v1 as study

    if options.name != study.NAME:
        raise UserError(f"There is no study {options.name!r}; known is {study.NAME}.")
    asked = {name: getattr(options, name) for name in ("method", "hyperparameter", "data", "seed")}
    looking = any(value is not None for value in asked.values())
    if looking and options.model is not None:
        raise UserError("Give either --model, or what to look for; not both.")
    if options.model is not None:
        print(study.study_configuration(options.model), end="")
    elif looking:
        print("\n".join(study.ranges(study.find_models(**asked))))
    else:
        print(study.overview())


def _data_list(options):
    from tfdisent.data import named_data

    for name, text in named_data().items():
        print(f"{name:21} {text}")


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
