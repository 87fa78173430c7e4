"""The device that a training runs on, in words."""

import tensorflow as tf

__all__ = ["describe_device"]


def describe_device():
    """One line: the GPUs that TensorFlow sees, by name, or that there is none and what to do for one."""
    names = {}
    for gpu in tf.config.list_physical_devices("GPU"):
        name = tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        names[name] = names.get(name, 0) + 1
    if not names:
        return "CPU; for a GPU: pip install tensorflow[and-cuda]"
    return ", ".join(name if count == 1 else f"{count} x {name}" for name, count in names.items())
