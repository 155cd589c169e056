"""Writes printing.json: tensors and the texts that PyTorch 2.15 prints for them.

Each case holds dtype, shape, the elements, what the tensor's gradient comes from, and the text. Elements are texts,
since JSON has no nan; where there are fewer than the shape asks for, they repeat from the first.

    python3 make_printing.py
"""

import json
import math
import pathlib
import random

import torch

assert torch.__version__.startswith("2.15."), torch.__version__

random.seed(20)
DTYPES = {
    "float32": torch.float32, "float64": torch.float64, "int64": torch.int64, "uint8": torch.uint8,
    "bool": torch.bool}
cases = []


def add(dtype, shape, values, gradient="none"):
    """Adds a case; `gradient` is none, leaf (requires_grad) or mul (the result of x * 1)."""
    count = math.prod(shape)
    tensor = torch.tensor(values, dtype=torch.float64 if "float" in dtype else torch.int64).to(DTYPES[dtype])
    if count:
        tensor = tensor.repeat(-(-count // len(values)))[:count].reshape(shape)
    else:
        tensor = torch.empty(shape, dtype=DTYPES[dtype])
    # The elements as they were rounded to the type.
    elements = [repr(x) for x in tensor.flatten()[:len(values)].tolist()] if count else []
    if dtype == "bool":
        elements = ["1" if x == "True" else "0" for x in elements]
    if gradient != "none":
        tensor.requires_grad_()
    if gradient == "mul":
        tensor = tensor * 1
    cases.append({
        "dtype": dtype, "shape": list(shape), "elements": " ".join(elements), "gradient": gradient,
        "text": str(tensor)})


def number(kind):
    """A random number, of one of several kinds."""
    if kind == "whole":
        return float(random.randint(-99, 99))
    if kind == "positive":
        return random.random() * 10
    if kind == "small":
        return random.gauss(0, 1e-3)
    if kind == "tiny":
        return random.gauss(0, 1e-6)
    if kind == "wide":
        return random.gauss(0, 1) * 10.0 ** random.randint(-8, 8)
    if kind == "huge":
        return random.gauss(0, 1) * 10.0 ** random.randint(-300, 300)
    if kind == "big":
        return float(random.randint(-10**9, 10**9))
    if kind == "halves":
        return random.randint(-20000, 20000) / 20000 + 0.00005
    return random.gauss(0, 1)


KINDS = ["normal", "whole", "positive", "small", "tiny", "wide", "huge", "big", "halves"]
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0]
SHAPES = [(), (1,), (2,), (3,), (5,), (7,), (8,), (9,), (13,), (30,), (1, 1), (2, 2), (3, 4), (2, 9), (4, 1), (1, 12),
          (2, 3, 2), (1, 1, 1), (2, 1, 3), (2, 2, 2, 2), (1, 2, 1, 3), (1, 1, 4, 4)]

# Scalars.
for value in [0.0, -0.0, 1.0, -1.0, math.pi, -math.e, 1e-4, 9.9e-5, 1e-5, 1e8, 1.1e8, 123456.789, 0.00005, 99999999.0,
              0.99999, 1e30, 1e-30, 5e-324, 1.7e308, math.nan, math.inf, -math.inf]:
    for dtype in ["float32", "float64"]:
        add(dtype, (), [value])
for value in [0, -1, 255, 2**63 - 1, -2**63]:
    add("int64", (), [value])
add("uint8", (), [200])
add("bool", (), [1])
add("bool", (), [0])
add("float32", (), [2.5], "leaf")
add("float64", (), [2.5], "mul")
# No elements.
for dtype in DTYPES:
    for shape in [(0,), (0, 3), (2, 0), (3, 0, 2)]:
        add(dtype, shape, [0])
for shape in [(0,), (0, 3)]:
    add("float32", shape, [0], "leaf")
    add("float64", shape, [0], "leaf")
# The bounds of scientific notation.
for values in [[1, 1000], [1, 1000.0001], [1, 1001], [1, 1500.5], [0.5, 500], [0.5, 500.1], [1e-4, 1e-4], [9.99e-5, 1e-3],
               [1e8, 1e8], [1e8, 1e8 + 16], [0, 1e-5], [0, 1e9], [0, 0], [0, -0.0], [1, math.inf], [1.5, math.inf],
               [math.nan, math.nan], [math.nan, 1e9, -1], [-math.inf, 1e-7], [3, -0.0], [0, 100, -2], [-1, 12345]]:
    for dtype in ["float32", "float64"]:
        add(dtype, (len(values),), values)
# Whole numbers and truth values.
for shape in SHAPES:
    for bound in [1, 9, 1000, 10**12]:
        add("int64", shape, [random.randint(-bound, bound) for _ in range(math.prod(shape))])
    add("uint8", shape, [random.randint(0, 255) for _ in range(math.prod(shape))])
    add("bool", shape, [random.randint(0, 1) for _ in range(math.prod(shape))])
# Real numbers of all kinds, with and without special ones among them.
for shape in SHAPES:
    for kind in KINDS:
        dtype = "float64" if kind == "huge" else random.choice(["float32", "float32", "float64"])
        values = [number(kind) for _ in range(math.prod(shape))]
        if random.random() < 0.3:
            values[random.randrange(len(values))] = random.choice(SPECIAL)
        add(dtype, shape, values, random.choice(["none", "none", "none", "leaf", "mul"]))
# Lines that the suffixes just fit into or not.
for count in range(1, 12):
    for gradient in ["none", "leaf", "mul"]:
        add(random.choice(["float32", "float64"]), (count,), [number("normal") for _ in range(count)], gradient)
        add(random.choice(["float32", "float64"]), (count,), [number("whole") for _ in range(count)], gradient)
for count in range(20, 28):
    add("uint8", (count,), list(range(count)))
for width in range(1, 20):
    add("float64", (2,), [10.0 ** min(width, 15), 1.0], "mul" if width % 2 else "leaf")
# Summaries: more than 1,000 elements, few values that repeat.
for shape in [(1000,), (1001,), (5000,), (20, 50), (1001, 1), (1, 1001), (6, 200), (7, 200), (200, 6), (200, 7), (2, 600),
              (40, 3, 28), (8, 8, 16), (2, 3, 400), (3, 1, 28, 28), (256, 1, 5, 5), (7, 7, 7, 7)]:
    for kind in ["normal", "whole", "wide"]:
        add("float32", shape, [number(kind) for _ in range(random.choice([11, 13, 17]))],
            random.choice(["none", "leaf", "mul"]))
    add("int64", shape, [random.randint(-500, 500) for _ in range(13)])
    add("bool", shape, [random.randint(0, 1) for _ in range(13)])
    add("uint8", shape, [random.randint(0, 255) for _ in range(17)])
# A large element that a summary does not show must not change the width.
add("float32", (2000,), [1.5] * 1000 + [123456.0] + [2.5] * 999)

path = pathlib.Path(__file__).with_name("printing.json")
lines = ",\n".join(json.dumps(case) for case in cases)
path.write_text(f"[\n{lines}\n]\n")
print(len(cases), "cases")
