"""The settings of a run as {binding: gin text}, for runs that no gin file configured."""

__all__ = ["name_there", "settings_text"]

_TRAIN = ("seed", "steps", "batch_size", "sampling", "dtype", "split")
_KEPT = ("units", "filters", "kernel_size", "strides", "activation", "rate", "padding")


def settings_text(asked, recipe=None):
    """What `run.json` says, in the words of a gin file, so that runs of both kinds stand in one table.

    Networks are told apart by their layers; what Keras adds to every object (names, seeds of initialisers) is left out.

    Args:
        asked: dict of plain values, as `RunDirectory.asked` returns it.
        recipe: how the data is made (`tfdisent.data.recipes.recipe`), or None.

    Returns:
        {binding: value as gin text}.
    """
    text = {f"training.train.{name}": repr(asked[name]) for name in _TRAIN if name in asked}
    for argument, package in {"model": "models", "optimizer": "keras.optimizers"}.items():
        settings = dict(asked[argument])
        name = f"{package}.{settings.pop('class')}"
        text[f"training.train.{argument}"] = f"@{name}"
        text.update(_settings(name, settings))
    if recipe is None or recipe["make"] == "ArrayData":
        text["training.train.data"] = repr(asked["data"]["name"])
    elif recipe["make"] == "get_named_ground_truth_data":
        text["training.train.data"] = repr(recipe["arguments"]["name"])
        options = {
            key: value for key, value in recipe["arguments"].items() if key not in ("name", "data_dir")
        }
        text.update(_settings(f"data.{recipe['arguments']['name']}", options))
    else:
        text["training.train.data"] = f"@data.{recipe['make']}()"
        text.update(_settings(f"data.{recipe['make']}", recipe["arguments"]))
    if recipe is None or any(isinstance(value, dict) for value in recipe["arguments"].values()):
        checksum = "checksum_of_16_observations"
        text[f"data.{asked['data']['name']}.{checksum}"] = repr(asked["data"][checksum])
    return text


def name_there(model):
    """{"model.model": "@vae()"}, as disentanglement_lib writes it, of a model whose method that library has; else {}.

    It is recorded with a run, so that `tfdisent compare` finds the same method of both without knowing our classes.
    """
    name = type(model).disentanglement_lib_name
    return {"model.model": f"@{name}()"} if name else {}


def _settings(name, settings):
    text = {}
    for key, value in settings.items():
        if key in ("trainable", "dtype", "seed", "observation_shape"):  # said elsewhere
            continue
        if _is_plain(value):
            text[f"{name}.{key}"] = repr(_as_written(value))
        elif isinstance(value, dict) and "class_name" in value:
            network = value.get("config", {}).get("name", value["class_name"])
            text[f"{name}.{key}"] = f"@{network}"
            if layers := _layers(value):
                text[f"networks.{key}.layers"] = repr(", ".join(layers))
    return text


def _layers(network):
    config = network.get("config", {})
    inner = config.get("layers")
    if inner is None:
        shown = [_short(config[key]) for key in _KEPT if config.get(key) is not None]
        return [" ".join([network["class_name"], *shown])] if shown else []
    return [text for layer in inner for text in _layers(layer)]


def _short(value):
    if isinstance(value, dict):
        return str(value.get("class_name"))
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)


def _as_written(value):
    """Keras gives settings as float32: 0.001 for 0.0010000000474974513."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _is_plain(value):
    if isinstance(value, list):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, (bool, int, float, str))
