"""What is computed from each trained model: functions `TrainedModel -> dict`."""

import numpy as np

__all__ = ["divergences", "losses", "scores"]

_NUM_POSTERIORS = 10_000  # held-out observations whose codes give the MMD
_NUM_DIVERGENCES = 2_000  # of these, for the divergences, whose cost grows as the square


def losses(trained):
    """Loss terms on held-out observations.

    Returns:
        {"Rec": natural logarithm of the reconstruction cost, which is summed over pixels, "regulariser": the MMD, or
        the KL divergence of the aggregated posterior from the prior as the model estimates it in training}.
    """
    terms = trained.results
    if "mmd" in terms:
        regulariser = terms["mmd"]
    else:
        regulariser = terms["total_correlation"] + terms.get("dimension_wise_kl", terms.get("kl", 0.0))
    return {"Rec": float(np.log(terms["reconstruction"])), "regulariser": regulariser}


def scores(trained, mig=None, factor_vae=None, sap=None):
    """Scores of the mean codes on the whole set, by disentanglement_lib's protocol.

    Args:
        trained: `TrainedModel` on data with factors.
        mig, factor_vae, sap: {argument: value} of each score where it differs from disentanglement_lib's.

    Returns:
        {"MIG", "FactorVAE", "SAP"}.
    """
    from tfdisent import metrics
    from tfdisent.evaluation import Encoder

    encoder = Encoder(trained.model, trained.data)

    def score(function, key, settings):
        representation, random_state = encoder.representation_function(0), np.random.RandomState(0)
        return function(encoder.data, representation, random_state, **(settings or {}))[key]

    return {
        "MIG": score(metrics.compute_mig, "discrete_mig", mig),
        "FactorVAE": score(metrics.compute_factor_vae, "eval_accuracy", factor_vae),
        "SAP": score(metrics.compute_sap, "SAP_score", sap),
    }


def divergences(trained):
    """Divergences of the aggregated posterior of held-out observations from the prior.

    Returns:
        {"latent_kl": [D], "marginal KL", "total correlation", "dimension-wise KL" in nats, "MMD"}.
    """
    from tfdisent.analysis import aggregated_posterior_divergences
    from tfdisent.data import observations_and_factors
    from tfdisent.objectives import imq_mmd

    random_state = np.random.RandomState(0)
    observations, _ = observations_and_factors(trained.held_out, _NUM_POSTERIORS, random_state)
    mean, log_var = trained.model.posterior(observations)
    codes = mean + np.exp(log_var / 2) * random_state.normal(size=mean.shape)
    found = aggregated_posterior_divergences(
        mean[:_NUM_DIVERGENCES], log_var[:_NUM_DIVERGENCES], random_state
    )
    prior = random_state.normal(size=codes.shape)
    return {
        "latent_kl": found["latent_kl"].tolist(),
        "marginal KL": found["marginal_kl"],
        "total correlation": found["total_correlation"],
        "dimension-wise KL": found["dimension_wise_kl"],
        "MMD": float(imq_mmd(codes, prior)),
    }
