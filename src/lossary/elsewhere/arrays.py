"""Turns numbers into the arrays of a library and back, and has it find gradients; one class for each kind of array."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from lossary.declaration.values import Array

# A call of a library as a function of the loss's inputs.
Call = Callable[[Mapping[str, Any]], Any]


class Arrays:
    """NumPy's own arrays, in which a call has no gradient."""

    def prepare(self) -> None:
        """What has to be set before the library is imported: float64 throughout, and one thread."""

    def made(self, array: Array) -> Any:
        """Numbers as the library takes them."""
        return array

    def plain(self, value: Any) -> Array:
        """What a call gave, as plain numbers."""
        return np.asarray(value)

    def slopes(self, call: Call, inputs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Array] | None:
        """The gradient of the sum of what a call gives, with respect to the inputs of some names; None without one."""
        return None


class Torch(Arrays):
    """Torch's tensors, which Keras takes as well."""

    def prepare(self) -> None:
        """Let torchvision, which others import, be imported beside a torch that its operators were not built for."""
        self.torch = import_module("torch")
        self.torch.set_num_threads(1)
        _declare_operators(self.torch)

    def made(self, array: Array) -> Any:
        """A tensor of float64, or of int64."""
        return self.torch.tensor(array)

    def plain(self, value: Any) -> Array:
        """The tensor's numbers."""
        return np.asarray(value.detach().numpy() if isinstance(value, self.torch.Tensor) else value)

    def slopes(self, call: Call, inputs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Array] | None:
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

    def made(self, array: Array) -> Any:
        """An array of jax with the same type of numbers."""
        return self.jax.numpy.asarray(array)

    def slopes(self, call: Call, inputs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Array] | None:
        """By jax.grad."""

        def total(moved: Mapping[str, Any]) -> Any:
            return self.jax.numpy.sum(call({**inputs, **moved}))

        found = self.jax.grad(total)({name: inputs[name] for name in names})
        return {name: np.asarray(slope) for name, slope in found.items()}


class Paddle(Arrays):
    """Tensors of PaddlePaddle."""

    def prepare(self) -> None:
        """Import it; it keeps float64 where it is given."""
        self.paddle = import_module("paddle")

    def made(self, array: Array) -> Any:
        """A tensor with the same type of numbers."""
        return self.paddle.to_tensor(array)

    def plain(self, value: Any) -> Array:
        """The tensor's numbers."""
        return np.asarray(value.numpy() if isinstance(value, self.paddle.Tensor) else value)

    def slopes(self, call: Call, inputs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Array] | None:
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

    def made(self, array: Array) -> Any:
        """An array with the same type of numbers, which MLX does not keep by itself."""
        return self.mlx.array(
            array, dtype=self.mlx.float64 if np.issubdtype(array.dtype, np.floating) else self.mlx.int64
        )

    def slopes(self, call: Call, inputs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Array] | None:
        """By mlx.core.grad."""

        def total(moved: Mapping[str, Any]) -> Any:
            return call({**inputs, **moved}).sum()

        found = self.mlx.grad(total)({name: inputs[name] for name in names})
        return {name: np.asarray(slope) for name, slope in found.items()}


KINDS: dict[str, type[Arrays]] = {
    "numpy": Arrays,
    "torch": Torch,
    "keras": Keras,
    "jax": Jax,
    "paddle": Paddle,
    "mlx": Mlx,
}

_NMS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_DECLARED: list[Any] = []  # what is declared is forgotten with the object that declared it


def _declare_operators(torch: Any) -> None:
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
