#!/usr/bin/env python3
"""Training and inference steps of a network in PyTorch on an NVIDIA GPU, the data already in the GPU's memory.

    cuda_steps.py lenet train --batch 256

As pytorch_steps.py, but for the device. A step ends when its loss, or its logits, have been read: then the GPU has done
all of it. TF32 is off, as in Apus, unless --dtype tensorfloat32 is given; all else is PyTorch's default. With --dtype
bfloat16 or float16 the forward pass runs in torch.autocast; with float16 the loss is scaled.
"""

import contextlib
import functools
from dataclasses import dataclass

import torch
from torch import nn

from common import INFERENCE_CLASSES, RECIPES, TRAINING_CLASSES, prepare, serve, step_parser
from networks import NETWORKS
from pytorch_steps import Agreement, make_images, make_network


@dataclass(frozen=True)
class Variant:
    """A way to run a step."""

    channels_last: bool = False
    # A mode of torch.compile; None for the eager mode.
    mode: str | None = None

    def compile(self, function):
        return torch.compile(function, dynamic=False, mode=self.mode) if self.mode else function

    def place(self, value):
        value = value.cuda()
        return value.to(memory_format=torch.channels_last) if self.channels_last else value


VARIANTS = {
    "PyTorch eager": Variant(),
    "PyTorch channels_last": Variant(channels_last=True),
    "PyTorch compile": Variant(mode="default"),
    "PyTorch compile, channels_last": Variant(mode="default", channels_last=True),
    "PyTorch compile, CUDA graphs": Variant(mode="reduce-overhead"),
}


HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def autocast(dtype):
    return torch.autocast("cuda", HALVES[dtype]) if dtype in HALVES else contextlib.nullcontext()


def make_training_step(name, batch, dtype, variant):
    """One training step as a function without arguments that returns the loss as a number."""
    network = variant.place(make_network(name, TRAINING_CLASSES))
    images = variant.place(make_images(name, batch))
    labels = torch.randint(0, TRAINING_CLASSES, (batch,)).cuda()
    recipe = RECIPES[name]
    make_optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[recipe.optimizer]
    optimizer = make_optimizer(network.parameters(), lr=recipe.learning_rate)
    scaler = torch.amp.GradScaler("cuda", enabled=dtype == "float16")
    loss_function = nn.CrossEntropyLoss()
    forward = variant.compile(lambda images, labels: loss_function(network(images), labels))

    def step():
        with autocast(dtype):
            loss = forward(images, labels)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.item()

    return step


def make_inference_step(name, batch, dtype, variant):
    """The forward pass as a function without arguments that returns the logits on the CPU."""
    network = variant.compile(variant.place(make_network(name, INFERENCE_CLASSES)).eval())
    images = variant.place(make_images(name, batch))

    @torch.inference_mode()
    def step():
        with autocast(dtype):
            return network(images).float().cpu()

    return step


def main():
    parser = step_parser(__doc__)
    parser.add_argument("kind", choices=["train", "infer"])
    parser.add_argument("--dtype", choices=["float32", "tensorfloat32", *HALVES], default="float32")
    parser.add_argument("--rivals", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="NAME")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("PyTorch finds no GPU")
    torch.backends.cuda.matmul.allow_tf32 = arguments.dtype == "tensorfloat32"
    torch.backends.cudnn.allow_tf32 = arguments.dtype == "tensorfloat32"
    is_training = arguments.kind == "train"
    network = NETWORKS[arguments.network](TRAINING_CLASSES)
    # Dropout draws other numbers in each variant; and in lower precision results differ by more than the tolerance.
    is_random = is_training and any(isinstance(part, nn.Dropout) for part in network.modules())
    is_comparable = arguments.dtype == "float32" and not is_random
    check = Agreement().check if is_comparable else (lambda step: step)
    make = make_training_step if is_training else make_inference_step

    def make_checked(variant):
        return check(make(arguments.network, arguments.batch, arguments.dtype, variant))

    steps, errors = prepare({name: functools.partial(make_checked, VARIANTS[name]) for name in arguments.rivals})
    serve(steps, errors, gpu=torch.cuda.get_device_name(), pytorch=torch.__version__, cuda=torch.version.cuda)


if __name__ == "__main__":
    main()
