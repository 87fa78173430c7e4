"""Many seeds of one tiny model: together in one compiled program, or one after the other, or in processes?

The linear beta-VAE of the thesis' Table 3.3 (2 latents, 3 features), on the same batches. Starting and compiling is
timed apart, by a run of a single interval; so that its scatter does not matter, the models that are trained together
take ten times the steps of those trained by themselves.

    python benchmarks/together.py [--seeds 10] [--steps 10000] [--batch-size 16] [--processes 2]
"""

import argparse
import concurrent.futures
import functools
import multiprocessing
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
INTERVAL = 1000


def seconds(seeds, steps, batch_size):
    """Wall time of training, without the first interval, which builds and compiles."""
    import keras

    from tfdisent import data, models, networks, training

    make = functools.partial(
        models.VAE,
        num_latents=2,
        encoder=functools.partial(networks.dense_encoder, hidden_units=()),
        decoder=functools.partial(networks.dense_decoder, hidden_units=()),
        reconstruction="mean_squared_error",
        output="linear",
        beta=1e-4,
    )
    square = data.SyntheticLinear()
    run = functools.partial(
        training.train,
        make,
        square,
        seed=seeds,
        batch_size=batch_size,
        log_every=INTERVAL,
        progress=False,
        optimizer=functools.partial(keras.optimizers.Adam, 1e-3),
    )
    times = []
    for number in (INTERVAL, INTERVAL + steps):
        started = time.perf_counter()
        run(steps=number)
        times.append(time.perf_counter() - started)
    return times[1] - times[0], times[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    seeds = tuple(range(options.seeds))
    per_model = 1e3 / options.steps / options.seeds

    together, first = seconds(seeds, 10 * options.steps, options.batch_size)
    together /= 10
    print(
        f"together          {together * per_model:.4f} ms a step and model (start {first:.1f} s)", flush=True
    )
    alone, first = seconds(0, options.steps, options.batch_size)
    alone *= options.seeds
    print(
        f"one after another {alone * per_model:.4f} ms a step and model (start {first:.1f} s a model)",
        flush=True,
    )

    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(options.processes, context) as pool:
        jobs = [
            pool.submit(seconds, seed, options.steps, options.batch_size)
            for seed in seeds[: options.processes]
        ]
        parallel = max(job.result()[0] for job in jobs) * options.seeds / options.processes
    print(f"{options.processes} processes       {parallel * per_model:.4f} ms a step and model")
    print(
        f"ratios: one after another / together {alone / together:.1f}, processes / together {parallel / together:.1f}"
    )


if __name__ == "__main__":
    main()
