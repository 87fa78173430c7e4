"""Zietlow, *An Analysis of the Inner Workings of Variational Autoencoders*, chapter 4: the inductive bias of data sets.

`items` has what can be made, `printed` what the thesis prints, `manipulations` how a data set is altered, `measures`
what is computed, README.md how the chapter was read. The settings stand in gin_configs/demystifying_biases.
"""
