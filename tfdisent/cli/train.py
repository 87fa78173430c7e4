"""`tfdisent train`: trains a model from gin configurations, or continues."""

from tfdisent.cli.arguments import (
    a_text,
    a_whole_number,
    add_command,
    add_trust,
    check_configs,
    folder_to_write,
    start_tensorflow,
)
from tfdisent.errors import UserError


def add(commands):
    command = add_command(
        commands, "train", run, "train a model from gin configurations, or continue its training"
    )
    command.add_argument(
        "config", nargs="+", type=a_text("config"),
        help="gin files, also disentanglement_lib's, or names of those shipped, such as demo.gin; or a study",
    )  # fmt: skip
    command.add_argument(
        "--model", type=a_whole_number("--model", 0), metavar="NUMBER", help="which model of a study"
    )
    command.add_argument(
        "-b", "--binding", action="append", default=[], metavar="NAME=VALUE",
        help="overrides one setting, such as models.VAE.beta=8; may be repeated",
    )  # fmt: skip
    add_trust(command)
    command.add_argument(
        "--output",
        type=a_text("--output"),
        required=True,
        help="folder of the run; the same command continues it",
    )
    command.add_argument("--overwrite", action="store_true", help="delete another run that lies there")


def run(options):
    configs, bindings = _study_model(options)
    check_configs(configs, bindings)
    folder_to_write("--output", options.output)
    start_tensorflow()

    from tfdisent import config

    config.parse(configs, bindings, options.trust)
    trained = config.train_configured(options.output, options.overwrite)
    for one in trained if isinstance(trained, list) else [trained]:
        terms = ", ".join(f"{term} {one.results[term]:.4g}" for term in one.model.terms)
        folder = one.directory.path if one.directory else options.output
        print(f"Trained {one.results['global_step']:,} steps: {terms}. The run is in {folder}")


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
