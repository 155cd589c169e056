"""Makes what the tests of models compare with, by torchvision: make_models.py DIR.

DIR/NAME.txt       the names and shapes of a model's state, in its order: a line each, the number learned first
DIR/logits.safetensors   what models with formula-made weights say of formula-made images, computed in float64

The formula (the test in Swift has it too): noise[j] = 2 · (hash(j) >> 8) · 2⁻²⁴ − 1 for j < 65537, where hash is Wellons'
lowbias32. Element i of the k-th tensor of the state is made of n = noise[(i + 7919 · k) mod 65537]: n · √(3 / fan in) for
weights of two and more dimensions, 1 + n / 2 for the weights of batch norms and running variances, n · 0.1 for biases and
running means, k for counters. Element i of the images is noise[3 · i mod 65537].
"""

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
import torchvision

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
period = 65537

LISTED = [
    "alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn", "googlenet",
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v2",
]
CALLED = ["alexnet", "vgg11_bn", "googlenet", "resnet18", "resnet50", "mobilenet_v2"]


def noise_table():
    h = np.arange(period, dtype=np.uint32)
    h ^= h >> 16
    h *= np.uint32(0x7FEB352D)
    h ^= h >> 15
    h *= np.uint32(0x846CA68B)
    h ^= h >> 16
    return 2 * (h >> 8).astype(np.float64) * 2.0**-24 - 1


noise = noise_table()


def filled(name, shape, k):
    count = math.prod(shape)
    n = noise[(np.arange(count) + 7919 * k) % period]
    if name.endswith("num_batches_tracked"):
        return torch.tensor(k)
    if name.endswith("weight") and len(shape) > 1:
        values = n * math.sqrt(3 / math.prod(shape[1:]))
    elif name.endswith(("weight", "running_var")):
        values = 1 + n / 2
    else:
        values = n * 0.1
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def make(name, **arguments):
    if name == "googlenet":
        arguments = {"aux_logits": True, "init_weights": False} | arguments
    return getattr(torchvision.models, name)(weights=None, **arguments)


def fill(model):
    state = model.state_dict()
    for k, (name, tensor) in enumerate(state.items()):
        tensor.copy_(filled(name, tuple(tensor.shape), k))
    return model.double()


for name in LISTED:
    model = make(name)
    learned = sum(p.numel() for p in model.parameters())
    lines = [f"learned {learned}"]
    lines += [f"{key} {'x'.join(map(str, value.shape)) or '-'}" for key, value in model.state_dict().items()]
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")

images = torch.from_numpy(noise[(3 * np.arange(2 * 3 * 64 * 64)) % period].astype(np.float32)).double()
images = images.reshape(2, 3, 64, 64)
results = {}
with torch.no_grad():
    for name in CALLED:
        results[name] = fill(make(name)).eval()(images)
    # In training mode, where nothing is dropped.
    outputs = fill(make("googlenet", dropout=0.0, dropout_aux=0.0)).train()(images)
    results["googlenet.train"] = outputs.logits
    results["googlenet.train.aux1"], results["googlenet.train.aux2"] = outputs.aux_logits1, outputs.aux_logits2

header, data = {}, b""
for name, value in results.items():
    content = value.float().numpy().tobytes()
    header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(content)]}
    data += content
    print(name, "largest", float(value.abs().max()), "deviation", float(value.std()))
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
(folder / "logits.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
