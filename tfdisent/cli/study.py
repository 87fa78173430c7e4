"""`tfdisent study`: models of a published study, by number."""

from tfdisent.checks import nearest, shown
from tfdisent.cli.arguments import a_number, a_whole_number, add_command
from tfdisent.errors import UserError


def add(commands):
    study = commands.add_parser("study", help="models of a published study, by number").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add_command(study, "list", list_studies, "names of all studies")
    show = add_command(
        study, "show", show_models, "what a number stands for, or which numbers have these settings"
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


def list_studies(options):
    from tfdisent.studies import unsupervised_study_v1 as study

    print(f"{study.NAME:25} {study.SUMMARY}")


def show_models(options):
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
