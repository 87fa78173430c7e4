"""Time of the Jacobian of a 64x64 decoder with 10 latents: ours, forward accumulation, and reverse mode.

    python benchmarks/jacobian.py [--growth]

Prints milliseconds a code and the ratio to one forward pass. `decoder_jacobians` builds its graph anew in
each call, which its time includes. Takes about a minute on 2 cores; reverse mode needs some 2 GB.

With --growth instead the seconds of DtO at 1,000 codes, Jacobians and assignments together, of the convolutional
decoder as the number of latents and the size of the image grow. DtO of a 64x64x1 decoder with 10 latents has to come
within 60 s. Takes about 5 minutes; the largest cases need 2 GB.
"""

import argparse
import time

import numpy as np
import tensorflow as tf

from tfdisent.analysis.jacobian import decoder_jacobians
from tfdisent.metrics import compute_dto
from tfdisent.networks import deconv_decoder, dense_decoder

LATENTS = 10
CODES = [tf.TensorSpec([None, LATENTS])]


def forward_pass(decode):
    return tf.function(decode, input_signature=CODES)


def accumulator_per_latent(decode):
    """`ForwardAccumulator` once per latent inside one graph, which shares the decoder's forward pass."""

    @tf.function(input_signature=CODES)
    def jacobians(codes):
        columns = []
        for latent in range(LATENTS):
            tangents = tf.one_hot(tf.fill([tf.shape(codes)[0]], latent), LATENTS)
            with tf.autodiff.ForwardAccumulator(codes, tangents) as accumulator:
                outputs = decode(codes)
            columns.append(accumulator.jvp(outputs))
        return tf.stack(columns, axis=-1)

    return jacobians


def accumulator_tiled(decode):
    """One `ForwardAccumulator` on a batch that holds every code once per latent."""

    @tf.function(input_signature=CODES)
    def jacobians(codes):
        num = tf.shape(codes)[0]
        tiled = tf.repeat(codes, LATENTS, axis=0)
        with tf.autodiff.ForwardAccumulator(tiled, tf.tile(tf.eye(LATENTS), [num, 1])) as accumulator:
            outputs = decode(tiled)
        return tf.reshape(accumulator.jvp(outputs), [num, LATENTS, -1])

    return jacobians


def reverse_mode(decode):
    """`tape.batch_jacobian`: one backward pass per pixel."""

    @tf.function(input_signature=CODES)
    def jacobians(codes):
        with tf.GradientTape() as tape:
            tape.watch(codes)
            outputs = decode(codes)
        return tape.batch_jacobian(outputs, codes)

    return jacobians


def milliseconds_a_code(function, num_codes, repeats):
    """The least of `repeats` times of one call, after one call that builds the graph."""
    codes = np.random.RandomState(0).normal(size=(num_codes, LATENTS)).astype(np.float32)
    function(codes)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        np.asarray(function(codes))
        times.append(time.perf_counter() - start)
    return 1e3 * min(times) / num_codes


def seconds_of_dto(num_latents, size, num_codes=1_000, batch_size=64):
    """(seconds of the Jacobians, of the score) of a convolutional decoder."""
    decoder = deconv_decoder(num_latents, (size, size, 1))
    codes = np.random.RandomState(0).normal(size=(num_codes, num_latents)).astype(np.float32)
    started = time.perf_counter()
    jacobians = decoder_jacobians(lambda batch: tf.sigmoid(decoder(batch)), codes, batch_size)
    middle = time.perf_counter()
    compute_dto(jacobians)
    return middle - started, time.perf_counter() - middle


def growth():
    print("DtO of the convolutional decoder at 1,000 codes, seconds")
    print(f"{'image':>12} {'latents':>8} {'Jacobians':>10} {'score':>7} {'together':>9}")
    for size, num_latents in [(64, 2), (64, 5), (64, 10), (64, 20), (64, 32), (16, 10), (32, 10), (128, 10)]:
        first, second = seconds_of_dto(num_latents, size)
        print(
            f"{size:>6} x {size:<3} {num_latents:>8} {first:10.1f} {second:7.1f} {first + second:9.1f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--growth", action="store_true", help="DtO as latents and image size grow")
    if parser.parse_args().growth:
        growth()
        return
    decoders = {
        "deconv": deconv_decoder(LATENTS, (64, 64, 1)),
        "dense": dense_decoder(LATENTS, (64, 64, 1)),
    }
    for name, decoder in decoders.items():

        def decode(codes, decoder=decoder):
            return tf.sigmoid(decoder(codes))

        single = milliseconds_a_code(forward_pass(decode), num_codes=64, repeats=10)
        print(f"{name} decoder, 64x64x1, D = {LATENTS}; one forward pass {single:.3f} ms a code")
        cases = [
            ("decoder_jacobians", lambda d: lambda c: decoder_jacobians(d, c), 1024, 2),
            ("ForwardAccumulator per latent", accumulator_per_latent, 64, 3),
            ("ForwardAccumulator, tiled batch", accumulator_tiled, 64, 3),
            ("reverse mode, batch_jacobian", reverse_mode, 1, 2),
        ]
        first = None
        for label, build, num_codes, repeats in cases:
            cost = milliseconds_a_code(build(decode), num_codes, repeats)
            first = first or cost
            print(
                f"  {label:32} {cost:9.2f} ms a code {cost / single:8.1f} passes {cost / first:7.1f} x ours"
            )


if __name__ == "__main__":
    main()
