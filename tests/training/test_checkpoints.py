import functools
import logging

import numpy as np
import pytest

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import VAE
from tfdisent.training.checkpoints import restore_checkpoint, save_checkpoint

X = np.random.RandomState(0).rand(16, 4).astype(np.float32)


def make(hidden=3, seed=0):
    model = VAE(
        (4,),
        num_latents=2,
        encoder=functools.partial(networks.dense_encoder, hidden_units=(hidden,)),
        decoder=functools.partial(networks.dense_decoder, hidden_units=()),
        seed=seed,
    )
    model.compile("adam")
    return model


def state(model):
    return [variable.numpy().copy() for variable in [*model.weights, *model.optimizer.variables]]


@pytest.fixture
def saved(tmp_path):
    model = make()
    states = {}
    for step in (1, 2, 3):
        model.fit(X, verbose=0, shuffle=False)
        save_checkpoint(model, tmp_path, step)
        states[step] = state(model)
    return tmp_path, states


def test_restores_weights_and_moments_bitwise_and_keeps_the_newest_two(saved):
    folder, states = saved
    other = make(seed=9)
    assert restore_checkpoint(other, folder).step == 3
    for new, old in zip(state(other), states[3], strict=True):
        np.testing.assert_array_equal(new, old)
    assert sorted(path.name for path in folder.iterdir()) == ["step-0000000002.npz", "step-0000000003.npz"]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before_and_says_so(saved, damage, caplog):
    folder, states = saved
    path = folder / "step-0000000003.npz"
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[200] ^= 255  # inside the first array
    path.write_bytes(content[: {"cut": len(content) // 2, "flip": len(content), "empty": 0}[damage]])
    model = make(seed=9)
    with caplog.at_level(logging.WARNING, "tfdisent"):
        assert restore_checkpoint(model, folder).step == 2
    assert "cannot be read" in caplog.text and "step-0000000003" in caplog.text
    for new, old in zip(state(model), states[2], strict=True):
        np.testing.assert_array_equal(new, old)


def test_a_checkpoint_of_another_model_is_refused(saved):
    with pytest.raises(UserError, match="belongs to another model"):
        restore_checkpoint(make(hidden=4), saved[0])


def test_no_checkpoint_is_step_zero(tmp_path):
    assert restore_checkpoint(make(), tmp_path / "none").step == 0
