"""PyTorch's eager side of Benchmarks/compare-layers: answers lines "INDEX SECONDS" with the times of a case as JSON.

The cases are those of layers/cases.json, which Apus reads too. Timed are the forward pass without autograd, and the
forward pass with the gradients of all real inputs and parameters.
"""

import argparse
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from common import emit, use_threads


def make_input(spec):
    shape = spec["shape"]
    if "unpool_width" in spec:
        width = spec["unpool_width"]
        rows = torch.arange(shape[-2]).unsqueeze(1) * (2 * width)
        return (rows + torch.arange(width // 2) * 2).expand(shape).clone()
    if "high" in spec:
        return torch.randint(spec["high"], shape)
    low, high = (0.05, 0.95) if spec.get("unit") else (-1.0, 1.0)
    return torch.empty(shape).uniform_(low, high)


def tuples(value):
    """JSON's lists as the tuples that PyTorch wants."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def make_call(case):
    arguments = {name: tuples(value) for name, value in case.get("args", {}).items()}
    if case.get("kind", "layer") == "function":
        name = case["op"]
        if name in ("cat", "stack"):
            return lambda *inputs: getattr(torch, name)(inputs, **arguments), []
        if name == "einsum":
            return lambda *inputs: torch.einsum(arguments["equation"], *inputs), []
        if name in ("gather", "index_select", "scatter_add"):
            # These take the dimension between their tensors.
            return lambda first, *rest: getattr(torch, name)(first, arguments["dim"], *rest), []
        function = getattr(torch, name, None) or getattr(F, name, None) or getattr(torch.Tensor, name)
        return lambda *inputs: function(*inputs, **arguments), []
    module = getattr(torch.nn, case["op"])(**arguments)
    module.train(case.get("mode") != "eval")
    return module, list(module.parameters())


def times(body, duration):
    for _ in range(2):
        body()
    taken, end = [], time.perf_counter() + duration
    while True:
        start = time.perf_counter()
        body()
        now = time.perf_counter()
        taken.append((now - start) * 1e3)
        if now >= end:
            return taken


def measure(case, seconds):
    call, parameters = make_call(case)
    inputs = [make_input(spec) for spec in case["inputs"]]
    results = lambda value: value if isinstance(value, (tuple, list)) else (value,)
    constant = [spec.get("constant", False) for spec in case["inputs"]]
    with torch.no_grad():
        first = results(call(*inputs))[0]

    def forward():
        with torch.no_grad():
            call(*inputs)

    def both():
        leaves = [
            x.detach().requires_grad_() if x.is_floating_point() and not fixed else x
            for x, fixed in zip(inputs, constant)
        ]
        for parameter in parameters:
            parameter.grad = None
        results(call(*leaves))[0].backward(cotangent)

    bodies = [("forward", forward)]
    # Positions and classes have no gradient.
    if first.is_floating_point():
        cotangent = torch.ones_like(first)
        bodies.append(("both", both))
    for name, body in bodies:
        taken = times(body, seconds / 2)
        yield f"{name}_min", min(taken)
        yield f"{name}_median", statistics.median(taken)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases")
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    torch.manual_seed(0)
    with open(arguments.cases) as file:
        cases = json.load(file)
    for line in sys.stdin:
        index, seconds = line.split()
        try:
            emit(**dict(measure(cases[int(index)], float(seconds))))
        except Exception as error:  # what PyTorch refuses is a result, not the end
            emit(error=str(error))


if __name__ == "__main__":
    main()
