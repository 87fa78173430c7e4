"""Sums over all pairs of a batch in bounded memory."""

import tensorflow as tf

__all__ = ["map_rows"]

_BLOCK = 2**20  # numbers


def map_rows(function, rows, others, row_size, block_size=None):
    """Applies a function of rows to blocks of them.

    Where there are several blocks, their intermediate results are computed a second time for the gradient instead of
    being kept, so that memory does not grow with the number of rows.

    Args:
        function: `(*rows, *others) -> [R, K]` for R rows, each row of the result a function of its own row alone and
            of the others.
        rows: list of tensors [B, ...] of one dtype.
        others: list of tensors of that dtype that every block sees whole.
        row_size: how many numbers the function makes of one row at a time.
        block_size: the most of these numbers that a block has, unless one row has more; 2^20 unless given.

    Returns:
        [B, K].
    """
    rows_of_block = max(1, (block_size or _BLOCK) // row_size)
    if rows[0].shape[0] is not None and rows[0].shape[0] <= rows_of_block:
        return function(*rows, *others)
    count = tf.shape(rows[0])[0]
    num_blocks = (count + rows_of_block - 1) // rows_of_block

    @tf.custom_gradient
    def block(*inputs):
        def gradient(upstream):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                again = function(*inputs)
            return tape.gradient(again, inputs, upstream, unconnected_gradients="zero")

        return function(*inputs), gradient

    def blocks(tensor):
        padding = [[0, num_blocks * rows_of_block - count]] + [[0, 0]] * (tensor.shape.rank - 1)
        shape = tf.concat([[num_blocks, rows_of_block], tf.shape(tensor)[1:]], 0)
        return tf.reshape(tf.pad(tensor, padding), shape)

    results = tf.map_fn(
        lambda parts: block(*parts, *others),
        tuple(blocks(tensor) for tensor in rows),
        fn_output_signature=rows[0].dtype,
        parallel_iterations=1,
    )  # [blocks, rows of a block, K]
    return tf.reshape(results, [-1, results.shape[-1]])[:count]
