"""What chapter 4 prints."""

__all__ = ["DATA", "HYPERPARAMETERS", "METHODS", "SCALINGS", "TABLES", "VERSIONS", "value"]

DATA = {"dsprites": "dSprites", "shapes3d": "Shapes3D"}
VERSIONS = ("original", "modified", "noise")
METHODS = {  # {name in the tables: what the name of a configuration ends with}
    "autoencoder": "autoencoder",
    "beta-VAE": "vae",
    "FactorVAE": "factorvae",
    "TC-VAE": "betatcvae",
    "SlowVAE": "slowvae",
    "PCL": "pcl",
    "weakly supervised GAN": "gan",
}
HYPERPARAMETERS = {  # Table 4.1: {method: (parameter of the model, value on dSprites, on Shapes3D)}
    "beta-VAE": ("models.VAE.beta", 8, 32),
    "TC-VAE": ("models.BetaTCVAE.beta", 6, 32),
    "FactorVAE": ("models.FactorVAE.gamma", 35, 7),
    "SlowVAE": ("models.SlowVAE.beta", 1, 1),
}
SCALINGS = (0.75, 1.0, 1.25, 1.5, 1.75, 2.0)  # of the primary hyperparameter, Figs. 4.4 to 4.7
# Tables 4.2 to 4.5: {score: {method: (mean, standard deviation) over ten seeds on the original, modified and noisy
# dSprites, and the same on Shapes3D}}
TABLES = {
    "MIG": {
        "autoencoder": ((0.09, 0.06), (0.05, 0.02), (0.06, 0.03), (0.06, 0.03), (0.05, 0.03), (0.07, 0.03)),
        "beta-VAE": ((0.23, 0.08), (0.07, 0.09), (0.14, 0.07), (0.6, 0.31), (0.09, 0.14), (0.66, 0.05)),
        "FactorVAE": ((0.27, 0.11), (0.2, 0.12), (0.16, 0.08), (0.27, 0.18), (0.07, 0.05), (0.33, 0.2)),
        "TC-VAE": ((0.25, 0.08), (0.14, 0.1), (0.2, 0.04), (0.58, 0.2), (0.24, 0.16), (0.6, 0.11)),
        "SlowVAE": ((0.39, 0.08), (0.27, 0.08), (0.37, 0.09), (0.53, 0.19), (0.13, 0.08), (0.6, 0.1)),
        "PCL": ((0.21, 0.03), (0.24, 0.07), (0.24, 0.07), (0.44, 0.06), (0.47, 0.08), (0.4, 0.07)),
        "weakly supervised GAN": (
            (0.45, 0.05),
            (0.36, 0.02),
            (0.36, 0.01),
            (0.69, 0.12),
            (0.66, 0.12),
            (0.77, 0.13),
        ),
    },
    "DCI": {
        "beta-VAE": ((0.11, 0.03), (0.08, 0.11), (0.14, 0.07), (0.73, 0.14), (0.43, 0.06), (0.56, 0.06)),
        "FactorVAE": ((0.37, 0.1), (0.27, 0.11), (0.24, 0.09), (0.39, 0.18), (0.25, 0.08), (0.57, 0.2)),
        "TC-VAE": ((0.34, 0.06), (0.19, 0.1), (0.27, 0.03), (0.67, 0.08), (0.41, 0.05), (0.59, 0.09)),
        "SlowVAE": ((0.47, 0.07), (0.4, 0.07), (0.47, 0.08), (0.65, 0.1), (0.33, 0.08), (0.73, 0.09)),
        "PCL": ((0.28, 0.03), (0.3, 0.03), (0.29, 0.06), (0.7, 0.06), (0.67, 0.09), (0.71, 0.07)),
    },
    "FactorVAE score": {
        "beta-VAE": ((0.47, 0.07), (0.38, 0.13), (0.5, 0.1), (0.8, 0.17), (0.54, 0.1), (0.71, 0.06)),
        "FactorVAE": ((0.67, 0.11), (0.62, 0.14), (0.6, 0.11), (0.63, 0.15), (0.48, 0.05), (0.71, 0.15)),
        "TC-VAE": ((0.68, 0.09), (0.53, 0.15), (0.6, 0.12), (0.76, 0.07), (0.57, 0.07), (0.71, 0.06)),
        "SlowVAE": ((0.77, 0.03), (0.77, 0.04), (0.76, 0.07), (0.87, 0.1), (0.62, 0.06), (0.85, 0.08)),
        "PCL": ((0.77, 0.09), (0.82, 0.05), (0.77, 0.08), (0.8, 0.06), (0.77, 0.07), (0.8, 0.06)),
    },
    "SAP": {
        "beta-VAE": ((0.04, 0.01), (0.02, 0.02), (0.03, 0.03), (0.16, 0.08), (0.03, 0.03), (0.09, 0.02)),
        "FactorVAE": ((0.07, 0.03), (0.06, 0.03), (0.08, 0.01), (0.07, 0.04), (0.04, 0.01), (0.08, 0.03)),
        "TC-VAE": ((0.08, 0.01), (0.06, 0.03), (0.05, 0.02), (0.08, 0.02), (0.04, 0.02), (0.06, 0.03)),
        "SlowVAE": ((0.08, 0.01), (0.07, 0.01), (0.07, 0.01), (0.09, 0.04), (0.04, 0.01), (0.09, 0.05)),
        "PCL": ((0.07, 0.03), (0.1, 0.03), (0.1, 0.03), (0.07, 0.01), (0.07, 0.01), (0.07, 0.01)),
    },
}


def value(score, data, method, version):
    """(mean, standard deviation) as printed in Tables 4.2 to 4.5."""
    place = len(VERSIONS) * list(DATA).index(data) + VERSIONS.index(version)
    return TABLES[score][method][place]
