"""What a configuration comes to, however its text is written."""

import pytest

from tfdisent.bindings import resolved


def test_a_configuration_is_resolved_however_it_is_written():
    bindings = {
        "a": "%b",
        "b": "[1, 2.0]",
        "m.f.x": "(%a, '%a', @tfdisent.models.vae.VAE)",
        "m.f.y": "%a",
        "loop": "%loop",
    }
    assert resolved({**bindings, "m.f.z": "%loop"}) == {
        "m.f.x": "((1, 2), '%a', @models.VAE)",
        "m.f.y": "(1, 2)",
        "m.f.z": "%loop",
    }


@pytest.mark.parametrize(
    "texts",
    [
        ("[@models.VAE(), 2.0, '@x']", '(@tfdisent.models.vae.VAE(), 2, "@x")'),
        ("{'b': 1, 'a': %none}", "{'a': %none, 'b': 1.0}"),
        ("@small/models.VAE", "@small/tfdisent.models.VAE"),
        ("<an  object>", "<an object>"),
    ],
)
def test_values_that_mean_the_same_have_one_spelling(texts):
    first, second = (resolved({"m.f.x": text}) for text in texts)
    assert first == second


@pytest.mark.parametrize(
    "texts", [("@models.VAE", "@models.VAE()"), ("4", "'4'"), ("1", "True"), ("%a", "'%a'")]
)
def test_values_that_differ_stay_apart(texts):
    first, second = (resolved({"m.f.x": text}) for text in texts)
    assert first != second
