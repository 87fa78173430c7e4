"""Zietlow's thesis, chapter 3: variational autoencoders pursue the principal directions.

References: Zietlow 2022, chapter 3; Rolinek, Zietlow & Martius 2019, "Variational Autoencoders Pursue PCA
Directions (by Accident)".
"""

import csv
import io
from pathlib import Path

import numpy as np

__all__ = ["ITEMS", "table_3_3_synth_linear"]

_CONFIG = "pca_directions/synth_linear.gin"
_MODELS = {"beta-VAE": "VAE", "autoencoder": "Autoencoder", "full-covariance beta-VAE": "FullCovarianceVAE"}
_QUICK = ("training.train.epochs=2", "training.train.log_every=625")
# Table 3.3, row "Synth. Lin.": (mean, standard deviation) as printed.
_PRINTED = {
    "beta-VAE": {"DS": (0.99, 0.01), "DtO": (0.00, 0.00)},
    "autoencoder": {"DS": (0.71, 0.19), "DtO": (0.33, 0.18)},
    "full-covariance beta-VAE": {"DS": (0.71, 0.31), "DtO": (0.34, 0.35)},
    "random decoder": {"DtO": (0.79, 0.21)},
}


def table_3_3_synth_linear(output, seeds=10, scale="paper"):
    """Table 3.3, row "Synth. Lin.": DS and DtO of three models over restarts, beside the printed numbers.

    The printed DS formula of a perfect representation exceeds 1 a little, because the nearest neighbours in a latent
    that knows nothing of a factor predict it worse than its mean does; the bounded variant, clipped at the constant
    predictor, is given beside it.

    Returns:
        Paths of table.csv, table.json and report.html.
    """
    from tfdisent.studies.many import Job, run_many

    output = Path(output)
    bindings = _QUICK if scale == "quick" else ()
    jobs = {
        name: Job(
            name,
            (_CONFIG,),
            (*bindings, f"training.train.model=@models.{cls}"),
            str(output / cls),
            tuple(range(seeds)),
        )
        for name, cls in _MODELS.items()
    }
    scores = run_many(list(jobs.values()))
    measured = {name: [] for name in (*_MODELS, "random decoder")}
    for name, job in jobs.items():
        for seed, found in zip(job.seeds, scores.get(job, ()), strict=False):
            angle = _angle(f"{job.output}/seed_{seed}")
            measured[name].append({**_scores(found), "PCA angle": angle})
    measured["random decoder"] = [{"DtO": _random_decoder_dto(seed)} for seed in range(seeds)]
    return _write(output, measured, seeds, scale)


def _scores(scores):
    return {
        "DS": scores["disentanglement_score"]["disentanglement_score_paper"],
        "DS bounded": scores["disentanglement_score"]["disentanglement_score_bounded"],
        "DtO": scores["distance_to_orthogonality"]["dto"],
    }


def _angle(output):
    """Largest angle between a column of the linear decoder and its principal direction, degrees (Theorem 2)."""
    from tfdisent.analysis import linear_decoder_matrix, pca_alignment
    from tfdisent.studies.evaluation import load_run

    trained = load_run(output)
    matrix = linear_decoder_matrix(trained.model.decode, trained.model.num_latents)
    return float(np.max(pca_alignment(matrix, trained.data.to_memory())["angles"]))


def _random_decoder_dto(seed):
    from tfdisent import metrics
    from tfdisent.networks import dense_decoder

    decoder = dense_decoder(2, (3,), hidden_units=(), seed=1000 + seed)
    return metrics.compute_dto(np.asarray(decoder.trainable_variables[0]).T[None])["dto"]


def _write(output, measured, seeds, scale):
    from tfdisent import plots
    from tfdisent.files import write_json, write_whole

    rows, table = [], []
    for name, values in measured.items():
        for key in ("DS", "DS bounded", "DtO", "PCA angle"):
            found = np.array([value[key] for value in values if key in value])
            printed = _PRINTED[name].get(key)
            if not len(found):
                continue
            rows.append(
                {
                    "model": name,
                    "score": key,
                    "ours mean": found.mean(),
                    "ours std": found.std(),
                    "printed mean": printed[0] if printed else None,
                    "printed std": printed[1] if printed else None,
                    "ours": found.tolist(),
                }
            )
        cells = {
            row["score"]: f"{row['ours mean']:.3f} \u00b1 {row['ours std']:.3f}"
            for row in rows
            if row["model"] == name
        }
        paper = {key: f"{mean:.2f} \u00b1 {std:.2f}" for key, (mean, std) in _PRINTED[name].items()}
        table.append(
            [
                name,
                cells.get("DS"),
                cells.get("DS bounded"),
                paper.get("DS"),
                cells.get("DtO"),
                paper.get("DtO"),
            ]
            + [cells.get("PCA angle")]
        )
    facts = {
        "data": "50,000 points computed by tfdisent (thesis Sec. 3.3.1), split 80/10/10; scores on the test part",
        "seeds": seeds,
        "scale": "the thesis' 600 epochs, batch 16"
        if scale == "paper"
        else "QUICK: 2 epochs, only to see that it works",
    }
    headers = [
        "model",
        "DS, ours",
        "DS bounded, ours",
        "DS, printed",
        "DtO, ours",
        "DtO, printed",
        "PCA angle, degrees",
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=[key for key in rows[0] if key != "ours"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    paths = [
        write_whole(output / "table.csv", text.getvalue()),
        write_json(output / "table.json", {"facts": facts, "rows": rows}),
    ]
    title = "Table 3.3, Synth. Lin."
    blocks = [
        plots.Facts(facts),
        plots.Table(headers, table, caption="Mean and standard deviation over the seeds."),
    ]
    return [*paths, plots.write_report(output / "report.html", title, blocks)]


ITEMS = {
    "table_3_3_synth_linear": (
        "DS and DtO on the linear synthetic set, printed and ours (about 30 minutes on 2 cores for 10 seeds)",
        table_3_3_synth_linear,
    ),
}
