"""What a step of each method costs, as a multiple of the plain VAE's step.

64 x 64 sprites, the networks of TCWAE's Table 3. The methods take turns, a few steps each, so that what else the
machine does meets all of them alike, and the fastest turns are compared.

    python benchmarks/step_cost.py [--batch-sizes 64 256] [--turns 15] [--steps 3] [--dtype mixed_bfloat16]

Ends with 1 if a step of TCWAE-MWS costs more than 1.15 of the VAE's.
"""

import argparse
import functools
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from tfdisent import data, models, networks

LIMIT = 1.15
METHODS = {
    "VAE": models.VAE,
    "TCWAE-MWS": functools.partial(models.TCWAEMWS, beta=50.0, gamma=100.0, dataset_size=737_280),
    "beta-TCVAE": functools.partial(models.BetaTCVAE, beta=8.0),
    "WAE-MMD": functools.partial(models.WAEMMD, weight=200.0),
    "FactorVAE": functools.partial(models.FactorVAE, gamma=100.0),
    "TCWAE-GAN": functools.partial(models.TCWAEGAN, beta=100.0, gamma=5.0),
}


def compiled_step(make, images, dtype):
    """A function that takes one step on images [B, H, W, C]."""
    encoder, decoder = networks.tcwae_table_3()
    model = make(images.shape[1:], encoder=encoder, decoder=decoder, dtype=dtype)
    model.compile("adam")
    batch = tf.constant(images)
    return tf.function(lambda: model.train_step(batch)["loss"], autograph=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--steps", type=int, default=3, help="of a turn")
    parser.add_argument("--dtype", default="float32")
    options = parser.parse_args()
    too_slow = False
    for batch_size in options.batch_sizes:
        images = data.DSpritesDrawn().sample_observations(batch_size, np.random.RandomState(0))
        names = dict.fromkeys(["VAE", *options.methods])
        steps = {name: compiled_step(METHODS[name], images, options.dtype) for name in names}
        seconds = {name: [] for name in steps}
        for step in steps.values():
            step().numpy()
        for _ in range(options.turns):
            for name, step in steps.items():
                started = time.perf_counter()
                for _ in range(options.steps):
                    loss = step()
                loss.numpy()
                seconds[name].append((time.perf_counter() - started) / options.steps)
        print(f"batch {batch_size}, {options.dtype}")
        for name, found in seconds.items():
            ratio = min(found) / min(seconds["VAE"])
            print(f"  {name:10} {1000 * min(found):8.1f} ms a step {ratio:8.3f} of the VAE's")
            too_slow |= name == "TCWAE-MWS" and ratio > LIMIT
    return int(too_slow)


if __name__ == "__main__":
    sys.exit(main())
