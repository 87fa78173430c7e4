"""Time of the Jacobian of a 64x64 decoder with 10 latents: ours, forward accumulation, and reverse mode.

    python benchmarks/jacobian.py

Prints milliseconds a code and the ratio to one forward pass. `decoder_jacobians` builds its graph anew in
each call, which its time includes. Takes about a minute on 2 cores; reverse mode needs some 2 GB.
"""

import time

import numpy as np
import tensorflow as tf

from tfdisent.analysis.jacobian import decoder_jacobians
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


def main():
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
