import math
import types

import pytest

from tfdisent.studies.demo import what_was_measured


def model(reconstruction, mig, active, ds=0.5):
    scores = {
        "mig": {"discrete_mig": mig},
        "disentanglement_score": {"disentanglement_score": ds},
        "active_units": {"count": active},
    }
    return types.SimpleNamespace(results={"reconstruction": reconstruction}, scores=scores)


@pytest.mark.parametrize(
    ("vae", "autoencoder", "said", "unsaid"),
    [
        (
            model(25, 0.7, 4),
            model(10, 0.05, 6),
            "The beta-VAE's latents follow single factors more",
            "train it",
        ),
        (model(119, 0.07, 0), model(30, 0.06, 6), "no latent is active", "follow single factors"),
        (
            model(119, 0.07, 2),
            model(30, 0.06, 6),
            "Neither has a latent for each factor",
            "follow single factors",
        ),
        (
            model(25, 0.3, 4),
            model(10, 0.5, 6),
            "The autoencoder's latents follow single factors more",
            "Neither",
        ),
        (model(9, 0.5, 4), model(10, 0.52, 6), "reconstructs no worse", "reconstructs better"),
        (model(25, math.nan, 4, 0.8), model(10, 0.4, 6, 0.3), "(DS 0.80 against 0.30)", "MIG"),
    ],
)
def test_the_notes_say_what_the_numbers_say(vae, autoencoder, said, unsaid):
    notes = " ".join(what_was_measured({"beta-VAE": vae, "autoencoder": autoencoder}))
    assert said in notes and unsaid not in notes
