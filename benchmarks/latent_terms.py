"""Time and peak memory of the latent terms of a batch, with their gradients: the estimates of q(z), and the MMD.

Each is computed in a process of its own, whose resident memory is compared before and at the highest point.

    python benchmarks/latent_terms.py [--sizes 64x10 256x10 4096x64] [--terms weighted stratified mmd]
"""

import argparse
import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

TERMS = ("weighted", "stratified", "mmd")


def measure(term, batch_size, num_latents):
    """Prints seconds and MiB."""
    import tensorflow as tf

    from tfdisent import objectives

    z, mean, log_var = tf.unstack(tf.random.stateless_normal([3, batch_size, num_latents], [0, 1]))

    def value(z, mean, log_var):
        if term == "mmd":
            return objectives.imq_mmd(z, mean)
        log_qz, product = getattr(objectives, f"minibatch_{term}")(z, mean, log_var, 737_280)
        return objectives.total_correlation(log_qz, product) + objectives.dimension_wise_kl(z, product)

    @tf.function(autograph=False)
    def step(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            found = value(*tensors)
        return found, tape.gradient(found, tensors, unconnected_gradients="zero")

    step(z[:32], mean[:32], log_var[:32])  # what TensorFlow takes for itself
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    step(z, mean, log_var)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(20 if batch_size <= 512 else 1):
        started = time.perf_counter()
        step(z, mean, log_var)[0].numpy()
        times.append(time.perf_counter() - started)
    print(f"{min(times)} {(peak - before) / 1024}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["64x10", "256x10", "4096x64"], metavar="BxD")
    parser.add_argument("--terms", nargs="+", choices=TERMS, default=TERMS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        term, batch_size, num_latents = options.measure
        measure(term, int(batch_size), int(num_latents))
        return
    for size in options.sizes:
        for term in options.terms:
            command = [sys.executable, __file__, "--measure", term, *size.split("x")]
            seconds, mebibytes = map(float, subprocess.check_output(command, text=True).split())
            print(f"{size:>8} {term:10} {1000 * seconds:10.1f} ms {mebibytes:8.0f} MiB")


if __name__ == "__main__":
    main()
