"""The demonstration: a beta-VAE beside a plain autoencoder with the same networks, scored and shown."""

import logging
import math
from pathlib import Path

from tfdisent.evaluation import load_run
from tfdisent.evaluation.reporting import write_run_report
from tfdisent.studies.engine import carry_out_one
from tfdisent.studies.planned import PlannedRun
from tfdisent.training import RunDirectory

__all__ = ["run_demo", "what_was_measured"]

_LOG = logging.getLogger(__name__)
_MODELS = {
    "beta-VAE": ("beta_vae", ()),
    "autoencoder": ("autoencoder", ("training.train.model=@models.Autoencoder",)),
}
_SCORES = (
    "MIG and DS say how well each factor is alone in one latent (1 is best), DtO how far the decoder's local axes are "
    "from orthogonal (0 is best)."
)
_LITTLE = 0.05  # a difference of scores that another seed may turn round
_SEPARATED = 0.2  # a MIG or DS below which no factor has a latent of its own
_QUICK = ("training.train.steps=300", "data.DSpritesDrawn.num_positions=8", "training.train.log_every=100")


def run_demo(output="runs/demo", quick=False, overwrite=False):
    """Trains both models of `demo.gin`, scores them, and writes `report.html`; continues where it stopped.

    Args:
        output: folder of the two runs and the report.
        quick: a few steps on a small grid, only to see that all works.
        overwrite: delete runs of other settings that lie there.

    Returns:
        (path of the report, {name: TrainedModel}, list of sentences on what was measured).
    """
    output = Path(output)
    models = {}
    for name, (folder, bindings) in _MODELS.items():
        _LOG.info("Training the %s.", name)
        planned = PlannedRun(
            ("demo.gin",), bindings + (_QUICK if quick else ()), seed=None, scores=None, folder=folder
        )
        if overwrite:
            RunDirectory(output / folder).clear()
        carry_out_one(planned, output)
        models[name] = load_run(output / folder)
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
    notes = what_was_measured(models)
    report = write_run_report(
        output / "report.html", "A beta-VAE beside an autoencoder", models, facts, [_SCORES, *notes]
    )
    return report, models, notes


def what_was_measured(models):
    """Sentences on reconstruction and separation of the two models that follow from their numbers.

    Args:
        models: {"beta-VAE": TrainedModel, "autoencoder": TrainedModel}, scored.
    """
    vae, autoencoder = models["beta-VAE"], models["autoencoder"]
    notes = []
    costs = [trained.results["reconstruction"] for trained in (vae, autoencoder)]
    if costs[1] < costs[0]:
        notes.append(
            f"The autoencoder reconstructs better ({costs[1]:.1f} nats an image against {costs[0]:.1f}): nothing keeps "
            "it from using its code as it likes."
        )
    else:
        notes.append(
            f"The beta-VAE reconstructs no worse here ({costs[0]:.1f} nats an image against {costs[1]:.1f})."
        )
    active = vae.scores.get("active_units", {}).get("count")
    if active == 0:
        return [*notes, "The beta-VAE does not use its code yet (no latent is active): train it longer."]
    name, separations = _separations(vae, autoencoder)
    if name is None:
        return notes
    numbers = f"{name} {separations[0]:.2f} against {separations[1]:.2f}"
    better = separations[0] - separations[1]
    if max(separations) < _SEPARATED:
        notes.append(f"Neither has a latent for each factor ({numbers}): train longer, or another seed.")
    elif better > _LITTLE:
        notes.append(f"The beta-VAE's latents follow single factors more than the autoencoder's ({numbers}).")
    elif better < -_LITTLE:
        notes.append(f"The autoencoder's latents follow single factors more with this seed ({numbers}).")
    else:
        notes.append(f"Both separate the factors about as well ({numbers}).")
    return notes


def _separations(*models):
    """Name and values of the first of MIG and DS that is a number for all models."""
    for name, score, key in (
        ("MIG", "mig", "discrete_mig"),
        ("DS", "disentanglement_score", "disentanglement_score"),
    ):
        values = [trained.scores.get(score, {}).get(key, math.nan) for trained in models]
        if all(map(math.isfinite, values)):
            return name, values
    return None, []
