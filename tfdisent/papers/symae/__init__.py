"""Sun, *Interpretable Style Swapping with a Symmetric Autoencoder* (SymAE): its figures, and its claims in one table.

`examples` has the trainings, `measures` what is computed from them, `items`, `claims` and `toy_figures` what can be
made, `concatenation_toy` the model of Sec. 4.3, README.md how the paper was read. The settings stand in
gin_configs/symae.
"""
