"""`tfdisent reproduce`: makes a table or figure of one of the papers."""

from tfdisent.cli.arguments import (
    a_text,
    a_whole_number,
    add_command,
    add_ray,
    folder_to_write,
    start_tensorflow,
)


def add(commands):
    command = add_command(commands, "reproduce", run, "make a table or figure of one of the papers")
    command.add_argument(
        "item", nargs="?", type=a_text("item"), help="such as pca_directions/table_3_3_synth_linear"
    )
    command.add_argument("--list", action="store_true", help="show what can be made")
    command.add_argument(
        "--output", type=a_text("--output"),
        help="folder of the results (default: runs/ITEM, or runs/ITEM_reduced, runs/ITEM_quick)",
    )  # fmt: skip
    command.add_argument(
        "--seeds", type=a_whole_number("--seeds", 1),
        help="number of restarts (default: the paper's; 1 at smaller scales)",
    )  # fmt: skip
    command.add_argument(
        "--scale", choices=("quick", "tiny", "reduced", "long", "paper"), default="paper",
        help="paper: its settings; long: more steps; reduced: hours on a laptop; tiny: an hour; quick: only to see "
        "that it works (default: %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--workers", type=a_whole_number("--workers", 1),
        help="how many runs are made at a time, each in a process of its own (default: one for each GPU or core)",
    )  # fmt: skip
    add_ray(command)


def run(options):
    from tfdisent import papers

    if options.list or options.item is None:
        for item, text in papers.list_items().items():
            print(f"{item:45} {text}")
        return
    papers.check_request(options.item, options.seeds, options.scale)
    folder = f"runs/{options.item}" + (f"_{options.scale}" if options.scale != "paper" else "")
    folder_to_write("--output", options.output or folder)
    start_tensorflow()
    from tfdisent.studies.executors import LocalProcesses

    executor = None
    if options.ray is not None:
        from tfdisent.studies.ray_tasks import RayTasks

        executor = RayTasks(options.ray, workers=options.workers)
    elif options.workers:
        executor = LocalProcesses(options.workers)
    written = papers.reproduce(options.item, options.output or folder, options.seeds, options.scale, executor)
    print(f"Written: {', '.join(map(str, written))}")
