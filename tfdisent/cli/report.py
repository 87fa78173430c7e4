"""`tfdisent report`: a page of a trained run."""

from tfdisent.cli.arguments import a_text, add_command, add_trust, check_run, start_tensorflow


def add(commands):
    command = add_command(
        commands, "report", run, "write RUN/report.html with scores, pictures and loss curves"
    )
    command.add_argument("run_directory", type=a_text("RUN"), metavar="RUN", help="folder that `train` wrote")
    add_trust(command)


def run(options):
    check_run(options.run_directory)
    start_tensorflow()

    from tfdisent.evaluation.reporting import report_run
    from tfdisent.evaluation.scoring import load_run

    trained = load_run(options.run_directory, trust=options.trust)
    print(f"The report is in {report_run(trained)}")
