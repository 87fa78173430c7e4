"""`tfdisent study`: makes many runs, on this machine, on a Ray cluster, or with others that drain the same folder."""

from tfdisent.checks import shown
from tfdisent.cli.arguments import a_number, a_text, a_whole_number, add_command, add_trust, folder_to_write
from tfdisent.cli.printing import print_table
from tfdisent.errors import UserError

_RESTRICTION = ("method", "hyperparameter", "data", "seed")


def add(commands):
    study = commands.add_parser("study", help="make many runs, and see what came of them").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    run = add_command(study, "run", run_study, "make the runs of a study, or those that are left")
    _add_study(run)
    run.add_argument(
        "--workers", type=a_whole_number("--workers", 1),
        help="runs at a time (default: as many as there are cores or GPUs for)",
    )  # fmt: skip
    run.add_argument(
        "--ray", type=a_text("--ray"), metavar="ADDRESS",
        help="make them on this Ray cluster; local for one that Ray starts on this machine",
    )  # fmt: skip
    plan = add_command(
        study, "plan", plan_study, "write a study into a folder for `study work`, and run nothing"
    )
    _add_study(plan)
    work = add_command(study, "work", work_study, "make runs of a folder in which others do the same")
    _add_folder(work)
    work.add_argument("--retry-failed", action="store_true", help="try runs again that were given up")
    add_trust(work)
    _add_folder(add_command(study, "status", show_status, "how far a study is"))
    _add_folder(
        add_command(study, "report", write_report, "write DIR/report: a page, and all numbers in two files")
    )
    add_command(study, "list", list_studies, "names of all studies")
    show = add_command(study, "show", show_study, "what a study consists of")
    _add_name(show)
    show.add_argument(
        "--model", type=a_whole_number("--model", 0), metavar="NUMBER",
        help="of unsupervised_study_v1: print the gin file of this model, which `train` takes",
    )  # fmt: skip


def _add_name(command):
    command.add_argument(
        "study", type=a_text("STUDY"), metavar="STUDY",
        help="a gin file with lines studies.Study.configs = [...], or a name of `tfdisent study list`",
    )  # fmt: skip
    command.add_argument(
        "-b", "--binding", action="append", default=[], metavar="NAME=VALUE",
        help="overrides one setting of all runs, or of the study, such as studies.Study.seeds=3; may be repeated",
    )  # fmt: skip
    add_trust(command)
    command.add_argument("--method", help="of unsupervised_study_v1: only these models, such as beta_vae")
    command.add_argument(
        "--hyperparameter",
        type=a_number("--hyperparameter"),
        metavar="VALUE",
        help="and of this value, such as 4",
    )
    command.add_argument("--data", metavar="NAME", help="and on this data set, such as dsprites_full")
    command.add_argument("--seed", type=a_whole_number("--seed", 0), help="and with this seed")


def _add_study(command):
    _add_name(command)
    command.add_argument(
        "--output", type=a_text("--output"), required=True, metavar="DIR",
        help="folder of the study; the same command continues",
    )  # fmt: skip


def _add_folder(command):
    command.add_argument(
        "folder", type=a_text("DIR"), metavar="DIR", help="folder that `study run` or `plan` wrote"
    )


def run_study(options):
    from tfdisent import studies

    study = _study(options)
    folder_to_write("--output", options.output)
    executor = studies.executor_for(study, options.workers, options.ray)
    carried = studies.run_study(study, options.output, executor, watcher=studies.LiveTable())
    return _say_what_became(options.output, carried)


def plan_study(options):
    from tfdisent import studies

    study = _study(options)
    folder_to_write("--output", options.output)
    study.check()
    planned = studies.plan_study(study, options.output)
    print(f"Planned {len(planned):,} runs; on each machine: tfdisent study work {options.output}")


def work_study(options):
    from tfdisent import studies

    carried = studies.work_study(
        options.folder, options.trust, retry_failed=options.retry_failed, watcher=studies.LiveTable()
    )
    return _say_what_became(options.folder, carried)


def show_status(options):
    from tfdisent import studies
    from tfdisent.studies import status

    found = studies.study_status(options.folder)
    print(status.headline(found))
    if found.at_work:
        print_table(*status.at_work_rows(found))
    _print_failed(found.failed)


def write_report(options):
    from tfdisent import studies

    print(f"The report is in {studies.report_study(options.folder)}")


def list_studies(options):
    from tfdisent.studies.study_file import list_studies

    for name, text in list_studies().items():
        print(f"{name:25} {text}")


def show_study(options):
    from tfdisent.studies import unsupervised_study_v1 as published

    asked = {name: getattr(options, name) for name in _RESTRICTION}
    looking = any(value is not None for value in asked.values())
    if options.model is not None and options.study != published.NAME:
        raise UserError(f"--model is a number in {published.NAME}. Received: {shown(options.study)}.")
    if options.model is not None and looking:
        raise UserError("Give either --model, or what to look for; not both.")
    if options.model is not None:
        print(published.study_configuration(options.model), end="")
    elif options.study == published.NAME:
        print(
            "\n".join(published.ranges(published.find_models(**asked))) if looking else published.overview()
        )
    else:
        print(_study(options).overview())


def _study(options):
    from tfdisent.studies.study_file import find_study

    restriction = {name: getattr(options, name) for name in _RESTRICTION}
    return find_study(options.study, options.binding, options.trust, **restriction)


def _say_what_became(folder, carried):
    total = len(carried.done) + len(carried.failed)
    print(
        f"{len(carried.done):,} of {total:,} runs are done; tables and pictures: tfdisent study report {folder}"
    )
    _print_failed(carried.failed)
    return 1 if carried.failed else 0


def _print_failed(failed):
    if failed:
        print_table(["failed", "why"], [[str(run), sentence] for run, sentence in failed.items()])
