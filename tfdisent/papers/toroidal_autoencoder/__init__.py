"""Mikulski & Duda, *Toroidal AutoEncoder*: its figures, and in numbers what they show.

`items` has what can be made, `measures` what is computed from a trained run, README.md how the paper was read. The
settings stand in gin_configs/toroidal_autoencoder/mnist.gin: the paper prints none, and no numbers.
"""
