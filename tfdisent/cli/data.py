"""`tfdisent data`: lists the data sets, gets one, or looks at one."""

from pathlib import Path

from tfdisent.cli.arguments import a_text, add_command, folder_to_write
from tfdisent.errors import UserError


def add(commands):
    data = commands.add_parser("data", help="list the data sets, get one, or look at one").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add_command(data, "list", list_data, "names of all data sets")
    get = add_command(
        data, "get", get_data, "download a data set through TensorFlow Datasets, where that has it"
    )
    get.add_argument("name", help="such as mnist")
    show = add_command(data, "show", show_data, "what a data set holds and where it was found")
    show.add_argument("name", help="such as dsprites_drawn")
    show.add_argument(
        "--picture",
        type=a_text("--picture"),
        metavar="FILE",
        help="also write a PNG that shows each factor, or random images",
    )


def list_data(options):
    from tfdisent.data import named_data

    for name, text in named_data().items():
        print(f"{name:21} {text}")


def get_data(options):
    from tfdisent.data.download import download_named_data

    print(download_named_data(options.name))


def show_data(options):
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
