"""The command `tfdisent`: what each subcommand takes, what can be found wrong in that alone, and what it calls."""

import glob
import logging
import os
import sys
from pathlib import Path

import tfdisent
from tfdisent.checks import nearest, shown
from tfdisent.errors import UserError
from tfdisent.terminal import (
    Parser,
    a_number,
    a_text,
    a_whole_number,
    ended_in_words,
    folder_to_write,
    nearest_folder,
    print_table,
)

__all__ = ["entry_point", "main"]

_MOST_SEED = 2**32 - 1


def main(arguments=None):
    """Runs the command; returns its exit code, as `tfdisent.terminal.ended_in_words` gives it.

    0; 1 when scores failed and the others were computed; 2 for a mistake of the user; 3 when a worker was lost; 70 for
    an exception that nobody foresaw; 130 for Ctrl-C, 143 for SIGTERM.
    """
    return ended_in_words(lambda: _run(sys.argv[1:] if arguments is None else arguments))


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

    demo = _command(
        commands, "demo", _demo, "train a beta-VAE and an autoencoder on sprites and compare them"
    )
    demo.add_argument(
        "--output",
        type=a_text("--output"),
        help="folder of the results (default: runs/demo, or runs/demo_quick)",
    )
    demo.add_argument(
        "--quick", action="store_true", help="under a minute: only to see that everything works"
    )
    demo.add_argument("--overwrite", action="store_true", help="delete another demo that lies there")

    train = _command(
        commands, "train", _train, "train a model from gin configurations, or continue its training"
    )
    train.add_argument(
        "config", nargs="+", type=a_text("config"),
        help="gin files, also disentanglement_lib's, or names of those shipped, such as demo.gin; or a study",
    )  # fmt: skip
    train.add_argument(
        "--model", type=a_whole_number("--model", 0), metavar="NUMBER", help="which model of a study"
    )
    train.add_argument(
        "-b", "--binding", action="append", default=[], metavar="NAME=VALUE",
        help="overrides one setting, such as models.VAE.beta=8; may be repeated",
    )  # fmt: skip
    _add_trust(train)
    train.add_argument(
        "--output",
        type=a_text("--output"),
        required=True,
        help="folder of the run; the same command continues it",
    )
    train.add_argument("--overwrite", action="store_true", help="delete another run that lies there")

    evaluate = _command(commands, "evaluate", _evaluate, "score a trained run")
    evaluate.usage = "tfdisent evaluate RUN [options]"
    evaluate.add_argument(
        "run_directory", type=a_text("RUN"), metavar="RUN", help="folder that `train` wrote"
    )
    evaluate.add_argument(
        "--metrics", nargs="+", action="extend", type=a_text("--metrics"), metavar="NAME_OR_GIN",
        help="scores by name, such as mig dci; gin files; study for the nine of disentanglement_lib's study; all for "
        "these and the default ones (default: mig, disentanglement_score, distance_to_orthogonality, active_units, "
        "polarized_regime)",
    )  # fmt: skip
    evaluate.add_argument(
        "--representation", choices=("mean", "sampled"), default="mean",
        help="the posterior's mean, or a sample of it (default: %(default)s)",
    )  # fmt: skip
    seeds = evaluate.add_mutually_exclusive_group()
    seeds.add_argument(
        "--seed", type=a_whole_number("--seed", 0, _MOST_SEED),
        help="of the scores' random draws (default: the gin file's, 0)",
    )  # fmt: skip
    seeds.add_argument(
        "--study-seeds", action="store_true", help="the seeds of disentanglement_lib's published scores"
    )
    evaluate.add_argument("--overwrite", action="store_true", help="compute scores again that are there")
    _add_trust(evaluate)

    report = _command(
        commands, "report", _report, "write RUN/report.html with scores, pictures and loss curves"
    )
    report.add_argument("run_directory", type=a_text("RUN"), metavar="RUN", help="folder that `train` wrote")
    _add_trust(report)

    compare = _command(
        commands, "compare", _compare, "put the scores of many runs in one table, beside published ones"
    )
    compare.add_argument(
        "results", nargs="+", type=a_text("RESULTS"), metavar="RESULTS",
        help="runs that `evaluate` has scored, folders of such runs, or an aggregated JSON file",
    )  # fmt: skip
    compare.add_argument(
        "--with", dest="theirs", nargs="+", action="extend", type=a_text("--with"), default=[], metavar="RESULTS",
        help="what to stand beside: disentanglement_lib's aggregated results, for example",
    )  # fmt: skip
    compare.add_argument(
        "--output", type=a_text("--output"), default="runs/comparison",
        help="folder of the tables (default: %(default)s)",
    )  # fmt: skip

    tune = _command(commands, "tune-beta", _tune_beta, "raise beta until the first latent collapses")
    tune.add_argument(
        "config",
        nargs="+",
        type=a_text("config"),
        help="gin files, or names of those shipped, such as demo.gin",
    )
    tune.add_argument(
        "-b", "--binding", action="append", default=[], metavar="NAME=VALUE", help="overrides one setting"
    )
    _add_trust(tune)
    tune.add_argument(
        "--output", type=a_text("--output"), required=True,
        help="folder of the runs and the result; the same command continues",
    )  # fmt: skip
    tune.add_argument(
        "--from", dest="first", type=a_number("--from", above=0), metavar="BETA",
        help="first value (default: the file's)",
    )  # fmt: skip
    tune.add_argument(
        "--factor", type=a_number("--factor", above=1), default=2.0,
        help="between two values (default: %(default)s)",
    )  # fmt: skip
    tune.add_argument(
        "--most", type=a_whole_number("--most", 1), default=12,
        help="number of values at most (default: %(default)s)",
    )  # fmt: skip

    reproduce = _command(commands, "reproduce", _reproduce, "make a table or figure of one of the papers")
    reproduce.add_argument(
        "item", nargs="?", type=a_text("item"), help="such as pca_directions/table_3_3_synth_linear"
    )
    reproduce.add_argument("--list", action="store_true", help="show what can be made")
    reproduce.add_argument(
        "--output", type=a_text("--output"),
        help="folder of the results (default: runs/ITEM, or runs/ITEM_reduced, runs/ITEM_quick)",
    )  # fmt: skip
    reproduce.add_argument(
        "--seeds", type=a_whole_number("--seeds", 1),
        help="number of restarts (default: the paper's; 1 at smaller scales)",
    )  # fmt: skip
    reproduce.add_argument(
        "--scale", choices=("quick", "reduced", "long", "paper"), default="paper",
        help="paper: its settings; long: more steps; reduced: hours on a laptop; quick: only to see that it works "
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
    show.add_argument(
        "--model",
        type=a_whole_number("--model", 0),
        metavar="NUMBER",
        help="print its gin file, which `train` takes",
    )
    show.add_argument("--method", help="print the numbers of its models; such as beta_vae")
    show.add_argument(
        "--hyperparameter",
        type=a_number("--hyperparameter"),
        metavar="VALUE",
        help="and of this value, such as 4",
    )
    show.add_argument("--data", metavar="NAME", help="and on this data set, such as dsprites_full")
    show.add_argument("--seed", type=a_whole_number("--seed", 0), help="and with this seed")

    data = commands.add_parser("data", help="list the data sets, get one, or look at one").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    _command(data, "list", _data_list, "names of all data sets")
    get = _command(
        data, "get", _data_get, "download a data set through TensorFlow Datasets, where that has it"
    )
    get.add_argument("name", help="such as mnist")
    show = _command(data, "show", _data_show, "what a data set holds and where it was found")
    show.add_argument("name", help="such as dsprites_drawn")
    show.add_argument(
        "--picture",
        type=a_text("--picture"),
        metavar="FILE",
        help="also write a PNG that shows each factor, or random images",
    )
    return parser


def _command(commands, name, run, text):
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(run=run)
    return command


def _add_trust(command):
    command.add_argument(
        "--trust", action="append", default=[], type=a_text("--trust"), metavar="MODULE",
        help="a module that configurations may import and whose code they may run; may be repeated",
    )  # fmt: skip


def _check_configs(configs, bindings):
    """UserError for files that are missing or no gin, and bindings that are none; imports no TensorFlow."""
    from tfdisent.config.statements import find_config, is_ours, parse_binding

    for config in configs:
        is_ours(find_config(config))
    for binding in bindings:
        parse_binding(binding)


def _check_run(path):
    """UserError where no run lies, with the folders whose names are near."""
    folder = Path(path)
    if folder.is_dir():
        if (folder / "model" / "run.json").is_file():
            return
        runs = sorted(str(each.parents[1]) for each in folder.glob("*/model/run.json"))
        inside = f"; give one of those in it: {', '.join(runs[:5])}" if runs else ""
        raise UserError(
            f"{path} holds no run, which has model/run.json; is this the folder of a run?{inside}"
        )
    if folder.exists():
        raise UserError(f"{path} is a file; is this the folder of a run?")
    raise UserError(f"{path} does not exist; is this the folder of a run?{nearest_folder(folder)[1:]}")


def _start_tensorflow():
    """Before gin imports Keras, which would let TensorFlow write about CUDA and the processor."""
    import tfdisent.quiet  # noqa: F401


def _demo(options):
    output = options.output or ("runs/demo_quick" if options.quick else "runs/demo")
    folder_to_write("--output", output)
    _start_tensorflow()

    from tfdisent.evaluation.reporting import score_rows
    from tfdisent.studies.demo import run_demo

    report, models, notes = run_demo(output, options.quick, options.overwrite)
    print_table(*score_rows(models))
    print("\n".join([*_constant_factors(models), *notes, f"The report is in {report}"]))


def _train(options):
    configs, bindings = _study_model(options)
    _check_configs(configs, bindings)
    folder_to_write("--output", options.output)
    _start_tensorflow()

    from tfdisent import config

    config.parse(configs, bindings, options.trust)
    trained = config.train_configured(options.output, options.overwrite)
    for run in trained if isinstance(trained, list) else [trained]:
        terms = ", ".join(f"{term} {run.results[term]:.4g}" for term in run.model.terms)
        folder = run.directory.path if run.directory else options.output
        print(f"Trained {run.results['global_step']:,} steps: {terms}. The run is in {folder}")


def _study_model(options):
    """Configurations and bindings, also of the one model of a study that is asked for."""
    from tfdisent.studies import unsupervised_study_v1 as study

    if study.NAME in options.config:
        configs, bindings = study.configs_and_bindings(options.config, options.model)
        return configs, [*bindings, *options.binding]
    if options.model is not None:
        raise UserError(
            f"--model is a number in a study, as in: tfdisent train {study.NAME} --model {options.model}. "
            f"Received: {' '.join(options.config)}."
        )
    return options.config, options.binding


def _evaluate(options):
    _check_run(options.run_directory)
    from tfdisent.evaluation.scores import check_scores

    check_scores(options.metrics)
    _start_tensorflow()

    from tfdisent.evaluation.reporting import further_rows, score_rows
    from tfdisent.evaluation.scoring import ScoresFailed, evaluate, load_run

    trained, code = load_run(options.run_directory, trust=options.trust), 0
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
    print_table(*score_rows(models))
    if (further := further_rows(models))[1]:
        print_table(*further)
    for line in _constant_factors(models):
        print(line)
    return code


def _constant_factors(models):
    """A line for each set of factors that scores left out because they have one value."""
    scores = {}
    for trained in models.values():
        for score, results in trained.scores.items():
            if factors := results.get("constant_factors"):
                left_out = scores.setdefault(", ".join(map(str, factors)), [])
                left_out += [score] if score not in left_out else []
    return [f"Left out, because they have one value: {each} ({', '.join(scores[each])})." for each in scores]


def _report(options):
    _check_run(options.run_directory)
    _start_tensorflow()

    from tfdisent.evaluation.reporting import report_run
    from tfdisent.evaluation.scoring import load_run

    trained = load_run(options.run_directory, trust=options.trust)
    print(f"The report is in {report_run(trained)}")


def _compare(options):
    for source in (*options.results, *options.theirs):
        if not os.path.lexists(source) and not glob.has_magic(source):
            raise UserError(f"{source} does not exist; give runs that are scored{nearest_folder(source)}")
    folder_to_write("--output", options.output)

    from tfdisent.studies.comparison import compare

    comparison = compare(options.results, options.theirs)
    page = comparison.write(options.output)
    print_table(*comparison.table())
    for title, (headers, rows) in comparison.matrices().items():
        print(f"Rank correlation of the scores: {title}")
        print_table(headers, rows)
    print("\n".join(comparison.notes))
    print(f"The tables are in {page.parent}, the page is {page}")


def _tune_beta(options):
    _check_configs(options.config, options.binding)
    folder_to_write("--output", options.output)
    _start_tensorflow()

    from tfdisent.studies.tuning import tune_beta

    tuning = tune_beta(
        options.config,
        options.output,
        options.binding,
        factor=options.factor,
        most=options.most,
        first=options.first,
        trust=options.trust,
    )
    print_table(*tuning.table())
    told = (
        f"The first latent collapses at beta {tuning.beta:g}"
        if tuning.beta
        else "No beta tried lies at the edge"
    )
    print(f"{told}; the picture is in {tuning.paths[-1]}")


def _reproduce(options):
    from tfdisent import papers

    if options.list or options.item is None:
        for item, text in papers.list_items().items():
            print(f"{item:45} {text}")
        return
    papers.check_request(options.item, options.seeds, options.scale)
    folder = f"runs/{options.item}" + (f"_{options.scale}" if options.scale != "paper" else "")
    folder_to_write("--output", options.output or folder)
    _start_tensorflow()
    written = papers.reproduce(options.item, options.output or folder, options.seeds, options.scale)
    print(f"Written: {', '.join(map(str, written))}")


def _study_list(options):
    from tfdisent.studies import unsupervised_study_v1 as study

    print(f"{study.NAME:25} {study.SUMMARY}")


def _study_show(options):
    from tfdisent.studies import unsupervised_study_v1 as study

    if options.name != study.NAME:
        near = nearest(options.name, [study.NAME])
        raise UserError(
            f"There is no study of this name; known is {study.NAME}. Received: {shown(options.name)}{near}"
        )
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


def _data_get(options):
    from tfdisent.data.download import download_named_data

    print(download_named_data(options.name))


def _data_show(options):
    if options.picture:
        if Path(options.picture).is_dir():
            raise UserError(f"--picture must be a file. Received: the folder {options.picture!r}.")
        folder_to_write("--picture", Path(options.picture).parent)

    from tfdisent import data

    found = data.get_named_ground_truth_data(options.name)
    described = data.describe(found)
    count = f"{described['size']:,}" if described["size"] else "drawn without end"
    print(f"name         {described['name']}\nsource       {described['source']}\nobservations {count}")
    print(f"shape        {' x '.join(map(str, described['observation_shape']))}")
    for factor in described["factors"]:
        print(f"factor       {factor['name']}: {factor['num_values']:,} values, {factor['kind']}")
    if options.picture:
        from tfdisent.evaluation.data_pictures import draw_data

        print(f"The picture is in {draw_data(found, options.picture)}")


def _log_to_stderr():
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("tfdisent")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def entry_point():
    """What the console script calls."""
    sys.exit(main())


if __name__ == "__main__":
    entry_point()
