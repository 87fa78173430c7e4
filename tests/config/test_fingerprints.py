"""Two configurations have one fingerprint when, and only when, they train the same."""

from tfdisent import config

TEXT = """from __gin__ import dynamic_registration
import keras
from tfdisent import models
from tfdisent import training

# Macros:
size = 6
models.VAE.num_latents = %size
models.VAE.beta = 4.0
training.train.seed = 3
training.train.model = @models.VAE
training.train.optimizer = @keras.optimizers.Adam
training.train.split = (0.8, 0.1, 0.1)
keras.optimizers.Adam.learning_rate = 0.001
"""


def test_macros_comments_order_seed_and_display_make_no_difference():
    first = config.fingerprint(TEXT)
    assert len(first) == 12 and set(first) <= set("0123456789abcdef")
    head, body = TEXT.split("# Macros:\n")
    same = [
        TEXT.replace("%size", "6"),
        TEXT.replace("size", "dim"),
        TEXT.replace("seed = 3", "seed = 7"),
        TEXT.replace("4.0", "4"),
        TEXT.replace("(0.8, 0.1, 0.1)", "[0.8, 0.1, 0.1]"),
        TEXT.replace("learning_rate = 0.001", "learning_rate = \\\n    1e-3"),
        TEXT + "training.train.progress = False\ntraining.train.log_every = 7\n",
        head + "\n".join(reversed(body.splitlines())) + "\n",
        TEXT.replace("from tfdisent import models\n", "import tfdisent\n").replace(
            "models.", "tfdisent.models."
        ),
        "\ufeff" + TEXT.replace("\n", "\r\n"),
    ]
    assert [config.fingerprint(text) for text in same] == [first] * len(same)


def test_every_setting_makes_a_difference():
    changes = [
        ("size = 6", "size = 7"),
        ("4.0", "4.5"),
        ("@models.VAE", "@models.BetaTCVAE"),
        ("Adam", "SGD"),
    ]
    texts = [TEXT, *(TEXT.replace(*change) for change in changes), TEXT + "models.VAE.output = 'linear'\n"]
    texts += [
        TEXT.replace("@models.VAE", "@models.VAE()"),
        TEXT.replace("4.0", "True"),
        TEXT.replace("4.0", "'4'"),
    ]
    assert len({config.fingerprint(text) for text in texts}) == len(texts)
    assert config.fingerprint(TEXT, ()) != config.fingerprint(TEXT.replace("seed = 3", "seed = 7"), ())


def test_columns_of_results_are_resolved_alike():
    columns = config.json_config(TEXT)
    found = config.resolved(columns)
    assert found["models.VAE.num_latents"] == "6" and "size" not in found
    assert found["training.train.model"] == "@models.VAE"
    assert found == config.resolved({**config.json_config(TEXT.replace("%size", "6")), "other": "1"})
    assert config.resolved({"a.b": "<object>", "a.c": "%nowhere"}) == {"a.b": "<object>", "a.c": "%nowhere"}
    assert config.fingerprint_of(columns) == config.fingerprint(TEXT)
