"""tfdisent's losses beside those of the package disentanglement-lib, on the same arrays.

    python -m pip install --no-deps --target DIR disentanglement-lib==1.5
    python benchmarks/losses.py --theirs DIR

A small model of each method encodes fixed images; its posteriors, codes and logits are handed to the other's
reconstruction loss and regularizer. gin, TF-Hub and tensorflow.contrib, which theirs imports, have stand-ins here. The
FactorVAE is not among them: its loss is not a function there but part of the Estimator. Ends with 1 if a relative
difference exceeds 1e-5.
"""

import argparse
import functools
import importlib
import os
import sys
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from tfdisent import models, networks

BOUND = 1e-5
STEPS = (0, 37, 5000)
COSTS = {"bernoulli": "bernoulli_loss", "squared_l2": "l2_loss"}
# Method: (their class, ours, settings, steps at which to compare)
METHODS = {
    "vae": ("BetaVAE", models.VAE, {"beta": 4.0}, (0,)),
    "annealed_vae": (
        "AnnealedVAE",
        models.AnnealedVAE,
        {"gamma": 1000.0, "c_max": 25.0, "iteration_threshold": 100},
        STEPS,
    ),
    "dip_vae i": (
        "DIPVAE",
        models.DIPVAE,
        {"lambda_od": 5.0, "lambda_d_factor": 10.0, "dip_type": "i"},
        (0,),
    ),
    "dip_vae ii": (
        "DIPVAE",
        models.DIPVAE,
        {"lambda_od": 5.0, "lambda_d_factor": 1.0, "dip_type": "ii"},
        (0,),
    ),
    "beta_tc_vae": ("BetaTCVAE", models.BetaTCVAE, {"beta": 6.0}, (0,)),
}


def import_theirs(folder):
    """Their modules `vae` and `losses`."""
    gin = types.ModuleType("gin")
    gin.REQUIRED, gin.tf = object(), gin
    gin.configurable = lambda name, **_: name if callable(name) else lambda function: function
    contrib = types.ModuleType("tensorflow.contrib")
    contrib.tpu = types.ModuleType("tensorflow.contrib.tpu")
    stand_ins = {
        "gin": gin,
        "gin.tf": gin,
        "tensorflow_hub": types.ModuleType("tensorflow_hub"),
        "tensorflow_probability": types.ModuleType("tensorflow_probability"),
        "tensorflow.contrib": contrib,
        "tensorflow.contrib.tpu": contrib.tpu,
    }
    sys.modules.update(stand_ins)
    sys.path.insert(0, folder)
    vae, losses = (
        importlib.import_module(f"disentanglement_lib.methods.{name}")
        for name in ("unsupervised.vae", "shared.losses")
    )
    for name in stand_ins:
        del sys.modules[name]
    return vae, losses


def theirs(vae, losses, method, cost, arrays, step):
    """{term: value} of their method on our arrays."""
    name, _, settings, _ = METHODS[method]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        images, logits, mean, log_var, codes = map(tf.constant, arrays)
        session.run(tf.compat.v1.train.get_or_create_global_step().assign(step))
        reconstruction = tf.reduce_mean(getattr(losses, COSTS[cost])(images, logits, "logits"))
        kl = vae.compute_gaussian_kl(mean, log_var)
        regularizer = getattr(vae, name)(**settings).regularizer(kl, mean, log_var, codes)
        found = {"loss": reconstruction + regularizer, "reconstruction": reconstruction, "kl": kl}
        if method == "beta_tc_vae":
            found["total_correlation"] = vae.total_correlation(codes, mean, log_var)
        if method.startswith("dip_vae"):
            found["covariance"] = regularizer - kl
        return session.run(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--theirs", required=True, help="folder that disentanglement-lib was installed in")
    options = parser.parse_args()
    vae, losses = import_theirs(options.theirs)
    images = np.random.RandomState(0).rand(64, 16, 16, 1).astype(np.float32)
    scale = np.linspace(0.2, 4.0, 64, dtype=np.float32)[:, None, None, None]
    images = np.clip(images * scale, 0, 1)  # posteriors that differ
    worst = 0.0
    print(f"{'method':14}{'cost':12}{'step':>6}  {'term':20}{'theirs':>16}{'ours':>16}{'differs':>10}")
    for method, (_, model_class, settings, steps) in METHODS.items():
        for cost in COSTS:
            encoder = functools.partial(networks.dense_encoder, hidden_units=(64,), activation="tanh")
            make = functools.partial(model_class, (16, 16, 1), encoder=encoder, reconstruction=cost)
            model = make(decoder=networks.dense_decoder, **settings)
            model.compile("sgd")
            for weight in model.encoder.weights:
                weight.assign(1.5 * weight)
            for step in steps:
                model.optimizer.iterations.assign(step)
                (mean, log_var), codes, _ = model.autoencode(tf.constant(images))
                arrays = [images, *(np.array(x) for x in (model.decoder(codes), mean, log_var, codes))]
                ours = {name: float(x) for name, x in model.losses(tf.constant(images)).items()}
                for term, value in theirs(vae, losses, method, cost, arrays, step).items():
                    difference = abs(ours[term] - value) / abs(value)
                    worst = max(worst, difference)
                    numbers = f"{value:16.6f}{ours[term]:16.6f}{difference:10.1e}"
                    print(f"{method:14}{cost:12}{step:6}  {term:20}{numbers}")
    print(f"largest relative difference {worst:.1e}, bound {BOUND:.0e}")
    return int(not worst <= BOUND)


if __name__ == "__main__":
    sys.exit(main())
