#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the golden files of this folder: small TabTransformers of PyTorch in double.

    apt-get install --no-install-recommends python3-torch
    /usr/bin/python3 make.py [FOLDER]

Each file is one case in the safetensors format, numbers as F32, classes as I64:

    input.categorical, input.continuous, input.target; of pre-training instead of a target
    input.masked (1: the cell was masked) or input.corrupted (the codes that are shown)
    parameter.NAME              names and shapes as in our model files
    output.hidden.L, output.attention.L, output.logits, output.loss
    gradient.NAME               of the loss
    adamw.loss, adamw.parameter.NAME    losses before each step, parameters after the last

and in its metadata the settings that tests/golden.c reads. The tests need the files only,
not this script.
"""
import json
import math
import os
import struct
import sys
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

    def linear(self, name, x, width):
        n = x.shape[-1]
        return F.linear(x, self.want(name + ".weight", (width, n), 0, n**-0.5),
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
    """One model with the rows that it is given."""

    task: str
    seed: int
    classes: tuple = ()  # of each column
    continuous: int = 0
    d: int = 8
    layers: int = 1
    heads: int = 2
    identifier: int = 1
    outputs: int = 1
    batch_norm: bool = False
    rows: int = 7
    steps: int = 0  # of AdamW

    def __post_init__(self):
        self.parameters = Parameters(self.seed)
        self.outcome = {}
        self.input = self.draw_rows(torch.Generator().manual_seed(self.seed + 500))

    def draw_rows(self, random):
        def codes(first, behind):
            return torch.randint(first, behind, (self.rows,), generator=random)

        def numbers(*shape):
            return torch.randn(shape, generator=random, dtype=torch.double)

        drawn = {}
        if self.classes:  # 0 is "missing"
            drawn["categorical"] = torch.stack([codes(0, n + 1) for n in self.classes], 1)
        if self.continuous:
            drawn["continuous"] = numbers(self.rows, self.continuous)
        if self.task == "mlm":  # a missing cell has no answer
            masked = torch.rand(drawn["categorical"].shape, generator=random) < 0.4
            drawn["masked"] = (masked & (drawn["categorical"] > 0)).long()
            return drawn
        if self.task == "rtd":
            other = torch.stack([codes(1, n + 1) for n in self.classes], 1)
            replaced = torch.rand(other.shape, generator=random) < 0.4
            drawn["corrupted"] = torch.where(replaced, other, drawn["categorical"])
            return drawn
        drawn["target"] = (numbers(self.rows) if self.task == "regression"
                           else codes(0, max(2, self.outputs)))
        return drawn

    # ---- the model ----

    def embed(self):
        p, m = self.parameters, len(self.classes)
        shown = self.input["categorical"]
        if self.task == "mlm":
            shown = shown.masked_fill(self.input["masked"].bool(), 0)
        elif self.task == "rtd":
            shown = self.input["corrupted"]
        own = p.want("columns.identifier", (m, self.identifier), 0, 1)
        columns = []
        for i, n in enumerate(self.classes):
            values = p.want(f"columns.{i}.value", (n + 1, self.d - self.identifier), 0, 1)
            columns.append(torch.cat([own[i].expand(self.rows, -1),
                                      values[shown[:, i]]], 1))
        return torch.stack(columns, 1)

    def attend(self, layer, x):
        p, width = self.parameters, self.d // self.heads
        name = f"layers.{layer}.attention."
        q, k, v = (p.linear(name + part, x, self.d)
                   .unflatten(-1, (self.heads, width)).transpose(1, 2)
                   for part in ("query", "key", "value"))
        weights = torch.softmax(q @ k.mT / math.sqrt(width), -1)
        self.outcome[f"attention.{layer}"] = weights
        return p.linear(name + "out", (weights @ v).transpose(1, 2).flatten(2), self.d)

    def contextual(self):
        p, x = self.parameters, self.embed()
        self.outcome["hidden.0"] = x
        for i in range(self.layers):
            x = p.layer_norm(f"layers.{i}.norm1", x + self.attend(i, x))
            y = F.gelu(p.linear(f"layers.{i}.ffn.up", x, 4 * self.d))
            y = p.linear(f"layers.{i}.ffn.down", y, self.d)
            x = p.layer_norm(f"layers.{i}.norm2", x + y)
            self.outcome[f"hidden.{i + 1}"] = x
        return x

    def logits(self):
        p, parts = self.parameters, []
        if self.classes:
            parts.append(self.contextual().flatten(1))
        if self.continuous:
            parts.append(p.layer_norm("continuous.norm", self.input["continuous"]))
        x = torch.cat(parts, 1)
        n = x.shape[1]
        for block, width in (("head.0", 4 * n), ("head.1", 2 * n)):
            x = F.selu(p.linear(block, x, width))
            if self.batch_norm:
                x = p.batch_norm(block + ".norm", x)
        return p.linear("head.out", x, self.outputs)

    def mlm_loss(self):
        """A classifier for each column; mean over the masked cells of all columns."""
        x, masked = self.contextual(), self.input["masked"].bool()
        losses = [F.cross_entropy(
            self.parameters.linear(f"mlm.{i}", x[:, i], n)[masked[:, i]],
            self.input["categorical"][masked[:, i], i] - 1, reduction="sum")
            for i, n in enumerate(self.classes)]
        return sum(losses) / masked.sum()

    def rtd_loss(self):
        """A logit for each column: was the cell replaced? Mean over all cells."""
        x = self.contextual()
        y = torch.cat([self.parameters.linear(f"rtd.{i}", x[:, i], 1)
                       for i in range(len(self.classes))], 1)
        self.outcome["logits"] = y
        replaced = self.input["corrupted"] != self.input["categorical"]
        return F.binary_cross_entropy_with_logits(y, replaced.double())

    def loss(self):
        if self.task in ("mlm", "rtd"):
            return self.mlm_loss() if self.task == "mlm" else self.rtd_loss()
        y, target = self.logits(), self.input["target"]
        self.outcome["logits"] = y
        if self.task == "multiclass":
            return F.cross_entropy(y, target)
        if self.task == "binary":
            return F.binary_cross_entropy_with_logits(y[:, 0], target.double())
        return F.mse_loss(y[:, 0], target)

    # ---- the file ----

    def optimise(self, tensors, settings):
        """A few steps of AdamW on the same rows. Its eps lies above the rounding errors
        of a gradient that is zero by mathematics, as those of the keys' biases are."""
        rate = dict(lr=0.01, eps=1e-6, weight_decay=0.1)
        beta1, beta2 = 0.9, 0.999
        optimiser = torch.optim.AdamW(self.parameters.values(), betas=(beta1, beta2),
                                      **rate)
        losses = []
        for _ in range(self.steps):
            optimiser.zero_grad()
            loss = self.loss()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        tensors["adamw.loss"] = torch.tensor(losses, dtype=torch.double)
        for name, value in self.parameters.items():
            tensors["adamw.parameter." + name] = value
        settings.update({"adamw_" + key: value for key, value in rate.items()},
                        adamw_steps=self.steps, adamw_beta1=beta1, adamw_beta2=beta2)

    def write(self, path):
        loss = self.loss()
        gradients = torch.autograd.grad(loss, list(self.parameters.values()))
        tensors = {"input." + name: x for name, x in self.input.items()}
        tensors.update({"parameter." + n: x.detach().clone()
                        for n, x in self.parameters.items()})
        tensors.update({"output." + n: x for n, x in self.outcome.items()})
        tensors["output.loss"] = loss.reshape(1)
        tensors.update({"gradient." + n: g for n, g in zip(self.parameters, gradients)})
        settings = dict(task=self.task, cardinalities=",".join(map(str, self.classes)),
                        continuous=self.continuous, d=self.d, layers=self.layers,
                        heads=self.heads, identifier=self.identifier,
                        outputs=self.outputs, batchnorm=int(self.batch_norm))
        if self.steps:
            self.optimise(tensors, settings)
        return write_safetensors(path, tensors, settings)


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


CASES = {
    "binary": Case("binary", 1, (3, 2), 1, layers=2, rows=19, steps=4),
    "batch_norm": Case("binary", 2, (4,), 3, batch_norm=True, rows=21),
    "multiclass": Case("multiclass", 3, (5, 1), 2, heads=4, identifier=3, outputs=3),
    "regression": Case("regression", 4, (2,), 4, heads=1, rows=5, steps=3),
    "only_continuous": Case("binary", 5, (), 5, rows=17),
    "one_column": Case("binary", 6, (6,), identifier=2, rows=3),
    "mlm": Case("mlm", 8, (3, 70, 2), rows=37, steps=3),
    "rtd": Case("rtd", 9, (4, 2), heads=4, rows=20, steps=3),
    "no_layers": Case("multiclass", 7, (3, 4), layers=0, outputs=4, rows=6),
}


def main(folder):
    torch.set_num_threads(1)
    for name, case in CASES.items():
        size = case.write(os.path.join(folder, name + ".safetensors"))
        print(f"{name:16} {size:7} bytes, loss {case.loss().item():.6f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
