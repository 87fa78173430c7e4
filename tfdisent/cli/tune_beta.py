"""`tfdisent tune-beta`: raises beta until the first latent collapses."""

from tfdisent.cli.arguments import (
    a_number,
    a_text,
    a_whole_number,
    add_command,
    add_trust,
    check_configs,
    folder_to_write,
    start_tensorflow,
)
from tfdisent.cli.printing import print_table


def add(commands):
    command = add_command(commands, "tune-beta", run, "raise beta until the first latent collapses")
    command.add_argument(
        "config",
        nargs="+",
        type=a_text("config"),
        help="gin files, or names of those shipped, such as demo.gin",
    )
    command.add_argument(
        "-b", "--binding", action="append", default=[], metavar="NAME=VALUE", help="overrides one setting"
    )
    add_trust(command)
    command.add_argument(
        "--output", type=a_text("--output"), required=True,
        help="folder of the runs and the result; the same command continues",
    )  # fmt: skip
    command.add_argument(
        "--from", dest="first", type=a_number("--from", above=0), metavar="BETA",
        help="first value (default: the file's)",
    )  # fmt: skip
    command.add_argument(
        "--factor", type=a_number("--factor", above=1), default=2.0,
        help="between two values (default: %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--most", type=a_whole_number("--most", 1), default=12,
        help="number of values at most (default: %(default)s)",
    )  # fmt: skip


def run(options):
    check_configs(options.config, options.binding)
    folder_to_write("--output", options.output)
    start_tensorflow()

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
