"""Memory and time of a training step of the atomic autoencoder as the number of blocks k grows.

128 x 128 images, the networks of Table I, d0 = 6. Each k is measured in a process of its own: resident memory before
the first step of this size and at the highest point. "summed" is the model as it is, which draws more than 512 atoms
in parts, and again for the gradient; "kept" holds all atoms of the batch.

    python benchmarks/atoms.py [--blocks 4 8 16 32 64] [--batch-size 32] [--dtype float32]
"""

import argparse
import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def measure(way, num_blocks, batch_size, dtype, steps):
    """Prints seconds a step and MiB."""
    import tensorflow as tf

    from tfdisent import data, models

    model = models.AtomicAutoencoder((128, 128, 1), num_blocks=num_blocks, dtype=dtype)
    if way == "kept":
        model.decoder_outputs = lambda codes: tf.reduce_sum(model.decode_atoms(codes), axis=1)
    model.compile("adam")
    spikes = data.Spikes(num_images=batch_size)
    images = tf.constant(spikes.to_memory())
    step = tf.function(lambda images: model.train_step(images)["loss"], autograph=False)
    step(images[:1])  # what TensorFlow takes for itself
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    step(images).numpy()
    times = []
    for _ in range(steps):
        started = time.perf_counter()
        step(images).numpy()
        times.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{min(times)} {(peak - before) / 1024}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, nargs="+", default=[4, 8, 16, 32, 64])
    parser.add_argument("--ways", nargs="+", choices=["summed", "kept"], default=["summed", "kept"])
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    settings = options.batch_size, options.dtype, options.steps
    if options.measure:
        measure(options.measure[0], int(options.measure[1]), *settings)
        return
    print(f"batch {options.batch_size}, {options.dtype}: seconds a step, MiB above those of one image")
    for num_blocks in options.blocks:
        for way in options.ways:
            command = [sys.executable, __file__, "--measure", way, str(num_blocks)]
            for name, value in zip(("batch-size", "dtype", "steps"), settings, strict=True):
                command += [f"--{name}", str(value)]
            seconds, mebibytes = map(float, subprocess.check_output(command, text=True).split())
            print(f"k = {num_blocks:3} {way:8} {seconds:8.3f} s {mebibytes:8.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
