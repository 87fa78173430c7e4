"""Damaged and foreign files in a run's folder: one sentence each, or what was good is taken."""

import functools
import io
import json
import logging
import os
import random
import sys
import types
import zipfile

import keras
import numpy as np
import pytest

from tfdisent import networks
from tfdisent.errors import UserError
from tfdisent.models import VAE, Autoencoder
from tfdisent.training import RunDirectory, model_file, train
from tfdisent.training.checkpoints import restore_checkpoint, save_checkpoint, what_is_kept

X = np.random.RandomState(0).rand(40, 4).astype(np.float32)
NETWORKS = {
    "num_latents": 2,
    "encoder": functools.partial(networks.dense_encoder, hidden_units=(3,)),
    "decoder": functools.partial(networks.dense_decoder, hidden_units=()),
}
MODEL = functools.partial(VAE, **NETWORKS)
SETTINGS = {"batch_size": 10, "log_every": 5, "steps": 10, "progress": False, "strategy": "default"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    train(MODEL, X, folder, **SETTINGS)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run(tmp_path, made):
    for name, content in made.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return RunDirectory(tmp_path)


def weights(model):
    return [np.asarray(weight) for weight in model.get_weights()]


def state(model):
    return [np.asarray(variable) for variable in [*model.weights, *model.optimizer.variables]]


def equal(left, right):
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def sentence(error):
    text = str(error.value if hasattr(error, "value") else error)
    assert "\n" not in text and "Traceback" not in text and text.endswith(".")
    return text


# Checkpoints.


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    model = MODEL((4,))
    model.compile("adam")
    states = {0: None}
    for step in (1, 2):
        model.fit(X, verbose=0, shuffle=False)
        save_checkpoint(model, folder, step, since=1)
        states[step] = state(model)
    return folder, states, MODEL((4,), seed=5)


def try_damaged(checkpoints, raw, caplog):
    """The step that is restored when the newest checkpoint holds these bytes; its state must be bitwise that step's."""
    folder, states, model = checkpoints
    path = folder / "step-0000000002.npz"
    good = path.read_bytes()
    try:
        path.write_bytes(raw)
        if not model.compiled:
            model.compile("adam")
        caplog.clear()
        step = restore_checkpoint(model, folder).step
    finally:
        path.write_bytes(good)
    assert equal(state(model), states[step])
    assert step == 2 or "cannot be read" in caplog.text
    return step


def flipped(raw, bits):
    raw = bytearray(raw)
    for bit in bits:
        raw[bit // 8] ^= 1 << bit % 8
    return bytes(raw)


def test_every_flipped_bit_of_a_checkpoint_is_told_and_the_one_before_is_taken(checkpoints, caplog):
    raw = (checkpoints[0] / "step-0000000002.npz").read_bytes()
    rng = random.Random(0)
    for _ in range(150):
        assert try_damaged(checkpoints, flipped(raw, [rng.randrange(8 * len(raw))]), caplog) == 1


@pytest.mark.slow
def test_every_seventh_flipped_bit_of_a_checkpoint_is_told(checkpoints, caplog):
    raw = (checkpoints[0] / "step-0000000002.npz").read_bytes()
    for bit in range(0, 8 * len(raw), 7):
        assert try_damaged(checkpoints, flipped(raw, [bit]), caplog) == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "longer", "zeros", "text", "digest only"])
def test_a_checkpoint_that_is_cut_or_something_else_gives_way_to_the_one_before(checkpoints, damage, caplog):
    raw = (checkpoints[0] / "step-0000000002.npz").read_bytes()
    others = {
        "empty": b"",
        "cut": raw[:-100],
        "longer": raw + b"\0",
        "zeros": bytes(len(raw)),
        "text": b"precious" * 50,
        "digest only": raw[-32:],
    }
    assert try_damaged(checkpoints, others[damage], caplog) == 1


def forged(**arrays):
    """A file with a right digest that holds anything."""
    from tfdisent.training.checkpoints import _with_digest

    content = io.BytesIO()
    np.savez(content, **arrays)
    return _with_digest(content)


def test_a_forged_checkpoint_is_told_without_running_what_it_holds(checkpoints, caplog):
    class Evil:
        def __reduce__(self):
            return os.mkdir, ("evil",)

    about = np.frombuffer(json.dumps({"step": 2, "since": 2}).encode(), np.uint8)
    for arrays in (
        {},
        {"about": np.array([Evil()], dtype=object)},
        {"about": about, "0000:kernel": np.array([Evil()], dtype=object)},
        {"about": np.frombuffer(b"[]", np.uint8)},
        {"about": np.frombuffer(b'{"step": "2"}', np.uint8)},
        {"about": np.frombuffer(b"\xff", np.uint8)},
    ):
        assert try_damaged(checkpoints, forged(**arrays), caplog) == 1
    assert not os.path.exists("evil")


def test_names_shapes_and_dtypes_of_a_checkpoint_are_checked(checkpoints, caplog):
    raw = (checkpoints[0] / "step-0000000002.npz").read_bytes()
    with np.load(io.BytesIO(raw)) as archive:
        arrays = dict(archive)
    name = next(key for key in arrays if key.endswith("kernel"))
    for other in (
        {**arrays, name: arrays[name].astype(np.float64)},
        {**arrays, name: arrays[name][:-1]},
        {key: value for key, value in arrays.items() if key != name},
        {**arrays, "0999:more": arrays[name]},
        {key: value for key, value in arrays.items() if key != "mean:0001"},
    ):
        with pytest.raises(UserError, match="belongs to another model") as error:
            try_damaged(checkpoints, forged(**other), caplog)
        sentence(error)


def test_a_directory_in_the_place_of_a_checkpoint_gives_way_too(run, caplog):
    path = run.checkpoints / "step-0000000010.npz"
    path.unlink()
    path.mkdir()
    (run.model / "model.keras").unlink()
    with pytest.raises(UserError, match="could not be written") as error:
        train(MODEL, X, run.path, **SETTINGS)
    sentence(error)


def test_a_kept_checkpoint_is_spoken_of_only_where_there_is_one(tmp_path):
    assert what_is_kept(None) == what_is_kept(tmp_path / "none") == ""
    model = MODEL((4,))
    model.compile("adam")
    save_checkpoint(model, tmp_path, 7)
    assert "step 7" in what_is_kept(tmp_path)
    (tmp_path / "step-0000000007.npz").write_bytes(b"no")
    assert what_is_kept(tmp_path) == ""


def test_a_later_damaged_checkpoint_goes_when_an_earlier_step_is_written(tmp_path):
    model = MODEL((4,))
    model.compile("adam")
    (tmp_path / "step-0000000900.npz").write_bytes(b"no")
    for step in (1, 2, 3):
        save_checkpoint(model, tmp_path, step)
    assert sorted(os.listdir(tmp_path)) == ["step-0000000002.npz", "step-0000000003.npz"]


# The trained model.


def try_model(run, raw):
    """The model in these bytes, or the sentence about them."""
    (run.model / "model.keras").write_bytes(raw)
    try:
        return run.load_model()
    except UserError as error:
        return sentence(error)


def check_model_flips(run, made, bits):
    good = weights(run.load_model())
    raw = made["model/model.keras"]
    for bit in bits:
        found = try_model(run, flipped(raw, [bit]))
        assert isinstance(found, str) or equal(weights(found), good)


def test_a_flipped_bit_in_the_trained_model_ends_in_a_sentence_or_does_not_matter(run, made):
    size, rng = len(made["model/model.keras"]), random.Random(0)
    check_model_flips(run, made, [rng.randrange(8 * size) for _ in range(60)])


@pytest.mark.slow
def test_thousands_of_flipped_bits_in_the_trained_model_end_in_a_sentence_or_do_not_matter(run, made):
    size, rng = len(made["model/model.keras"]), random.Random(1)
    ends = [*range(0, 8 * 400, 3), *range(8 * (size - 400), 8 * size, 3)]
    check_model_flips(run, made, ends + [rng.randrange(8 * size) for _ in range(500)])


def with_config(raw, change):
    """The same archive with another configuration."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "config.json":
                config = json.loads(part)
                part = json.dumps(change(config) or config)
            new.writestr(name, part)
    return content.getvalue()


@pytest.mark.parametrize("raw", [b"", b"PK", b"precious" * 100])
def test_a_file_that_is_no_model_ends_in_a_sentence(run, raw):
    assert "cannot be loaded" in try_model(run, raw)


def test_a_foreign_model_ends_in_a_sentence(run, tmp_path):
    path = run.model / "model.keras"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(path)
    with pytest.raises(UserError, match="holds no model of tfdisent but a Sequential") as error:
        run.load_model()
    sentence(error)
    for other in (Autoencoder((4,), **NETWORKS), MODEL((4,), beta=3.0), MODEL((4,), seed=4)):
        other.save(path)
        with pytest.raises(UserError, match="another model than run.json") as error:
            run.load_model()
        sentence(error)
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match="cannot be loaded"):
        run.load_model()


def test_code_that_a_model_file_names_is_not_imported(run, made, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("open('evil', 'w').close()\ndef f(x): return x\nclass C: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    function = {"class_name": "function", "module": "evil_module", "config": "f", "registered_name": "f"}
    hidden = {"class_name": "C", "module": "evil_module", "config": {}, "registered_name": "C"}
    system = {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"}
    lambdas = {"class_name": "__lambda__", "config": {"value": ["4wAA", None, None]}}
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {}, "registered_name": None}
    ours = {"class_name": "function", "module": "tfdisent.files", "config": "write_whole"}
    for code in (function, hidden, system, lambdas, layer, ours, {"module": ["os"], "class_name": "x"}):
        for place in ("inside", "outside", "compile_config"):

            def change(config, place=place, code=code):
                if place == "outside":
                    return code
                (config["config"] if place == "inside" else config).update(
                    {"compile_config": {"deep": [code]}}
                )

            said = try_model(run, with_config(made["model/model.keras"], change))
            assert "names code outside Keras and tfdisent" in said
    assert not (tmp_path / "evil").exists() and "evil_module" not in sys.modules


def test_a_registered_class_of_the_person_and_a_trusted_module_are_let_through(tmp_path):
    @keras.saving.register_keras_serializable("theirs")
    class Theirs(VAE):
        pass

    train(functools.partial(Theirs, **NETWORKS), X, tmp_path, **SETTINGS)
    assert isinstance(RunDirectory(tmp_path).load_model(), Theirs)


def test_of_modules_that_are_imported_already_only_models_and_layers_are_let_through(monkeypatch):
    module = types.ModuleType("my_nets")
    layer = type("MyLayer", (keras.layers.Layer,), {"__module__": "my_nets"})
    other = type("Other", (), {"__module__": "my_nets"})
    foreign = type("Foreign", (keras.layers.Layer,), {"__module__": "os"})
    vars(module).update(MyLayer=layer, Other=other, Foreign=foreign, system=os.system)
    monkeypatch.setitem(sys.modules, "my_nets", module)
    own = functools.partial(model_file._own_code, "the file")

    def named(name, kind=None, module="my_nets"):
        return {"class_name": kind or name, "module": module, "config": name, "registered_name": name}

    assert own([named("MyLayer")], ()) == {"MyLayer": layer}
    for name in ("Other", "Foreign", "missing"):
        with pytest.raises(UserError, match=f"'my_nets.{name}'.* add its file, --trust FOLDER/my_nets.py"):
            own([named(name)], ("my_net", "my_nets.more"))
    assert own([named("Other")], ("my_nets",)) == {"Other": other}
    for code in (named("Foreign"), named("system", "function")):
        with pytest.raises(UserError, match="my_nets defines no"):
            own([code], ("my_nets",))
    for code in (
        named("system", "function", "builtins"),
        named("Lambda"),
        named("MyLayer", module=["my_nets"]),
    ):
        with pytest.raises(UserError, match="names code outside Keras and tfdisent"):
            own([code], ("my_nets",))
    assert own([named("relu", "function", "builtins"), named("Dense", module="keras.layers")], ()) == {}


def test_a_model_that_no_file_gives_back_is_refused_before_it_is_trained(tmp_path):
    def plain(x):
        return x

    for activation, sentence in ((lambda x: x, "has a lambda"), (plain, "the function 'plain'")):
        encoder = functools.partial(NETWORKS["encoder"], activation=activation)
        make = functools.partial(VAE, **{**NETWORKS, "encoder": encoder})
        train(make, X, **SETTINGS)
        with pytest.raises(UserError, match=sentence) as error:
            train(make, X, tmp_path, **SETTINGS)
        assert "\n" not in str(error.value) and not (tmp_path / "model").exists()


# What is written as text.

GARBAGE = [
    b"",
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b"3",
    b'"text"',
    b"[" * 100_000,
    b"{",
    b'{"steps": NaN}',
    b"{}",
]


@pytest.mark.parametrize("content", GARBAGE)
def test_a_run_file_that_holds_something_else_ends_in_a_sentence(run, content):
    (run.model / "run.json").write_bytes(content)
    for act in (run.load_model, lambda: train(MODEL, X, run.path, **SETTINGS)):
        with pytest.raises(UserError, match="run.json") as error:
            act()
        sentence(error)


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def test_a_wrong_type_anywhere_in_the_run_file_ends_in_a_sentence(run, made):
    asked = json.loads(made["model/run.json"])
    for path in places(asked):
        if not path:
            continue
        for wrong in ([], {}, None, "text", -1, 1.5, True, [None], {"a": 1}):
            changed = json.loads(json.dumps(asked))
            inside = functools.reduce(lambda value, key: value[key], path[:-1], changed)
            if inside[path[-1]] == wrong:
                continue
            inside[path[-1]] = wrong
            (run.model / "run.json").write_text(json.dumps(changed))
            try:
                found = run.asked()
                run._check_same(found, asked)
            except UserError as error:
                sentence(error) if "another run" not in str(error) else None
            else:
                nothing = functools.reduce(lambda value, key: value[key], path, asked)
                same = wrong == {} and set(nothing.values()) == {None}
                assert path == ("steps",) or same, (path, wrong)
    del asked["steps"]
    (run.model / "run.json").write_text(json.dumps(asked))
    with pytest.raises(UserError, match="is damaged: steps is missing"):
        run.asked()


@pytest.mark.parametrize("content", GARBAGE[:-2])
def test_results_that_hold_something_else_end_in_a_sentence(run, content):
    for path in (run.path / "metrics/mean/mig/asked.json", run.model / "results/json/train_results.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(UserError, match="asked.json") as error:
        run.asked_for("metrics/mean/mig")
    sentence(error)
    with pytest.raises(UserError, match="train_results.json") as error:
        run.results("model", "train")
    sentence(error)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"precious",
        b"step,loss\n5,1.0\n",
        b"step,loss,reconstruction,kl\n5,1,2\n",
        b"step,loss,reconstruction,kl\n5,1,2,3,4\n",
        b"step,loss,reconstruction,kl\nfive,1,2,3\n",
        b"step,loss,reconstruction,kl\n5,a,2,3\n",
        b"step,loss,reconstruction,kl\n5,1,2,3\n5,1,2,3\n",
        b"loss,step,reconstruction,kl\n5,1,2,3\n",
        b"",
        b'step,loss,reconstruction,kl\n5,"1,2,3\n',
    ],
)
def test_a_history_that_holds_something_else_ends_in_a_sentence(run, content):
    (run.model / "history.csv").write_bytes(content)
    with pytest.raises(UserError, match="history.csv cannot be read") as error:
        train(MODEL, X, run.path, **{**SETTINGS, "steps": 20})
    sentence(error)


def test_a_missing_history_is_said_and_training_goes_on(run, caplog):
    (run.model / "history.csv").unlink()
    with caplog.at_level(logging.WARNING, "tfdisent"):
        longer = train(MODEL, X, run.path, **{**SETTINGS, "steps": 20})
    assert "has no line of step 10" in caplog.text
    assert [row["step"] for row in longer.history] == [15, 20]


# Folders that were left half made.


@pytest.mark.parametrize("left", ["model", "model/checkpoints", "model/.run.json.abcd1234", ".lock.abcd1234"])
def test_a_folder_that_was_left_at_the_first_write_is_taken(tmp_path, left):
    path = tmp_path / left
    path.parent.mkdir(exist_ok=True)
    path.write_text("") if "." in path.name else path.mkdir(parents=True)
    train(MODEL, X, tmp_path, **SETTINGS)
    assert not list(tmp_path.rglob(".*"))


def test_leftovers_of_ours_go_at_the_next_start_and_other_files_stay(run):
    ours = [
        "model/.history.csv.abcd1234",
        "model/checkpoints/.step-0000000010.npz.a_c4e6g8",
        ".report.html.x2345678",
    ]
    theirs = ["model/.hidden", ".notes.template", "notes.txt"]
    for name in [*ours, *theirs]:
        (run.path / name).write_text("")
    (run.model / ".model.keras.abcd1234").mkdir()
    (run.model / ".model.keras.abcd1234" / "model.keras").write_text("")
    train(MODEL, X, run.path, **SETTINGS)
    assert not any((run.path / name).exists() for name in [*ours, "model/.model.keras.abcd1234"])
    assert all((run.path / name).exists() for name in theirs)


def test_overwrite_touches_nothing_where_there_is_no_run(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match="holds other files and no run"):
        train(MODEL, X, tmp_path, **SETTINGS, overwrite=True)
    assert (tmp_path / "metrics" / "thesis.tex").read_text() == "precious"
