"""Does training cost more than its steps, or on pairs? Images a second of `train()` over those of a bare compiled step.

The bare step is a `tf.function` with a gradient tape and the optimizer on one batch that never changes; `train()` draws
every batch anew, logs, checkpoints and shows its progress; of pairs it trains a SlowVAE with the same networks on as
many images. All take turns, and the medians of intervals of equal
length are compared, without the first interval of each turn, which compiles.

    python benchmarks/throughput.py [--batch-size 64] [--turns 3] [--steps 50] [--dtype mixed_bfloat16]
"""

import argparse
import functools
import os
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from tfdisent import data, models, training

INTERVALS = 5


class Clock(keras.callbacks.Callback):
    """Notes when each interval ended."""

    def __init__(self):
        super().__init__()
        self.times = []

    def on_epoch_end(self, epoch, logs=None):
        self.times.append(time.perf_counter())


def bare(make, images, steps):
    model = make(images.shape[1:])
    model.compile("adam")
    batch = tf.constant(images)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = model.losses(batch, training=True)["loss"]
        variables = model.trainable_variables
        model.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    times = []
    for _ in range(INTERVALS + 1):
        for _ in range(steps):
            loss = step()
        loss.numpy()
        times.append(time.perf_counter())
    return np.diff(times)


def trained(make, sprites, batch_size, steps, dtype, pairs=None):
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        training.train(
            make,
            sprites,
            folder,
            steps=steps * (INTERVALS + 1),
            batch_size=batch_size,
            log_every=steps,
            sampling="replacement",
            dtype=dtype,
            callbacks=[clock],
            pairs=pairs,
        )
    return np.diff(clock.times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--steps", type=int, default=50, help="of an interval")
    parser.add_argument("--dtype", default="float32")
    options = parser.parse_args()
    sprites = data.DSpritesDrawn()
    make = functools.partial(models.VAE, beta=4.0)
    images = sprites.sample_observations(options.batch_size, np.random.RandomState(0))
    slow, law = functools.partial(models.SlowVAE, gamma=10.0), data.LaplaceTransitions()
    seconds = {"bare step": [], "train()": [], "pairs": []}
    for _ in range(options.turns):
        bare_model = functools.partial(make, dtype=options.dtype)
        seconds["bare step"] += list(bare(bare_model, images, options.steps))
        settings = options.steps, options.dtype
        seconds["train()"] += list(trained(make, sprites, options.batch_size, *settings))
        seconds["pairs"] += list(trained(slow, sprites, options.batch_size // 2, *settings, law))
    rates = {name: options.steps * options.batch_size / statistics.median(s) for name, s in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:10} {rate:10,.0f} images a second")
    print(f"train() over bare step {rates['train()'] / rates['bare step']:.3f}")
    print(f"pairs over train()     {rates['pairs'] / rates['train()']:.3f}")


if __name__ == "__main__":
    main()
