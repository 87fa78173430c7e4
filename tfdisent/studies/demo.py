"""The demonstration: a beta-VAE beside a plain autoencoder with the same networks, scored and shown."""

import logging
from pathlib import Path

from tfdisent import config
from tfdisent.studies.evaluation import evaluate, load_run
from tfdisent.studies.reporting import write_run_report

__all__ = ["run_demo"]

_LOG = logging.getLogger(__name__)
_MODELS = {
    "beta-VAE": ("beta_vae", []),
    "autoencoder": ("autoencoder", ["training.train.model=@models.Autoencoder"]),
}
_QUICK = ["training.train.steps=300", "data.DSpritesDrawn.num_positions=8", "training.train.log_every=100"]


def run_demo(output="runs/demo", quick=False, overwrite=False):
    """Trains both models of `demo.gin`, scores them, and writes `report.html`; continues where it stopped.

    Args:
        output: folder of the two runs and the report.
        quick: a few steps on a small grid, only to see that all works.
        overwrite: delete runs of other settings that lie there.

    Returns:
        (path of the report, {name: TrainedModel}).
    """
    output = Path(output)
    models = {}
    for name, (folder, bindings) in _MODELS.items():
        _LOG.info("Training the %s.", name)
        config.parse(["demo.gin"], bindings + (_QUICK if quick else []))
        config.train_configured(output / folder, overwrite)
        models[name] = load_run(output / folder)
        evaluate(models[name])
    steps = models["beta-VAE"].run.asked()["steps"]
    data = models["beta-VAE"].data
    facts = {
        "data": data.source,
        "factors": ", ".join(
            f"{n} {size}"
            for n, size in zip(data.factor_names, data.factors_num_values, strict=True)
            if size > 1
        ),
        "steps": f"{steps:,} of 64 images each, one seed",
        "scale": "a demonstration, not a result of a paper"
        + ("; --quick, too short to disentangle" if quick else ""),
    }
    notes = [
        "MIG and DS say how well each factor is alone in one latent (1 is best), DtO how far the decoder's local axes "
        "are from orthogonal (0 is best). The autoencoder reconstructs better, because nothing keeps it from using "
        "its code as it likes; the beta-VAE pays some of that for a code whose latents each move one thing."
    ]
    report = write_run_report(
        output / "report.html", "A beta-VAE beside an autoencoder", models, facts, notes
    )
    return report, models
