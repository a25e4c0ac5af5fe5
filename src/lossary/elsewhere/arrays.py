"""Turns numbers into the arrays of a library and back, and has it find gradients; one class for each kind of array."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from lossary.declaration.values import Array

# An array or another object of a library that is not there when types are checked.
Foreign: TypeAlias = Any
# A call of a library as a function of the loss's inputs.
Call = Callable[[Mapping[str, Foreign]], Foreign]


class Arrays:
    """NumPy's own arrays, in which a call has no gradient.

    Attributes:
        valued: whether a call has values; without them its gradient is all that can be compared.
    """

    valued = True

    def prepare(self) -> None:
        """What has to be set before the library is imported: float64 throughout, and one thread."""

    def seen(self, packages: Mapping[str, Foreign]) -> dict[str, Foreign]:
        """What the names of packages in a call stand for."""
        return dict(packages)

    def made(self, array: Array) -> Foreign:
        """Numbers as the library takes them."""
        return array

    def plain(self, value: Foreign) -> Array:
        """What a call gave, as plain numbers."""
        return np.asarray(value)

    def slopes(self, call: Call, inputs: Mapping[str, Foreign], names: Sequence[str]) -> dict[str, Array] | None:
        """The gradient of the sum of what a call gives, with respect to the inputs of some names; None without one."""
        return None


class Torch(Arrays):
    """Torch's tensors, which Keras takes as well."""

    def prepare(self) -> None:
        """Let torchvision, which others import, be imported beside a torch that its operators were not built for."""
        self.torch = import_module("torch")
        self.torch.set_num_threads(1)
        _declare_operators(self.torch)

    def made(self, array: Array) -> Foreign:
        """A tensor of float64, or of int64."""
        return self.torch.tensor(array)

    def plain(self, value: Foreign) -> Array:
        """The tensor's numbers."""
        return np.asarray(value.detach().numpy() if isinstance(value, self.torch.Tensor) else value)

    def slopes(self, call: Call, inputs: Mapping[str, Foreign], names: Sequence[str]) -> dict[str, Array] | None:
        """By autograd."""
        leaves = {**inputs, **{name: inputs[name].clone().requires_grad_() for name in names}}
        value = call(leaves)
        if not isinstance(value, self.torch.Tensor) or not value.requires_grad:
            return None
        wanted = [leaves[name] for name in names]
        found = self.torch.autograd.grad(value.sum(), wanted, allow_unused=True)
        return {
            name: np.zeros(leaf.shape) if slope is None else slope.numpy()
            for name, leaf, slope in zip(names, wanted, found, strict=True)
        }


class Keras(Torch):
    """What Keras takes when torch is its backend."""

    def prepare(self) -> None:
        """Choose torch, and float64: Keras turns what it is given into its own type of numbers."""
        os.environ["KERAS_BACKEND"] = "torch"
        super().prepare()
        import_module("keras").config.set_floatx("float64")


class Jax(Arrays):
    """Arrays of jax."""

    def prepare(self) -> None:
        """Ask jax for float64, which it does not use by itself."""
        os.environ["JAX_PLATFORMS"] = "cpu"
        self.jax = import_module("jax")
        self.jax.config.update("jax_enable_x64", True)

    def made(self, array: Array) -> Foreign:
        """An array of jax with the same type of numbers."""
        return self.jax.numpy.asarray(array)

    def slopes(self, call: Call, inputs: Mapping[str, Foreign], names: Sequence[str]) -> dict[str, Array] | None:
        """By jax.grad."""

        def total(moved: Mapping[str, Foreign]) -> Foreign:
            return self.jax.numpy.sum(call({**inputs, **moved}))

        found = self.jax.grad(total)({name: inputs[name] for name in names})
        return {name: np.asarray(slope) for name, slope in found.items()}


class Paddle(Arrays):
    """Tensors of PaddlePaddle."""

    def prepare(self) -> None:
        """Import it; it keeps float64 where it is given."""
        self.paddle = import_module("paddle")

    def made(self, array: Array) -> Foreign:
        """A tensor with the same type of numbers."""
        return self.paddle.to_tensor(array)

    def plain(self, value: Foreign) -> Array:
        """The tensor's numbers."""
        return np.asarray(value.numpy() if isinstance(value, self.paddle.Tensor) else value)

    def slopes(self, call: Call, inputs: Mapping[str, Foreign], names: Sequence[str]) -> dict[str, Array] | None:
        """By paddle.grad."""
        leaves = dict(inputs)
        for name in names:
            leaves[name] = self.paddle.to_tensor(inputs[name].numpy(), stop_gradient=False)
        wanted = [leaves[name] for name in names]
        found = self.paddle.grad(call(leaves).sum(), wanted, allow_unused=True)
        return {
            name: np.zeros(leaf.shape) if slope is None else slope.numpy()
            for name, leaf, slope in zip(names, wanted, found, strict=True)
        }


class Mlx(Arrays):
    """Arrays of MLX, on the processor, which alone has float64."""

    def prepare(self) -> None:
        """Choose the processor."""
        self.mlx = import_module("mlx.core")
        self.mlx.set_default_device(self.mlx.cpu)

    def made(self, array: Array) -> Foreign:
        """An array with the same type of numbers, which MLX does not keep by itself."""
        return self.mlx.array(
            array, dtype=self.mlx.float64 if np.issubdtype(array.dtype, np.floating) else self.mlx.int64
        )

    def slopes(self, call: Call, inputs: Mapping[str, Foreign], names: Sequence[str]) -> dict[str, Array] | None:
        """By mlx.core.grad."""

        def total(moved: Mapping[str, Foreign]) -> Foreign:
            return call({**inputs, **moved}).sum()

        found = self.mlx.grad(total)({name: inputs[name] for name in names})
        return {name: np.asarray(slope) for name, slope in found.items()}


class TensorFlow(Arrays):
    """Tensors of TensorFlow."""

    def prepare(self) -> None:
        """Import it, without what it tells of the machine and with one thread."""
        os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
        self.tensorflow = import_module("tensorflow")
        self.tensorflow.config.threading.set_intra_op_parallelism_threads(1)

    def made(self, array: Array) -> Foreign:
        """A tensor with the same type of numbers."""
        return self.tensorflow.constant(array)

    def plain(self, value: Foreign) -> Array:
        """The tensor's numbers."""
        return np.asarray(value)

    def slopes(self, call: Call, inputs: Mapping[str, Foreign], names: Sequence[str]) -> dict[str, Array] | None:
        """By a tape."""
        leaves = {name: self.tensorflow.Variable(inputs[name]) for name in names}
        with self.tensorflow.GradientTape() as tape:
            value = self.tensorflow.reduce_sum(call({**inputs, **leaves}))
        found = tape.gradient(value, leaves, unconnected_gradients="zero")
        return {name: np.asarray(slope) for name, slope in found.items()}


class Keras2(TensorFlow):
    """Tensors of float32, all that is taken by what was written for TensorFlow with Keras 2."""

    def prepare(self) -> None:
        """Have TensorFlow bring Keras 2."""
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        super().prepare()

    def made(self, array: Array) -> Foreign:
        """A tensor of float32, or of whole numbers."""
        floating = np.issubdtype(array.dtype, np.floating)
        return super().made(array.astype(np.float32) if floating else array)


class MindSpore(Arrays):
    """Tensors of MindSpore, whose class numbers are int32."""

    def prepare(self) -> None:
        """Import it, with one thread for its operators."""
        self.mindspore = import_module("mindspore")
        self.mindspore.set_device("CPU")

    def made(self, array: Array) -> Foreign:
        """A tensor of float64, or of int32."""
        wanted = np.float64 if np.issubdtype(array.dtype, np.floating) else np.int32
        return self.mindspore.Tensor(array.astype(wanted))

    def plain(self, value: Foreign) -> Array:
        """The tensor's numbers."""
        return np.asarray(value.asnumpy() if isinstance(value, self.mindspore.Tensor) else value)

    def slopes(self, call: Call, inputs: Mapping[str, Foreign], names: Sequence[str]) -> dict[str, Array] | None:
        """By mindspore.grad."""

        def total(*moved: Foreign) -> Foreign:
            return call({**inputs, **dict(zip(names, moved, strict=True))}).sum()

        places = tuple(range(len(names)))
        found = self.mindspore.grad(total, grad_position=places)(*(inputs[name] for name in names))
        found = found if isinstance(found, tuple) else (found,)
        return {name: slope.asnumpy() for name, slope in zip(names, found, strict=True)}


@dataclass(frozen=True)
class Objective:
    """What a call of `xgboost.train` says: its parameters, the labels, and what the trees have added up so far."""

    parameters: Mapping[str, Foreign]
    label: Foreign
    margin: Foreign


class Boosted(Torch):
    """Margins and labels that XGBoost trains on; its objectives have a gradient and tell no value.

    A call is taken as it stands, but for the settings of its trees: the one leaf of the first tree of a single sample
    is minus the gradient, divided by the sum of the second derivative and a penalty. Leaves at two penalties give the
    gradient alone.
    """

    valued = False
    penalties = (1.0, 1e4, 1e10, 1e16)
    clear = 100  # so much smaller a leaf is at a penalty that tells the gradient from the second derivative

    def seen(self, packages: Mapping[str, Foreign]) -> dict[str, Foreign]:
        """Training that keeps what it is given; the features are the reader's own."""
        self.xgboost = packages["xgboost"]
        kept = SimpleNamespace(
            DMatrix=lambda features, label, base_margin: (label, base_margin),
            train=lambda parameters, data: Objective(parameters, *data),
        )
        return {**packages, "xgboost": kept, "features": None}

    def plain(self, value: Foreign) -> Array:
        """The gradient of each sample with respect to its margin."""
        label, margin = (np.asarray(super(Boosted, self).plain(one), float) for one in (value.label, value.margin))
        found = [self._slope(value.parameters, y, m) for y, m in zip(label.ravel(), margin.ravel(), strict=True)]
        return np.array(found).reshape(margin.shape)

    def _slope(self, parameters: Mapping[str, Foreign], label: float, margin: float) -> float:
        data = self.xgboost.DMatrix(np.zeros((1, 1)), [label], base_margin=[margin])
        settings = {"eta": 1, "min_child_weight": 0, "max_delta_step": 0, "tree_method": "exact", "nthread": 1}
        leaves: list[float] = []
        for penalty in self.penalties:
            chosen = {**parameters, **settings, "lambda": penalty, "verbosity": 0}
            told = json.loads(bytes(self.xgboost.train(chosen, data, 1).save_raw("json")))
            leaves.append(told["learner"]["gradient_booster"]["model"]["trees"][0]["base_weights"][0])
            if leaves[-1] == 0:
                return 0.0  # without a gradient or a second derivative there is no step
            if abs(leaves[0] / leaves[-1]) > self.clear:
                return float((penalty - self.penalties[0]) / (1 / leaves[0] - 1 / leaves[-1]))
        return float("nan")

    def slopes(self, call: Call, inputs: Mapping[str, Foreign], names: Sequence[str]) -> dict[str, Array] | None:
        """Through the margin, which torch follows back to the inputs."""
        leaves = {**inputs, **{name: inputs[name].clone().requires_grad_() for name in names}}
        value = call(leaves)
        wanted = [leaves[name] for name in names]
        pulls = self.torch.as_tensor(self.plain(value))
        found = self.torch.autograd.grad(value.margin, wanted, grad_outputs=pulls, allow_unused=True)
        return {
            name: np.zeros(leaf.shape) if slope is None else slope.numpy()
            for name, leaf, slope in zip(names, wanted, found, strict=True)
        }


KINDS: dict[str, type[Arrays]] = {
    "numpy": Arrays,
    "torch": Torch,
    "keras": Keras,
    "jax": Jax,
    "paddle": Paddle,
    "mlx": Mlx,
    "tensorflow": TensorFlow,
    "keras2": Keras2,
    "mindspore": MindSpore,
    "boosted": Boosted,
}

_NMS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_DECLARED: list[Foreign] = []  # what is declared is forgotten with the object that declared it


def _declare_operators(torch: Foreign) -> None:
    """Let torchvision be imported where its compiled operators do not load: it asks only that two be declared.

    They are built for one build of torch. Beside another, its losses, which are plain Python, are all that is used.
    """
    try:
        import_module("torchvision")
    except ImportError:
        return
    except RuntimeError:
        declared = torch.library.Library("torchvision", "DEF")
        _DECLARED.append(declared)
        for name in ("nms", "qnms"):
            declared.define(name + _NMS)
        import_module("torchvision")
