"""Zietlow's thesis, chapter 3: variational autoencoders pursue the principal directions.

References: Zietlow 2022, chapter 3; Rolinek, Zietlow & Martius 2019, "Variational Autoencoders Pursue PCA
Directions (by Accident)".
"""

import csv
import dataclasses
import functools
import io
from pathlib import Path

import numpy as np

__all__ = ["ITEMS"]

_SEEDS = 10  # the thesis does not say
_QUICK = ("training.train.epochs=2", "training.train.log_every=2500")


@dataclasses.dataclass(frozen=True)
class _Table:
    """Scores of several trainings of one configuration over restarts.

    Attributes:
        title: as in the thesis.
        config: shipped configuration.
        columns: {name: (folder, bindings, {score: (mean, standard deviation) as printed})}.
        random_decoders: {score: (mean, standard deviation)} as printed for decoders that are not trained; None where
            the table has none.
        is_linear: whether decoders are compared with the principal directions.
    """

    title: str
    config: str
    columns: dict
    random_decoders: dict | None = None
    is_linear: bool = False

    @property
    def printed(self):
        """{name: {score: (mean, standard deviation)}}."""
        columns = {name: printed for name, (_, _, printed) in self.columns.items()}
        return columns | ({"random decoder": self.random_decoders} if self.random_decoders else {})


def _models(**printed):
    """The three columns of Table 3.3 for a synthetic set."""
    names = {"VAE": "beta-VAE", "Autoencoder": "autoencoder", "FullCovarianceVAE": "full-covariance beta-VAE"}
    return {
        name: (cls, (f"training.train.model=@models.{cls}",), printed[cls]) for cls, name in names.items()
    }


def _ratio(ratio, **printed):
    name = f"ratio_{ratio:.1f}"
    return f"ratio {ratio:.1f}", (name, (f"data.SyntheticLinear.stretch={ratio}",), printed)


_LINEAR = _Table(
    "Table 3.3, Synth. Lin.",
    "pca_directions/synth_linear.gin",
    _models(
        VAE={"DS": (0.99, 0.01), "DtO": (0.00, 0.00)},
        Autoencoder={"DS": (0.71, 0.19), "DtO": (0.33, 0.18)},
        FullCovarianceVAE={"DS": (0.71, 0.31), "DtO": (0.34, 0.35)},
    ),
    {"DtO": (0.79, 0.21)},
    is_linear=True,
)
_NONLINEAR = _Table(
    "Table 3.3, Synth. Non-Lin.",
    "pca_directions/synth_nonlinear.gin",
    _models(
        VAE={"DS": (0.73, 0.16), "DtO": (0.18, 0.02)},
        Autoencoder={"DS": (0.59, 0.30), "DtO": (0.54, 0.13)},
        FullCovarianceVAE={"DS": (0.42, 0.24), "DtO": (0.55, 0.02)},
    ),
    {"DtO": (0.89, 0.16)},
)
_DEGENERATE = _Table(
    "Table 3.4, degenerate singular values",
    "pca_directions/synth_linear.gin",
    dict(
        [
            _ratio(1.0, DS=(0.51, 0.28), DtO=(0.49, 0.32)),
            _ratio(1.2, DS=(0.76, 0.25), DtO=(0.20, 0.24)),
            _ratio(1.5, DS=(0.98, 0.06), DtO=(0.01, 0.06)),
        ]
    ),
    is_linear=True,
)


def _make_table(table, output, seeds=_SEEDS, scale="paper"):
    """DS and DtO over restarts beside the printed numbers.

    The printed DS formula of a perfect representation exceeds 1 a little, because the nearest neighbours in a latent
    that knows nothing of a factor predict it worse than its mean does; the bounded variant, clipped at the constant
    predictor, is given beside it.

    Returns:
        Paths of table.csv, table.json and report.html.
    """
    from tfdisent.studies.many import Job, run_many

    output = Path(output)
    quick = _QUICK if scale == "quick" else ()
    jobs = {
        name: Job(name, (table.config,), (*quick, *bindings), str(output / folder), tuple(range(seeds)))
        for name, (folder, bindings, _) in table.columns.items()
    }
    scores = run_many(list(jobs.values()))
    measured, datum = {}, None
    for name, job in jobs.items():
        found = [_scores(each) for each in scores.get(job, ())]
        for seed, row in zip(job.seeds, found, strict=False):
            angle, datum = _angle_and_data(f"{job.output}/seed_{seed}", table.is_linear)
            row.update(angle)
        measured[name] = found
    if table.random_decoders:
        shape = datum.observation_shape if datum else (3,)
        decoders = [_random_decoder_dto(table.config, shape, seed) for seed in range(seeds)]
        measured["random decoder"] = [{"DtO": dto} for dto in decoders]
    return _write(output, table, measured, seeds, scale)


def _scores(scores):
    return {
        "DS": scores["disentanglement_score"]["disentanglement_score_paper"],
        "DS bounded": scores["disentanglement_score"]["disentanglement_score_bounded"],
        "DtO": scores["distance_to_orthogonality"]["dto"],
    }


def _angle_and_data(output, is_linear):
    """({"PCA angle": degrees}, data): the largest angle between a column of a linear decoder and its direction.

    References: Zietlow 2022, Theorem 2.
    """
    from tfdisent.analysis import linear_decoder_matrix, pca_alignment
    from tfdisent.studies.evaluation import load_run

    trained = load_run(output)
    if not is_linear:
        return {}, trained.data
    matrix = linear_decoder_matrix(trained.model.decode, trained.model.num_latents)
    angles = pca_alignment(matrix, trained.data.to_memory())["angles"]
    return {"PCA angle": float(np.max(angles))}, trained.data


def _random_decoder_dto(config, shape, seed):
    """DtO of a decoder of the table's architecture that is not trained, at codes drawn from the prior."""
    from tfdisent import metrics
    from tfdisent.analysis import decoder_jacobians
    from tfdisent.networks import table_3_1

    row = Path(config).stem
    decoder = table_3_1(row)[1](2, tuple(shape), seed=1000 + seed)
    codes = np.random.RandomState(seed).standard_normal((1_000, 2)).astype(np.float32)
    return metrics.compute_dto(decoder_jacobians(decoder, codes))["dto"]


def _write(output, table, measured, seeds, scale):
    from tfdisent import plots
    from tfdisent.files import write_json, write_whole

    rows = [
        _row(
            name, score, [value[score] for value in values if score in value], table.printed[name].get(score)
        )
        for name, values in measured.items()
        for score in ("DS", "DS bounded", "DtO", "PCA angle")
        if any(score in value for value in values)
    ]
    facts = {
        "data": "50,000 points computed by tfdisent (thesis Sec. 3.3.1), split 80/10/10; scores on the test part",
        "seeds": seeds,
        "scale": "the thesis' 600 epochs, batch 16"
        if scale == "paper"
        else "QUICK: 2 epochs, only to see that it works",
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, [key for key in rows[0] if key != "ours"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    blocks = [
        plots.Facts(facts),
        plots.Table(
            *_cells(rows), caption="Mean and standard deviation over the seeds, and the worst of them."
        ),
    ]
    return [
        write_whole(output / "table.csv", text.getvalue()),
        write_json(output / "table.json", {"facts": facts, "rows": rows}),
        plots.write_report(output / "report.html", table.title, blocks),
    ]


def _row(model, score, ours, printed):
    return {
        "model": model,
        "score": score,
        "ours mean": float(np.mean(ours)),
        "ours std": float(np.std(ours)),
        "ours worst": min(ours) if score.startswith("DS") else max(ours),
        "printed mean": printed[0] if printed else None,
        "printed std": printed[1] if printed else None,
        "ours": list(ours),
    }


def _cells(rows):
    """Headers and rows of a table with one row a model and score."""
    headers = ["model", "score", "ours", "worst seed", "printed"]
    table = []
    for row in rows:
        ours = f"{row['ours mean']:.3f}\u00a0±\u00a0{row['ours std']:.3f}"
        printed = row["printed mean"] is not None
        told = f"{row['printed mean']:.2f}\u00a0±\u00a0{row['printed std']:.2f}" if printed else None
        unit = " (degrees)" if row["score"] == "PCA angle" else ""
        table.append([row["model"], row["score"] + unit, ours, row["ours worst"], told])
    return headers, table


def _item(text, table):
    return text, functools.partial(_make_table, table)


ITEMS = {
    "table_3_3_synth_linear": _item(
        "DS and DtO on the linear synthetic set (about 5 minutes on 2 cores for 10 seeds)", _LINEAR
    ),
    "table_3_3_synth_nonlinear": _item("DS and DtO on the nonlinear synthetic set", _NONLINEAR),
    "table_3_4": _item("DS and DtO where principal directions are nearly degenerate", _DEGENERATE),
}
