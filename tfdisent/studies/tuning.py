"""A beta for new data: raise it until the first latent is given up."""

import dataclasses
import inspect
import logging

import numpy as np

from tfdisent import config, metrics
from tfdisent.checks import number, shown, whole_number
from tfdisent.data import observations_and_factors
from tfdisent.errors import UserError
from tfdisent.files import write_json, write_whole
from tfdisent.modules import whole
from tfdisent.studies.engine import carry_out_one
from tfdisent.studies.output_folder import claim_output
from tfdisent.studies.planned import PlannedRun

__all__ = ["Tuning", "tune_beta"]

_LOG = logging.getLogger(__name__)
_COLLAPSED = 0.95  # "approximately 1"
_NUM_POINTS = 2_000


@dataclasses.dataclass(frozen=True)
class Tuning:
    """What a search found.

    Attributes:
        beta: the smallest beta tried at which a latent has collapsed; None where none was reached.
        rows: list of {"beta", "largest mean variance", "active", "reconstruction", "kl", "mean variances"}, by beta.
        paths: of the table and the page.
    """

    beta: float | None
    rows: list
    paths: list

    def table(self):
        """Headers and rows to print."""
        headers = ["beta", "largest mean variance", "active latents", "reconstruction", "kl"]
        keys = ["beta", "largest mean variance", "active", "reconstruction", "kl"]
        return headers, [[f"{row['beta']:g}", *(row[key] for key in keys[1:])] for row in self.rows]


def tune_beta(configs, output, bindings=(), factor=2.0, most=12, first=None, trust=()):
    """Raises beta step by step until the mean posterior variance of the first latent reaches 1.

    There the model enters the polarized regime, and the best beta is likely of that order. Where one has collapsed at
    the first beta already, beta is lowered instead until none has. Every beta is trained from its own start, as an
    ordinary run in `output/beta_<beta>`; runs that exist are reused, so the same command continues a search, also with
    more values than before. Another search is refused the folder.

    Args:
        configs: names or paths of gin files.
        output: folder of the runs and of the result: table.csv, tuning.json, tuning.png, report.html.
        bindings: gin bindings over them.
        factor: between two values of beta, above 1.
        most: largest number of values tried.
        first: beta to start with; the configuration's own unless given, or else the model's default.
        trust: modules, beside tfdisent and keras, that the configuration may use, by name or file.

    Returns:
        `Tuning`.

    Raises:
        UserError: for a model without beta or posterior, for numbers that make no search, and for a folder that holds
            something else.

    References: Zietlow 2022, Sec. 3.3.6.
    """
    factor, most = number("factor", factor, above=1), whole_number("most", most, 1)
    name, own = _beta_of(configs, bindings, trust)
    if first is None and own is None:
        raise UserError(f"{name} has no value to start with; give one with --from, or add -b {name}=1.0.")
    given = own if first is None else first
    beta = _rounded(number("The beta that a search starts at (--from)", given, above=0))
    if _rounded(beta * factor) == beta:
        raise UserError(f"factor must change the first six digits of beta. Received: {factor!r}.")
    output = claim_output(
        output, "search.json", "search", _asked(configs, bindings, trust, name, beta, factor)
    )
    rows = [_try(configs, bindings, trust, name, beta, output)]
    down = _collapsed(rows[0])
    while len(rows) < most:
        beta = _rounded(beta / factor if down else beta * factor)
        if not 0 < beta < float("inf"):
            break
        rows.append(_try(configs, bindings, trust, name, beta, output))
        if _collapsed(rows[-1]) != down:
            break
    rows.sort(key=lambda row: row["beta"])
    collapsed = [row["beta"] for row in rows if _collapsed(row)]
    found = min(collapsed) if collapsed and not _collapsed(rows[0]) else None
    return Tuning(found, rows, _write(output, configs, rows, found))


def _rounded(beta):
    """The beta as it stands in the name of its run's folder."""
    return float(f"{beta:.6g}")


def _beta_of(configs, bindings, trust):
    """(name of the binding, value) of the beta of the model that is configured; None where nothing gives a value."""
    config.parse(configs, bindings, trust)
    name = config.configured_name("training.train.model")
    model = config.configured_value("training.train.model")
    default = _default_beta(model) if hasattr(model, "marginals") else None
    if default is None:
        with_beta = "BetaTCVAE, FullCovarianceVAE, TCWAEGAN, TCWAEMWS or VAE"
        raise UserError(f"Only a model with a posterior and a beta can be searched, such as {with_beta}. "
                        f"Received: {model.__name__}.")  # fmt: skip
    if isinstance(seed := _value_or("training.train.seed", 0), (tuple, list)):
        raise UserError(f"A search trains one seed; add -b training.train.seed=0. Received: {shown(seed)}.")
    own = None if default is inspect.Parameter.empty else default
    return f"{name}.beta", _value_or(f"{name}.beta", _value_or(f"{name.rpartition('/')[2]}.beta", own))


def _value_or(name, default):
    try:
        return config.configured_value(name)
    except UserError:
        return default


def _default_beta(model):
    """The default of `beta` in the constructor that takes it; empty where there is none, None without a beta."""
    for each in model.__mro__:
        if "__init__" in vars(each) and "beta" in (taken := inspect.signature(each.__init__).parameters):
            return taken["beta"].default
    return None


def _asked(configs, bindings, trust, name, beta, factor):
    """What tells two searches apart: all bindings but that of beta, the first beta and the factor."""
    config.parse(configs, bindings, trust, changes=[f"{name}={beta}"])
    return {**config.json_config(config.parsed_config()), "first beta": beta, "factor": factor}


def _try(configs, bindings, trust, name, beta, output):
    """Trains with this beta, where that has not happened yet, and measures the posterior on held-out observations."""
    _LOG.info("beta %g", beta)
    planned = PlannedRun(
        tuple(configs),
        (*bindings, f"{name}={beta}"),
        seed=None,
        measures=(posterior_variances,),
        trust=whole(trust),
        folder=f"beta_{beta:g}",
    )
    results = carry_out_one(planned, output)
    measured = results["measures"]
    return {
        "beta": beta,
        "largest mean variance": max(measured["mean variances"]),
        "active": measured["active"],
        **{term: results["terms"].get(term) for term in ("reconstruction", "kl")},
        "source": results["source"],
        "steps": results["terms"]["global_step"],
        "mean variances": measured["mean variances"],
    }


def posterior_variances(trained):
    """{"mean variances": of each latent, sorted, "active": number} of the posterior of held-out observations."""
    observations, _ = observations_and_factors(trained.held_out, _NUM_POINTS, np.random.RandomState(0))
    means, log_vars = trained.model.posterior(observations)
    variances = np.exp(log_vars).mean(axis=0)
    active = int(metrics.active_units(means, log_vars)["count"])
    return {"mean variances": sorted(variances.tolist()), "active": active}


def _collapsed(row):
    return row["largest mean variance"] >= _COLLAPSED


def _write(output, configs, rows, found):
    from tfdisent import plots

    x = [row["beta"] for row in rows]
    title = "mean posterior variance of each latent"
    curves = {
        f"latent {place + 1}": plots.Curve(x, [row["mean variances"][place] for row in rows])
        for place in range(len(rows[0]["mean variances"]))
    }
    cost = {"model": plots.Curve(x, [row["reconstruction"] for row in rows])}
    figure = plots.comparison_curves(
        {title: curves, "reconstruction": cost},
        dict.fromkeys((title, "reconstruction"), "beta"),
        {title: "E[sigma^2], sorted", "reconstruction": "cost"},
        log_x=(title, "reconstruction"),
    )
    for panel in figure.axes if found else ():
        panel.axvline(found, color="#656d76", linewidth=1, linestyle="--")
    facts = {
        "configuration": ", ".join(map(str, configs)),
        "data": rows[0]["source"],
        "steps": f"{rows[0]['steps']:,} for each beta, one seed",
        "result": f"the first latent collapses at beta {found:g}"
        if found
        else "no beta tried lies at the edge",
    }
    headers = [key for key in rows[0] if key != "mean variances"]
    lines = [",".join(headers), *(",".join(_cell(row[key]) for key in headers) for row in rows)]
    table = headers, [[row[key] for key in headers] for row in rows]
    picture = plots.save_figure(figure, output / "tuning.png")
    return [
        write_whole(output / "table.csv", "\n".join(lines) + "\n"),
        write_json(output / "tuning.json", {"beta": found, "facts": facts, "rows": rows}),
        picture,
        plots.write_report(
            output / "report.html", "Beta at which the first latent collapses",
            [plots.Facts(facts), plots.Table(*table), plots.Picture(picture, "Over beta.")],
        ),
    ]  # fmt: skip


def _cell(value):
    return f'"{value}"' if isinstance(value, str) else "" if value is None else f"{value:.6g}"
