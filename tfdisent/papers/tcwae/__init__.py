"""Gaujac, Feige & Barber 2020: the total correlation Wasserstein autoencoder (TCWAE) beside four other methods.

`items` has the tables and figures, `settings` the models they are about, `plans` which of them are trained at which
scale, `measures` what is computed from each, `results` and `pictures` what is written, and `printed` the numbers of the
paper. How its open or misprinted places are read stands in README.md.

References: Gaujac, Feige & Barber 2020, "Learning disentangled representations with the Wasserstein Autoencoder".
"""
