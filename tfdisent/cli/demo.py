"""`tfdisent demo`: two small models trained and compared."""

from tfdisent.cli.arguments import a_text, add_command, folder_to_write, start_tensorflow
from tfdisent.cli.printing import constant_factors, print_table


def add(commands):
    command = add_command(
        commands, "demo", run, "train a beta-VAE and an autoencoder on sprites and compare them"
    )
    command.add_argument(
        "--output",
        type=a_text("--output"),
        help="folder of the results (default: runs/demo, or runs/demo_quick)",
    )
    command.add_argument(
        "--quick", action="store_true", help="under a minute: only to see that everything works"
    )
    command.add_argument("--overwrite", action="store_true", help="delete another demo that lies there")


def run(options):
    output = options.output or ("runs/demo_quick" if options.quick else "runs/demo")
    folder_to_write("--output", output)
    start_tensorflow()

    from tfdisent.evaluation.reporting import score_rows
    from tfdisent.studies.demo import run_demo

    report, models, notes = run_demo(output, options.quick, options.overwrite)
    print_table(*score_rows(models))
    print("\n".join([*constant_factors(models), *notes, f"The report is in {report}"]))
