import tensorflow as tf

from tfdisent.training.device import describe_device


def test_without_a_gpu_the_line_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert describe_device() == "CPU; for a GPU: pip install tensorflow[and-cuda]"


def test_gpus_are_named_and_equal_ones_counted(monkeypatch):
    kinds = {"a": "NVIDIA A100", "b": "NVIDIA A100", "c": "NVIDIA T4"}
    devices = [tf.config.PhysicalDevice(name, "GPU") for name in kinds]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: devices)
    details = lambda device: {"device_name": kinds[device.name]} if device.name != "c" else {}  # noqa: E731
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details)
    assert describe_device() == "2 x NVIDIA A100, c"
