#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `predict` does, in numpy: share/doc/FORMATS sections 1 to 4 as a program.

    predict.py MODEL.safetensors ROWS.csv > PREDICTED.csv

Rows are CSV with commas and names, numbers with a point. Dates and words that mean
infinity are left out here; everything else is what tabscope makes of it, to 1e-5."""
import csv, json, math, re, statistics, struct, sys
import numpy as np

NUMBER = re.compile(r"\s*[+-]?(?!0\d)(?=[.\d])\d*\.?\d*([eE][+-]?\d+)?\s*")


def read_model(path):
    """The description of the model, and its tensors by name."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        rest = file.read()
    description = json.loads(header.pop("__metadata__")["model"])
    kinds = {"F32": "<f4", "I64": "<i8", "U8": "u1"}
    return description, {
        name: np.frombuffer(rest[slice(*t["data_offsets"])],
                            kinds[t["dtype"]]).reshape(t["shape"])
        for name, t in header.items()}


def codes(feature, cells, missing):
    known = {text: i + 1 for i, text in enumerate(feature["texts"])}
    return [0 if missing(c) else known.get(c, len(known) + 1) for c in cells]


def values(feature, cells, missing):
    x = np.array([float(c) if NUMBER.fullmatch(c) and not missing(c) else math.nan
                  for c in cells])
    if feature["source"] == "missing":
        return np.isnan(x).astype(float)
    return np.where(np.isnan(x), 0, scale(feature, x))


def scale(feature, x):
    q = np.array(feature["quantiles"])
    if len(q) == 0:
        return np.clip((x - feature["mean"]) / feature["deviation"], -10, 10)
    at = np.linspace(0, 1, len(q))
    p = (np.interp(x, q, at) - np.interp(-x, -q[::-1], -at[::-1])) / 2
    p = np.clip(p, 0.5 / len(q), 1 - 0.5 / len(q))
    normal = statistics.NormalDist().inv_cdf
    return np.array([0 if math.isnan(a) else normal(a) for a in p])


def encode(encoder, rows):
    marks = [mark.strip() for mark in encoder["missing"].split(",")]
    missing = lambda cell: not cell.strip() or cell in marks
    columns = lambda read, features: np.array(
        [read(f, [row[f["column"]] for row in rows], missing) for f in features]
    ).reshape(len(features), len(rows)).T
    assert {f["source"] for f in encoder["categorical"]} <= {"cell"}, "no dates here"
    return (columns(codes, encoder["categorical"]).astype(int),
            columns(values, encoder["continuous"]))


def numbers(features):
    """Places of the value and of "missing" of each number, or None."""
    found = []
    same = lambda f, g: (f["column"], f["source"]) == (g["column"], g["source"])
    for i, f in enumerate(features):
        of_column = [k for k, g in enumerate(features) if g["column"] == f["column"]]
        gone = [k for k in of_column if features[k]["source"] == "missing"]
        if f["source"] == "missing":
            found += [(None, i)] if of_column == [i] else []
        elif i > 0 and same(features[i - 1], f):
            found[-1] = (i, found[-1][1])
        else:
            found.append((i, gone[0] if gone else None))
    return found


def tokens(options, features, tensor, value):
    """Vectors of the continuous columns, each (rows, d - l)."""
    for j, (place, gone) in enumerate(numbers(features)):
        part = lambda name: tensor[f"numbers.{j}.{name}"]
        y = np.broadcast_to(part("bias"), (len(value), len(part("bias"))))
        if options["numbers"] == "periodic" and place is not None:
            turns = 2 * np.pi * value[:, place, None] * part("frequency")
            y = y + np.concatenate([np.sin(turns), np.cos(turns)], 1) @ part("weight").T
        elif place is not None and "edges" in features[place]:
            e = scale(features[place], np.array(features[place]["edges"]))
            bins = np.clip((value[:, place, None] - e[:-1]) / np.diff(e), 0, 1)
            y = y + bins @ part("weight").T
        yield y if gone is None else np.where(value[:, gone, None] > 0, part("missing"), y)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sparsemax(x):
    falling = -np.sort(-x)
    k, total = np.arange(1, x.shape[1] + 1), falling.cumsum(1)
    size = (1 + k * falling > total).sum(1, keepdims=True)
    return np.maximum(x - (np.take_along_axis(total, size - 1, 1) - 1) / size, 0)


def tabnet(options, tensor, code, value):
    t, total, prior = options["width"], 0, 1
    share = softmax if options["softmax"] else sparsemax
    norm = lambda name, x: ((x - tensor[name + ".mean"])
                            / np.sqrt(tensor[name + ".variance"] + 1e-5)
                            * tensor[name + ".weight"] + tensor[name + ".bias"])

    def transform(step, h):
        for b in range(4):
            name = f"transform.{step}.{b}"
            g = norm(name + ".norm",
                     h @ tensor[(f"shared.{b}" if b < 2 else name) + ".weight"].T)
            g = g[:, :2 * t] / (1 + np.exp(-g[:, 2 * t:]))
            h = g if b == 0 else (h + g) * math.sqrt(0.5)
        return h

    if options["continuous_norm"] and value.size:
        name = "continuous.norm"
        value = ((value - value.mean(1, keepdims=True))
                 / np.sqrt(value.var(1, keepdims=True) + 1e-5)
                 * tensor[name + ".weight"] + tensor[name + ".bias"])
    z = [tensor[f"columns.{i}.value"][code[:, i]] for i in range(code.shape[1])]
    z = norm("input.norm", np.concatenate(z + [value], 1))
    h = transform(0, z)
    for step in range(1, options["steps"] + 1):
        name = f"attentive.{step}"
        mask = share(prior * norm(name + ".norm", h[:, t:] @ tensor[name + ".weight"].T))
        prior = prior * (options["gamma"] - mask)
        h = transform(step, mask * z)
        total = total + np.maximum(h[:, :t], 0)
    return total @ tensor["out.weight"].T


def logits(options, features, tensor, code, value):
    n, m = code.shape
    one_hot = m > 0 and "columns.0.weight" in tensor
    blocks = [name for name in ("head.0", "head.1") if name + ".bias" in tensor]
    linear = lambda name, x: x @ tensor[name + ".weight"].T + tensor[name + ".bias"]
    norm = lambda name, x, mean, variance: ((x - mean) / np.sqrt(variance + 1e-5)
                                            * tensor[name + ".weight"]
                                            + tensor[name + ".bias"])
    layer_norm = lambda name, x: norm(name, x, x.mean(-1, keepdims=True),
                                      x.var(-1, keepdims=True))
    gelu = lambda z: z * (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2
    selu = lambda z: np.where(z > 0, 1.0507009873554805 * z,
                              1.7580993408473766 * np.expm1(np.minimum(z, 0)))
    continuous = options.get("continuous", "features")
    z = value if continuous != "tokens" else value[:, :0]
    if options["continuous_norm"] and z.size:
        z = layer_norm("continuous.norm", z)
    columns = [tensor[f"columns.{i}.value"][code[:, i]] for i in range(m) if not one_hot]
    if continuous != "features":
        columns += tokens(options, features, tensor, value)
    if columns:
        x = np.stack(columns, 1)
        if "columns.identifier" in tensor:
            own = np.broadcast_to(tensor["columns.identifier"], (n,) + tensor[
                "columns.identifier"].shape)
            x = np.concatenate([own, x], 2)
        if "readout.cls" in tensor:
            x = np.concatenate([x, np.broadcast_to(tensor["readout.cls"],
                                                   (n, 1, x.shape[2]))], 1)
        for layer in range(options["layers"]):
            name = f"layers.{layer}."
            q, k, v = (linear(name + "attention." + part, x).reshape(
                n, x.shape[1], options["heads"], -1).swapaxes(1, 2)
                for part in ("query", "key", "value"))
            a = softmax(q @ k.swapaxes(2, 3) / math.sqrt(q.shape[3]))
            y = (a @ v).swapaxes(1, 2).reshape(x.shape)
            x = layer_norm(name + "norm1", x + linear(name + "attention.out", y))
            y = linear(name + "ffn.down", gelu(linear(name + "ffn.up", x)))
            x = layer_norm(name + "norm2", x + y)
        x = x[:, -1] if "readout.cls" in tensor else x.reshape(n, -1)
        z = np.concatenate([x, z], 1)
    if one_hot:  # the first map has a line for each code
        first = blocks[0] if blocks else "head.out"
        bias = tensor[first + ".bias"]
        tensor.setdefault(first + ".weight", np.zeros((len(bias), 0)))
        tensor[first + ".bias"] = bias + sum(
            tensor[f"columns.{i}.weight"][code[:, i]] for i in range(m))
    for block in blocks:
        z = selu(linear(block, z))
        if options["head_norm"]:
            name = block + ".norm"
            z = norm(name, z, tensor[name + ".mean"], tensor[name + ".variance"])
    return linear("head.out", z)


def seen_by_trees(encoder, code, value):
    """(rows, features), NaN where missing."""
    names = [(f["column"], f["source"]) for f in encoder["continuous"]]
    x = []
    for f, own in zip(encoder["categorical"], code.T):
        last = len(f["texts"]) + (f["counts"][-1] > 0)
        x.append(np.where((own == 0) | (own > last), math.nan, own - 1.0))
    for i, (column, source) in enumerate(names):
        if source == "missing" or (column, source) in names[:i]:
            continue
        gone = (value[:, names.index((column, "missing"))] > 0
                if (column, "missing") in names else False)
        x.append(np.where(gone, math.nan, value[:, i].astype("f4")))
    return np.stack(x, 1)


def sum_of_trees(tensor, x, outputs):
    y, rows = np.zeros((len(x), outputs)), np.arange(len(x))
    sets = tensor.get("forest.sets", np.zeros(1, "u1"))
    node, byte = 0, 0
    for tree, (nodes, bytes) in enumerate(tensor["forest.sizes"]):
        at = np.zeros(len(x), int)
        while True:
            feature, left, missing_left, first = tensor["forest.nodes"][node + at].T
            inner = feature >= 0
            if not inner.any():
                break
            cell = x[rows, feature]
            c = np.where(inner & (first >= 0) & ~np.isnan(cell), cell, 0).astype(int)
            place = byte + np.maximum(first, 0) + c // 8
            chosen = sets[np.minimum(place, len(sets) - 1)] >> c % 8 & 1
            right = np.where(np.isnan(cell), missing_left == 0, np.where(
                first >= 0, chosen == 1, cell >= tensor["forest.values"][node + at]))
            at = np.where(inner, left + right, at)
        y[:, tree % outputs] += tensor["forest.values"][node + at]
        node, byte = node + nodes, byte + bytes
    return y


def predictions(encoder, y):
    """Names of columns, and (rows, columns)."""
    if encoder["task"] == "regression":
        return ["prediction"], y * encoder["target_deviation"] + encoder["target_mean"]
    if encoder["task"] == "binary":
        return [f"p({encoder['classes'][1]})"], 1 / (1 + np.exp(-y))
    return [f"p({c})" for c in encoder["classes"]], softmax(y)


def main(model, table):
    description, tensor = read_model(model)
    if description["kind"] == "vib":
        sys.exit("a VIB predicts from samples of the program's own random numbers")
    encoder = description["encoder"]
    with open(table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    code, value = encode(encoder, rows)
    if description["kind"] == "gbdt":
        y = sum_of_trees(tensor, seen_by_trees(encoder, code, value),
                         len(encoder["classes"]) if encoder["task"] == "multiclass" else 1)
    else:
        tensor = {name: t.astype(float) for name, t in tensor.items()}
        if description["kind"] == "tabnet":
            y = tabnet(description["options"], tensor, code, value)
        else:
            y = logits(description["options"], encoder["continuous"], tensor, code, value)
    names, p = predictions(encoder, y)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(names)
    out.writerows([f"{x:.7g}" for x in row] for row in p)


main(*sys.argv[1:])
