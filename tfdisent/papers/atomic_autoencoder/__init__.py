"""Newson & Traonmilin, *Disentangled latent representations of images with atomic autoencoders*: the supplement.

`items` has what can be made, `measures` what is computed from a trained run, `printed` the paper's numbers, README.md
how the paper was read. It prints no numbers beside Table I; the settings stand in gin_configs/atomic_autoencoder.
"""
