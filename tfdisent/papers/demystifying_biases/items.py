"""What can be made of chapter 4."""

from tfdisent.papers.demystifying_biases import printed
from tfdisent.papers.item import item
from tfdisent.papers.tables import write_item


@item("table_4_1", "settings of the models, printed and as built")
def table_4_1(request):
    """The primary hyperparameter of each model, printed and as the shipped configurations have it."""
    rows = [
        {
            "model": method,
            "parameter": binding.rpartition(".")[2],
            "data": title,
            "printed": theirs,
            "ours": _configured(data, method, binding),
        }
        for method, (binding, *values) in printed.HYPERPARAMETERS.items()
        for (data, title), theirs in zip(printed.DATA.items(), values, strict=True)
    ]
    table = (
        list(rows[0]),
        [[f"{cell:g}" if isinstance(cell, float) else cell for cell in row.values()] for row in rows],
    )
    told = {"scale": "settings only: read from the shipped configurations; nothing was trained"}
    return write_item(request.output, "Table 4.1: primary hyperparameters", told, rows, table=table)


def _configured(data, method, binding):
    from tfdisent import config

    config.parse([f"demystifying_biases/{data}_{printed.METHODS[method]}.gin"])
    return config.configured_value(binding)
