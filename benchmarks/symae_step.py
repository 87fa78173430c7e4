"""The step of SymAE's Example 1 beside the same network in PyTorch, on the same machine.

    python -m pip install --target DIR torch --index-url https://download.pytorch.org/whl/cpu
    python benchmarks/symae_step.py --theirs DIR

18 bags of 30 signals of 100 points, full batch, Adam 1e-3, Dropout 0.5, both codes into dec1 and dec2. The two take
turns, a few steps each, and the fastest turns are compared. Ends with 1 if the numbers of weights differ.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np


def ours(bags):
    """(function that takes a step and returns the loss, number of weights)."""
    import tensorflow as tf

    from tfdisent import models

    model = models.SymAE(bags.shape[1:])
    model.compile("adam")
    batch = tf.constant(bags)
    step = tf.function(lambda: model.train_step(batch)["loss"], autograph=False)
    count = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    return lambda: float(step()[0]), count


def theirs(bags):
    """The same in PyTorch."""
    import torch
    from torch import nn

    def conv(inputs, outputs, elu=True):
        return [nn.Conv1d(inputs, outputs, 5, padding=2), *([nn.ELU()] if elu else [])]

    def block(inputs):
        return [*conv(inputs, 32), *conv(32, 32), nn.MaxPool1d(2)]

    def last(size):
        end = [nn.BatchNorm1d(32, eps=1e-3), nn.ELU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(192, size)]
        return [*conv(32, 32), *conv(32, 32), *end]

    def upsampled(inputs):
        front = [nn.Linear(inputs, 50), nn.ELU(), nn.Unflatten(1, (1, 50)), *conv(1, 32), *conv(32, 32)]
        middle = [nn.Upsample(scale_factor=2), *conv(32, 32), *conv(32, 32), nn.BatchNorm1d(32, eps=1e-3)]
        return nn.Sequential(*front, *middle, *conv(32, 32), *conv(32, 32), *conv(32, 1, False), nn.Flatten())

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.instance = nn.Sequential(*block(1), *block(32))
            self.coherent = nn.Sequential(*block(32), *last(5))
            self.nuisance = nn.Sequential(*block(1), *block(32), *block(32), *last(10))
            self.dec1, self.dec3 = upsampled(15), upsampled(100)
            self.dec2 = nn.Sequential(
                nn.Linear(15, 200), nn.ELU(), nn.Linear(200, 200), nn.ELU(), nn.Linear(200, 100)
            )
            self.dropout = nn.Dropout(0.5)

        def forward(self, x):
            number, instances, length = x.shape
            flat = x.reshape(-1, 1, length)
            features = self.instance(flat)
            coherent = self.coherent(features.reshape(number, instances, *features.shape[1:]).mean(1))
            codes = torch.cat(
                [coherent.repeat_interleave(instances, 0), self.dropout(self.nuisance(flat))], 1
            )
            return self.dec3(self.dec1(codes) * self.dec2(codes)).reshape(x.shape)

    torch.manual_seed(0)
    net, batch = Net(), torch.from_numpy(bags)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)

    def step():
        optimizer.zero_grad()
        loss = ((net(batch) - batch) ** 2).mean()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step, sum(p.numel() for p in net.parameters())


def serve(make, folder, pipe):
    """Takes as many steps as the pipe says and answers with seconds a step and the loss; a process of its own."""
    if folder:
        sys.path.append(folder)  # behind our own numpy
    from tfdisent.data import mra

    step, count = make(mra().bags)
    step()
    pipe.send(count)
    while number := pipe.recv():
        started = time.perf_counter()
        for _ in range(number):
            loss = step()
        pipe.send(((time.perf_counter() - started) / number, loss))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--theirs", help="folder that torch was installed in; ours alone unless given")
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--steps", type=int, default=3, help="of a turn")
    options = parser.parse_args()
    makers = {"tfdisent": ours, **({"PyTorch": theirs} if options.theirs else {})}
    context = multiprocessing.get_context("spawn")  # the two libraries cannot live in one process
    pipes, seconds, losses = {}, {name: [] for name in makers}, {}
    for name, make in makers.items():
        pipes[name], other = context.Pipe()
        folder = options.theirs if name == "PyTorch" else None
        context.Process(target=serve, args=(make, folder, other), daemon=True).start()
    counts = {name: pipe.recv() for name, pipe in pipes.items()}
    for _ in range(options.turns):
        for name, pipe in pipes.items():
            pipe.send(options.steps)
            found, losses[name] = pipe.recv()
            seconds[name].append(found)
    for pipe in pipes.values():
        pipe.send(0)  # ends the process
    for name, found in seconds.items():
        print(
            f"{name:10} {1000 * min(found):8.1f} ms a step, median {1000 * statistics.median(found):8.1f}; "
            f"{counts[name]:,} weights; loss {losses[name]:.4f}"
        )
    return int(len(set(counts.values())) > 1)


if __name__ == "__main__":
    sys.exit(main())
