"""`tfdisent compare`: scores of many runs in one table."""

import glob
import os

from tfdisent.cli.arguments import a_text, add_command, folder_to_write, nearest_folder
from tfdisent.cli.printing import print_table
from tfdisent.errors import UserError


def add(commands):
    command = add_command(
        commands, "compare", run, "put the scores of many runs in one table, beside published ones"
    )
    command.add_argument(
        "results", nargs="+", type=a_text("RESULTS"), metavar="RESULTS",
        help="runs that `evaluate` has scored, folders of such runs, or an aggregated JSON file",
    )  # fmt: skip
    command.add_argument(
        "--with", dest="theirs", nargs="+", action="extend", type=a_text("--with"), default=[], metavar="RESULTS",
        help="what to stand beside: disentanglement_lib's aggregated results, for example",
    )  # fmt: skip
    command.add_argument(
        "--output", type=a_text("--output"), default="runs/comparison",
        help="folder of the tables (default: %(default)s)",
    )  # fmt: skip


def run(options):
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
