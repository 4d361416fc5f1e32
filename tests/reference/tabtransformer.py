# SPDX-License-Identifier: GPL-3.0-or-later
"""The TabTransformer (arXiv 2012.06678), and what stands beyond it: numbers as columns of
the attention (arXiv 2203.05556) and a column of its own to read from (arXiv 2106.11959).
"""
import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from golden import Case


@dataclass
class Number:
    """A continuous column as a token: where among the continuous features are its value
    and the flag that it is missing (-1: nowhere), and the edges of its bins."""

    value: int
    missing: int = -1
    edges: tuple = ()

    def bins(self, x):
        """(rows) -> (rows, bins): 1 for each bin below that of x, in that one how far x
        has come, and 0 for each above. What lies outside is as the outermost edge."""
        edges = torch.tensor(self.edges, dtype=torch.double)
        x = x.clamp(edges[0], edges[-1]).contiguous()
        own = torch.bucketize(x, edges[1:-1])
        part = (x - edges[own]) / (edges[own + 1] - edges[own])
        place = torch.arange(len(edges) - 1) - own[:, None]
        return (place < 0) + (place == 0) * part[:, None]


@dataclass
class TabTransformer(Case):
    continuous: int = 0
    d: int = 8
    layers: int = 1
    heads: int = 2
    identifier: int = 1
    batch_norm: bool = False
    tokens: tuple = ()     # of Number
    beside: bool = False   # these go to the head as well
    frequencies: int = 0   # of numbers as waves; 0: in bins
    cls: bool = False

    def draw_rows(self):
        drawn = {}
        if self.classes:
            drawn["categorical"] = self.cells()
        if self.continuous:
            drawn["continuous"] = self.numbers(self.rows, self.continuous)
        for i, token in enumerate(self.tokens):
            if token.missing >= 0:
                drawn["continuous"][:, token.missing] = self.chosen(0.3, self.rows)
            if token.edges:
                drawn[f"edges.{i}"] = torch.tensor(token.edges, dtype=torch.double)
        if self.task == "mlm":  # a missing cell has no answer
            masked = self.chosen(0.4, *drawn["categorical"].shape)
            drawn["masked"] = (masked & (drawn["categorical"] > 0)).long()
        elif self.task == "rtd":
            other = torch.stack([self.codes(1, n + 1) for n in self.classes], 1)
            replaced = self.chosen(0.4, *other.shape)
            drawn["corrupted"] = torch.where(replaced, other, drawn["categorical"])
        else:
            drawn["target"] = self.target()
        return drawn

    def settings(self):
        settings = dict(task=self.task, cardinalities=self.cardinalities(),
                        continuous=self.continuous, d=self.d, layers=self.layers,
                        heads=self.heads, identifier=self.identifier,
                        outputs=self.outputs, batchnorm=int(self.batch_norm))
        if self.tokens:
            settings.update(tokens="both" if self.beside else "tokens",
                            numbers="periodic" if self.frequencies else "ple",
                            frequencies=self.frequencies,
                            values=",".join(str(t.value) for t in self.tokens),
                            missing=",".join(str(t.missing) for t in self.tokens))
        if self.cls:
            settings["readout"] = "cls"
        return settings

    # ---- vectors ----

    def shown(self):
        shown = self.input["categorical"]
        if self.task == "mlm":
            return shown.masked_fill(self.input["masked"].bool(), 0)
        return self.input["corrupted"] if self.task == "rtd" else shown

    def class_vectors(self):
        width = self.d - self.identifier
        return [self.parameters.want(f"columns.{i}.value", (n + 1, width), 0, 1)
                [self.shown()[:, i]] for i, n in enumerate(self.classes)]

    def encode(self, i, token):
        x = self.input["continuous"][:, token.value]
        if not self.frequencies:
            return token.bins(x)
        c = self.parameters.want(f"numbers.{i}.frequency", (self.frequencies,), 0, 0.3)
        turns = 2 * math.pi * x[:, None] * c
        return torch.cat([turns.sin(), turns.cos()], 1)

    def number_vector(self, i, token):
        """A linear map of the encoded number; where that says nothing, the bias alone."""
        p, name, width = self.parameters, f"numbers.{i}", self.d - self.identifier
        if token.value >= 0 and (self.frequencies or token.edges):
            x = p.linear(name, self.encode(i, token), width)
        else:
            x = p.want(name + ".bias", (width,), 0, 1).expand(self.rows, -1)
        if token.missing < 0:
            return x
        gone = self.input["continuous"][:, token.missing, None] > 0
        return torch.where(gone, p.want(name + ".missing", (width,), 0, 1), x)

    def embed(self):
        p, m = self.parameters, len(self.classes) + len(self.tokens)
        own = torch.empty(m, 0)
        if self.identifier > 0:
            own = p.want("columns.identifier", (m, self.identifier), 0, 1)
        vectors = self.class_vectors() + [self.number_vector(i, token)
                                          for i, token in enumerate(self.tokens)]
        columns = [torch.cat([own[i].expand(self.rows, -1), x], 1)
                   for i, x in enumerate(vectors)]
        if self.cls:
            columns.append(p.want("readout.cls", (self.d,), 0, 1).expand(self.rows, -1))
        return torch.stack(columns, 1)

    # ---- layers ----

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

    # ---- what is learned ----

    def logits(self):
        p, parts = self.parameters, []
        if self.classes or self.tokens:
            x = self.contextual()
            parts.append(x[:, -1] if self.cls else x.flatten(1))
        if self.continuous and (self.beside or not self.tokens):
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
        self.outcome["logits"] = self.logits()
        return self.answer_loss(self.outcome["logits"])
