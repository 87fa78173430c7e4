"""The only room that knows gin: reading configurations, and calling what they configure.

Our own configurations use gin's dynamic registration: a file imports the rooms it binds, so every class and function
of tfdisent can be configured without being decorated. A command-line binding is written as in a file,
`models.VAE.beta=4`. Files of disentanglement_lib, which bind `vae.beta` and import nothing, are read as they are.
"""

from tfdisent.bindings import resolved
from tfdisent.config.fingerprints import fingerprint, fingerprint_of, fingerprint_of_files
from tfdisent.config.metric_configs import (
    MetricConfig,
    PostprocessConfig,
    metric_config,
    postprocess_config,
)
from tfdisent.config.runs import (
    check_lines,
    configured,
    configured_data,
    configured_name,
    configured_value,
    json_config,
    operative_config,
    parse,
    parse_text,
    parsed_config,
    train_configured,
    trusted_modules,
)
from tfdisent.config.statements import find_config, read_bindings, shipped_names

__all__ = [
    "MetricConfig",
    "PostprocessConfig",
    "check_lines",
    "configured",
    "configured_data",
    "configured_name",
    "configured_value",
    "find_config",
    "fingerprint",
    "fingerprint_of",
    "fingerprint_of_files",
    "json_config",
    "metric_config",
    "operative_config",
    "parse",
    "parse_text",
    "parsed_config",
    "postprocess_config",
    "read_bindings",
    "resolved",
    "shipped_names",
    "train_configured",
    "trusted_modules",
]
