"""`tfdisent evaluate`: scores a trained run."""

import sys

from tfdisent.cli.arguments import a_text, a_whole_number, add_command, add_trust, check_run, start_tensorflow
from tfdisent.cli.printing import constant_factors, print_table

_MOST_SEED = 2**32 - 1


def add(commands):
    command = add_command(commands, "evaluate", run, "score a trained run")
    command.usage = "tfdisent evaluate RUN [options]"
    command.add_argument("run_directory", type=a_text("RUN"), metavar="RUN", help="folder that `train` wrote")
    command.add_argument(
        "--metrics", nargs="+", action="extend", type=a_text("--metrics"), metavar="NAME_OR_GIN",
        help="scores by name, such as mig dci; gin files; study for the nine of disentanglement_lib's study; all for "
        "these and the default ones (default: mig, disentanglement_score, distance_to_orthogonality, active_units, "
        "polarized_regime)",
    )  # fmt: skip
    command.add_argument(
        "--representation", choices=("mean", "sampled"), default="mean",
        help="the posterior's mean, or a sample of it (default: %(default)s)",
    )  # fmt: skip
    seeds = command.add_mutually_exclusive_group()
    seeds.add_argument(
        "--seed", type=a_whole_number("--seed", 0, _MOST_SEED),
        help="of the scores' random draws (default: the gin file's, 0)",
    )  # fmt: skip
    seeds.add_argument(
        "--study-seeds", action="store_true", help="the seeds of disentanglement_lib's published scores"
    )
    command.add_argument("--overwrite", action="store_true", help="compute scores again that are there")
    add_trust(command)


def run(options):
    check_run(options.run_directory)
    from tfdisent.evaluation.scores import check_scores

    check_scores(options.metrics)
    start_tensorflow()

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
    for line in constant_factors(models):
        print(line)
    return code
