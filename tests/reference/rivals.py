# SPDX-License-Identifier: GPL-3.0-or-later
"""The rivals: MLP, also with rows without labels and as a denoising autoencoder, Deep VIB
(arXiv 1612.00410) and TabNet (arXiv 1908.07442)."""
import math
from dataclasses import dataclass

import torch
from torch import distributions
from torch.nn import functional as F

from golden import Case


def blocks(p, x):
    """Two blocks of an MLP, twice and once as wide as x."""
    n = x.shape[1]
    for i in range(2):
        x = p.batch_norm(f"mlp.{i}.norm", F.selu(p.linear(f"mlp.{i}", x, (2 - i) * n)))
    return x


@dataclass
class Mlp(Case):
    width: int = 4  # of a row
    unlabeled: int = 0   # rows without labels
    kind: str = "plain"  # what these add: "entropy", "pseudo"
    weight: float = 0    # times this

    def draw_rows(self):
        drawn = {"x": self.numbers(self.rows, self.width), "target": self.target()}
        if self.unlabeled:
            drawn["unlabeled"] = self.numbers(self.unlabeled, self.width)
        return drawn

    def settings(self):
        return dict(model="mlp", kind=self.kind, task=self.task, width=self.width,
                    classes=max(2, self.outputs), weight=self.weight)

    def logits(self, name, x):
        y = self.parameters.linear("mlp.out", blocks(self.parameters, x), self.outputs)
        self.outcome[name] = y
        return y

    def unlabeled_loss(self):
        """Entropy of what is predicted, or cross-entropy against the likeliest class."""
        y = self.logits("unlabeled_logits", self.input["unlabeled"])
        if self.task == "binary":
            y = torch.cat([torch.zeros_like(y), y], 1)
        if self.kind == "entropy":
            return distributions.Categorical(logits=y).entropy().mean()
        return F.cross_entropy(y, y.argmax(1))

    def loss(self):
        loss = self.answer_loss(self.logits("logits", self.input["x"]))
        return loss + self.weight * self.unlabeled_loss() if self.unlabeled else loss


@dataclass
class Dae(Case):
    """Cells are given back that stand as in another row. Input "corrupted" and
    "corrupted_continuous" are shown, "categorical" and "continuous" are the answers."""

    continuous: int = 0
    one_hot: bool = False
    d: int = 8
    identifier: int = 1

    def draw_rows(self):
        drawn = {"categorical": self.cells(),
                 "continuous": self.numbers(self.rows, self.continuous)}
        other = torch.randperm(self.rows, generator=self.random)
        for clean, shown in (("categorical", "corrupted"),
                             ("continuous", "corrupted_continuous")):
            x = drawn[clean]
            drawn[shown] = torch.where(self.chosen(0.3, *x.shape), x[other], x)
        return drawn

    def settings(self):
        return dict(model="mlp", task="dae", cardinalities=self.cardinalities(),
                    continuous=self.continuous, d=self.d, identifier=self.identifier,
                    encoding="one-hot" if self.one_hot else "embedding")

    def vectors(self):
        p, parts = self.parameters, []
        own = p.want("columns.identifier", (len(self.classes), self.identifier), 0, 1)
        for i, n in enumerate(self.classes):
            value = p.want(f"columns.{i}.value", (n + 1, self.d - self.identifier), 0, 1)
            parts += [own[i].expand(self.rows, -1), value[self.input["corrupted"][:, i]]]
        self.outcome["hidden.0"] = torch.cat(parts, 1).unflatten(1, (-1, self.d))
        return parts

    def one_hot_blocks(self, x):
        """The first map has a line for each class, which lies beside the weights for the
        numbers as columns.I.weight: a block matrix as the MLP knows it, cut in pieces."""
        p, n = self.parameters, sum(self.classes) + len(self.classes) + self.continuous
        y = p.linear("mlp.0", x, 2 * n)
        for i, classes in enumerate(self.classes):
            lines = p.want(f"columns.{i}.weight", (classes + 1, 2 * n), 0, n**-0.5)
            y = y + F.one_hot(self.input["corrupted"][:, i], classes + 1).double() @ lines
        y = p.batch_norm("mlp.0.norm", F.selu(y))
        return p.batch_norm("mlp.1.norm", F.selu(p.linear("mlp.1", y, n)))

    def loss(self):
        x = self.input["corrupted_continuous"]
        if self.one_hot:
            x = self.one_hot_blocks(x)
        else:
            x = blocks(self.parameters, torch.cat(self.vectors() + [x], 1))
        widths = [n + 1 for n in self.classes] + [self.continuous]
        y = self.parameters.linear("dae", x, sum(widths))
        self.outcome["logits"] = y
        *classes, numbers = y.split(widths, 1)
        cells = [F.cross_entropy(z, self.input["categorical"][:, i], reduction="none")
                 for i, z in enumerate(classes)]
        cells += ((numbers - self.input["continuous"]) ** 2).unbind(1)
        return torch.stack(cells).mean()


@dataclass
class Vib(Case):
    width: int = 4
    hidden: int = 6
    latent: int = 3
    mixtures: int = 2
    samples: int = 4
    beta: float = 0.1

    def draw_rows(self):
        return {"x": self.numbers(self.rows, self.width), "target": self.target(),
                "noise": self.numbers(self.samples, self.rows, self.latent)}

    def settings(self):
        return dict(model="vib", task=self.task, width=self.width, hidden=self.hidden,
                    latent=self.latent, classes=max(2, self.outputs),
                    mixtures=self.mixtures, samples=self.samples, beta=self.beta)

    def latent_distribution(self):
        p, x = self.parameters, self.input["x"]
        for i in range(2):
            x = F.selu(p.linear(f"encoder.{i}", x, self.hidden))
        mean, s = p.linear("encoder.out", x, 2 * self.latent).chunk(2, 1)
        return distributions.Normal(mean, F.softplus(s - 5))

    def marginal(self):
        p, shape = self.parameters, (self.mixtures, self.latent)
        deviation = p.want("marginal.log_std", shape, 0, 0.2).exp()
        gaussians = distributions.Normal(p.want("marginal.mean", shape, 0, 1), deviation)
        share = p.want("marginal.weight", (self.mixtures,), 0, 1)
        return distributions.MixtureSameFamily(
            distributions.Categorical(logits=share),
            distributions.Independent(gaussians, 1))

    def loss(self):
        """The mean over the samples; the outcome is that of what they predict."""
        q, losses, predicted = self.latent_distribution(), [], []
        for noise in self.input["noise"]:
            z = q.loc + q.scale * noise
            y = self.parameters.linear("decoder", z, self.outputs)
            far = q.log_prob(z).sum(1) - self.marginal().log_prob(z)
            losses.append(self.answer_loss(y) + self.beta * far.mean())
            predicted.append(y.softmax(1) if self.task == "multiclass" else
                             y.sigmoid() if self.task == "binary" else y)
        self.outcome["probability"] = torch.stack(predicted).mean(0)
        return torch.stack(losses).mean()


def sparsemax(x):
    """The point of the simplex that is nearest to x: what lies above a threshold. Of the
    k largest alone it would be (their sum - 1) / k, which is largest for the right k."""
    largest = x.sort(-1, descending=True).values.cumsum(-1)
    k = torch.arange(1, x.shape[-1] + 1)
    return F.relu(x - ((largest - 1) / k).amax(-1, keepdim=True))


@dataclass
class TabNet(Case):
    category_dim: int = 1  # numbers that a category becomes
    columns: int = 4       # continuous ones
    n: int = 3  # features to decide by, and as many for the next mask
    steps: int = 2
    gamma: float = 1.3
    sparsity: float = 0.01
    mask: str = "sparsemax"
    virtual_batch: int = 1024  # rows, a multiple of 16

    def draw_rows(self):
        drawn = {"x": self.numbers(self.rows, self.columns), "target": self.target()}
        if self.classes:
            drawn["categorical"] = self.cells()
        return drawn

    def settings(self):
        return dict(model="tabnet", task=self.task, cardinalities=self.cardinalities(),
                    category_dim=self.category_dim, columns=self.columns, n=self.n,
                    steps=self.steps, classes=max(2, self.outputs), gamma=self.gamma,
                    sparsity=self.sparsity, eps=1e-15, mask=self.mask,
                    virtual_batch=self.virtual_batch)

    def features(self):
        p = self.parameters
        vectors = [p.want(f"columns.{i}.value", (n + 1, self.category_dim), 0, 1)
                   [self.input["categorical"][:, i]] for i, n in enumerate(self.classes)]
        return p.batch_norm("input.norm", torch.cat(vectors + [self.input["x"]], 1))

    def norm(self, name, x):
        return torch.cat([self.parameters.batch_norm(name, rows)
                          for rows in x.split(self.virtual_batch)])

    def linear(self, name, x, width):
        return x @ self.parameters.weight(name, width, x.shape[1]).T

    def transform(self, t, x):
        for b in range(4):
            name = f"transform.{t}.{b}"
            y = self.linear(f"shared.{b}" if b < 2 else name, x, 4 * self.n)
            y = F.glu(self.norm(name + ".norm", y))
            x = (x + y) * math.sqrt(0.5) if b else y
        return x

    def attend(self, step, x, prior):
        name = f"attentive.{step}"
        y = prior * self.norm(name + ".norm", self.linear(name, x, prior.shape[1]))
        mask = sparsemax(y) if self.mask == "sparsemax" else y.softmax(1)
        self.outcome[f"mask.{step}"] = mask
        return mask

    def loss(self):
        x = self.features()
        last, prior, total, entropy = self.transform(0, x), torch.ones_like(x), 0, 0
        for step in range(1, self.steps + 1):
            mask = self.attend(step, last[:, self.n:], prior)
            entropy -= (mask * (mask + 1e-15).log()).sum(1).mean()
            prior = prior * (self.gamma - mask)
            last = self.transform(step, mask * x)
            total = total + F.relu(last[:, :self.n])
        y = self.linear("out", total, self.outputs)
        self.outcome["logits"] = y
        return self.answer_loss(y) + self.sparsity * entropy / self.steps
