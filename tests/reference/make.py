#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the golden files of this folder: small models of PyTorch in double.

    apt-get install --no-install-recommends python3-torch
    /usr/bin/python3 make.py [FOLDER]

Each file is one case in the safetensors format, numbers as F32, classes as I64:

    input.categorical, input.continuous, input.target; of pre-training instead of a target
    input.masked (1: the cell was masked) or input.corrupted (the codes that are shown),
    of a denoising autoencoder input.corrupted_continuous too; input.edges.J of number J
    input.x, input.target       of rivals, also input.unlabeled, input.noise
    parameter.NAME              names and shapes as in our model files, but that an MLP's
                                "head" is "mlp" or, of a VIB, "encoder"
    output.hidden.L, output.attention.L, output.mask.I, output.logits, output.probability,
    output.unlabeled_logits, output.loss
    gradient.NAME               of the loss
    adamw.loss, adamw.parameter.NAME    losses before each step, parameters after the last

and in its metadata the settings that tests/golden.c reads. The tests need the files only,
not these scripts.
"""
import os
import sys

sys.dont_write_bytecode = True  # the folder is shipped as it is

import torch

from rivals import Dae, Mlp, TabNet, Vib
from tabtransformer import Number, TabTransformer

BINS = (Number(0, 1, (-1.2, -0.3, 0.1, 1.4)), Number(2, edges=(-0.6, 0.7)), Number(3),
        Number(-1, 4))
WAVES = (Number(1), Number(2, 0))

CASES = {
    "binary": TabTransformer("binary", 1, classes=(3, 2), continuous=1, layers=2, rows=19,
                             adamw=4),
    "batch_norm": TabTransformer("binary", 2, classes=(4,), continuous=3, batch_norm=True,
                                 rows=21),
    "multiclass": TabTransformer("multiclass", 3, outputs=3, classes=(5, 1), continuous=2,
                                 heads=4, identifier=3),
    "regression": TabTransformer("regression", 4, classes=(2,), continuous=4, heads=1,
                                 rows=5, adamw=3),
    "only_continuous": TabTransformer("binary", 5, continuous=5, rows=17),
    "one_column": TabTransformer("binary", 6, classes=(6,), identifier=2, rows=3),
    "mlm": TabTransformer("mlm", 8, classes=(3, 70, 2), rows=37, adamw=3),
    "rtd": TabTransformer("rtd", 9, classes=(4, 2), heads=4, rows=20, adamw=3),
    "no_layers": TabTransformer("multiclass", 7, outputs=4, classes=(3, 4), layers=0,
                                rows=6),
    # beyond the paper
    "cls": TabTransformer("binary", 10, classes=(3, 2), continuous=2, cls=True, rows=18,
                          adamw=3),
    "tokens_ple": TabTransformer("multiclass", 11, outputs=3, classes=(2,), continuous=5,
                                 tokens=BINS, cls=True, rows=18, adamw=3),
    "tokens_ple_both": TabTransformer("binary", 12, continuous=3, tokens=BINS[:2],
                                      beside=True, rows=19),
    "tokens_periodic": TabTransformer("regression", 13, continuous=3, identifier=0,
                                      tokens=WAVES, frequencies=3, rows=21),
    "tokens_periodic_both": TabTransformer("binary", 14, classes=(2,), continuous=3,
                                           tokens=WAVES, beside=True, frequencies=2,
                                           cls=True, rows=17, adamw=3),
    "tokens_mlm": TabTransformer("mlm", 15, classes=(3, 2), continuous=5, tokens=BINS,
                                 rows=20),
    "tokens_rtd": TabTransformer("rtd", 16, classes=(2, 4), continuous=3, tokens=WAVES,
                                 frequencies=3, rows=18),
    # rivals
    "mlp_entropy": Mlp("multiclass", 21, outputs=3, width=5, rows=9, unlabeled=20,
                       kind="entropy", weight=0.4),
    "mlp_entropy_binary": Mlp("binary", 22, width=4, rows=18, unlabeled=7, kind="entropy",
                              weight=1.5),
    "mlp_pseudo": Mlp("multiclass", 23, outputs=4, width=4, rows=9, unlabeled=19,
                      kind="pseudo", weight=0.7),
    "mlp_pseudo_binary": Mlp("binary", 24, width=5, rows=17, unlabeled=8, kind="pseudo",
                             weight=0.3),
    "dae": Dae("dae", 25, classes=(3, 1), continuous=2, rows=21),
    "dae_one_hot": Dae("dae", 26, classes=(2, 4), continuous=3, one_hot=True, rows=19,
                       adamw=3),
    "vib": Vib("multiclass", 27, outputs=3, rows=18),
    "vib_binary": Vib("binary", 28, rows=9, samples=3, beta=0.02),
    "tabnet": TabNet("multiclass", 34, outputs=3, columns=5, steps=3, rows=57,
                     virtual_batch=32),
    "tabnet_binary": TabNet("binary", 30, classes=(3, 1), category_dim=2, columns=2,
                            steps=3, rows=20, mask="softmax", gamma=1.5),
}


def main(folder):
    torch.set_num_threads(1)
    for name, case in CASES.items():
        loss, size = case.write(os.path.join(folder, name + ".safetensors"))
        print(f"{name:20} {size:7} bytes, loss {loss:.6f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
