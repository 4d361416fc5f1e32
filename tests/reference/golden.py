# SPDX-License-Identifier: GPL-3.0-or-later
"""What all cases have in common: parameters, the loss of known answers, and the file."""
import json
import struct
from dataclasses import dataclass

import torch
from torch.nn import functional as F

EPS = 1e-5  # of every norm


class Parameters(dict):
    """Tensors by name, made when a layer first asks for them."""

    def __init__(self, seed):
        super().__init__()
        self.random = torch.Generator().manual_seed(seed)

    def want(self, name, shape, middle, spread):
        if name not in self:
            noise = torch.randn(shape, generator=self.random, dtype=torch.double)
            self[name] = (middle + spread * noise).requires_grad_()
        return self[name]

    def weight(self, name, width, n):
        return self.want(name + ".weight", (width, n), 0, n**-0.5)

    def linear(self, name, x, width):
        return F.linear(x, self.weight(name, width, x.shape[-1]),
                        self.want(name + ".bias", (width,), 0, 0.2))

    def norm_pair(self, name, n):
        return (self.want(name + ".weight", (n,), 1, 0.2),
                self.want(name + ".bias", (n,), 0, 0.2))

    def layer_norm(self, name, x):
        n = x.shape[-1]
        return F.layer_norm(x, (n,), *self.norm_pair(name, n), EPS)

    def batch_norm(self, name, x):
        return F.batch_norm(x, None, None, *self.norm_pair(name, x.shape[-1]),
                            training=True, eps=EPS)


@dataclass
class Case:
    """One model with the rows that it is given. A kind of model has draw_rows, which
    returns its inputs by name; loss, which leaves in self.outcome what else is to be
    compared; and settings, the metadata."""

    task: str
    seed: int
    outputs: int = 1
    rows: int = 7
    adamw: int = 0  # steps
    classes: tuple = ()  # of each categorical column

    def __post_init__(self):
        self.parameters = Parameters(self.seed)
        self.outcome = {}
        self.random = torch.Generator().manual_seed(self.seed + 500)
        self.input = self.draw_rows()

    # ---- rows ----

    def codes(self, first, behind):
        return torch.randint(first, behind, (self.rows,), generator=self.random)

    def numbers(self, *shape):
        return torch.randn(shape, generator=self.random, dtype=torch.double)

    def chosen(self, share, *shape):
        return torch.rand(shape, generator=self.random) < share

    def cells(self):
        """Codes of all categorical columns; 0 is "missing"."""
        return torch.stack([self.codes(0, n + 1) for n in self.classes], 1)

    def target(self):
        return (self.numbers(self.rows) if self.task == "regression"
                else self.codes(0, max(2, self.outputs)))

    # ---- losses ----

    def answer_loss(self, y):
        """Of outputs (rows, outputs) for the target."""
        target = self.input["target"]
        if self.task == "multiclass":
            return F.cross_entropy(y, target)
        if self.task == "binary":
            return F.binary_cross_entropy_with_logits(y[:, 0], target.double())
        return F.mse_loss(y[:, 0], target)

    # ---- the file ----

    def cardinalities(self):
        return ",".join(map(str, self.classes))

    def optimise(self, tensors, settings):
        """A few steps of AdamW on the same rows. Its eps lies above the rounding errors
        of a gradient that is zero by mathematics, as those of the keys' biases are."""
        rate = dict(lr=0.01, eps=1e-6, weight_decay=0.1)
        beta1, beta2 = 0.9, 0.999
        optimiser = torch.optim.AdamW(self.parameters.values(), betas=(beta1, beta2),
                                      **rate)
        losses = []
        for _ in range(self.adamw):
            optimiser.zero_grad()
            loss = self.loss()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        tensors["adamw.loss"] = torch.tensor(losses, dtype=torch.double)
        for name, value in self.parameters.items():
            tensors["adamw.parameter." + name] = value
        settings.update({"adamw_" + key: value for key, value in rate.items()},
                        adamw_steps=self.adamw, adamw_beta1=beta1, adamw_beta2=beta2)

    def write(self, path):
        """Returns the loss and the file's size."""
        loss = self.loss()
        gradients = torch.autograd.grad(loss, list(self.parameters.values()))
        tensors = {"input." + name: x for name, x in self.input.items()}
        tensors.update({"parameter." + n: x.detach().clone()
                        for n, x in self.parameters.items()})
        tensors.update({"output." + n: x for n, x in self.outcome.items()})
        tensors["output.loss"] = loss.reshape(1)
        tensors.update({"gradient." + n: g for n, g in zip(self.parameters, gradients)})
        settings = self.settings()
        if self.adamw:
            self.optimise(tensors, settings)
        return loss.item(), write_safetensors(path, tensors, settings)


def write_safetensors(path, tensors, settings):
    header = {"__metadata__": {key: str(value) for key, value in settings.items()}}
    data = b""
    for name, x in tensors.items():
        x = x.detach().contiguous()
        dtype, x = ("F32", x.float()) if x.is_floating_point() else ("I64", x)
        numbers = x.numpy().tobytes()
        header[name] = {"dtype": dtype, "shape": list(x.shape),
                        "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)
    return 8 + len(text) + len(data)
