"""The further optimizers of a model that has several."""

import keras

from tfdisent.errors import UserError

__all__ = ["own_optimizer"]


def own_optimizer(name, given):
    """A new optimizer with the configuration of the one given or made.

    Args:
        name: of the model's argument, which becomes the optimizer's name; Keras would count it up.
        given: a Keras optimizer, or a function that makes one.

    Raises:
        UserError: for anything else.
    """
    if not isinstance(given, keras.optimizers.Optimizer):
        try:
            given = given()
        except (TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise UserError(f"The {name} cannot be made: {reason}.") from error
    return type(given).from_config({**given.get_config(), "name": name})
