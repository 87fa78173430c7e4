"""What the paper prints."""

__all__ = ["TABLE_1"]

# Filters and neurons of the layers of each part: those with weights, in their order.
TABLE_1 = {
    "encoder, conv": (32, 16, 8, 8),
    "encoder, dense": (512, 96),  # the first 512 of the table is the flattened 8 x 8 x 8
    "block decoder, dense": (32, 32),
    "block decoder, conv": (8, 8, 8, 16, 32, 1),
}
