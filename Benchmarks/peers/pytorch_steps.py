#!/usr/bin/env python3
"""Steps of a network in PyTorch in each of its ways to run, the data already in memory.

    pytorch_steps.py resnet18 train --batch 16

A training step is forward, zeroed gradients, backward, the optimizer, and the loss read; an inference step is the
forward pass in evaluation mode. All variants stay alive and are timed on demand, see common.py; one that cannot run,
or computes something else than the first, says why and is left out.
"""

import functools
from dataclasses import dataclass

import torch
from torch import nn

from common import INFERENCE_CLASSES, RECIPES, TRAINING_CLASSES, prepare, serve, step_parser, use_threads
from networks import NETWORKS

# The largest difference from the first variant, relative to its largest number: Float32 in another order of summation.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Variant:
    """A way to run a step."""

    channels_last: bool = False
    compiled: bool = False
    # The optimizer's fused kernel; without it, PyTorch's own default for a CPU is left alone.
    fused: bool = False
    # torch.compile takes the weights as constants and packs them in advance.
    frozen: bool = False

    def compile(self, function):
        # Shapes are the same throughout, but dynamo would take the strides of another variant for a dynamic shape.
        options = {"freezing": True} if self.frozen else None
        return torch.compile(function, dynamic=False, options=options) if self.compiled else function

    def arrange(self, value):
        return value.to(memory_format=torch.channels_last) if self.channels_last else value


VARIANTS = {
    "train": {
        "PyTorch eager": Variant(),
        "PyTorch channels_last": Variant(channels_last=True),
        "PyTorch channels_last, fused optimizer": Variant(channels_last=True, fused=True),
        "PyTorch compile": Variant(compiled=True),
        "PyTorch compile, channels_last": Variant(compiled=True, channels_last=True),
        "PyTorch compile, fused optimizer": Variant(compiled=True, fused=True),
    },
    "infer": {
        "PyTorch eager": Variant(),
        "PyTorch channels_last": Variant(channels_last=True),
        "PyTorch compile": Variant(compiled=True),
        "PyTorch compile, channels_last": Variant(compiled=True, channels_last=True),
        "PyTorch compile, frozen": Variant(compiled=True, frozen=True),
    },
}


def make_network(name, classes):
    """The network with the same weights each time."""
    torch.manual_seed(0)
    return NETWORKS[name](classes)


def make_images(name, batch, size=None):
    recipe = RECIPES[name]
    return torch.rand(batch, recipe.channels, size or recipe.size, size or recipe.size)


def make_training_step(name, batch, size, variant):
    """One training step as a function without arguments that returns the loss as a number."""
    network = variant.arrange(make_network(name, TRAINING_CLASSES))
    images = variant.arrange(make_images(name, batch, size))
    labels = torch.randint(0, TRAINING_CLASSES, (batch,))
    recipe = RECIPES[name]
    make_optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[recipe.optimizer]
    options = {"fused": True} if variant.fused else {}
    optimizer = make_optimizer(network.parameters(), lr=recipe.learning_rate, **options)
    loss_function = nn.CrossEntropyLoss()
    forward = variant.compile(lambda images, labels: loss_function(network(images), labels))

    def step():
        loss = forward(images, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def make_inference_step(name, batch, size, variant):
    """The forward pass as a function without arguments that returns the logits."""
    network = variant.compile(variant.arrange(make_network(name, INFERENCE_CLASSES)).eval())
    images = variant.arrange(make_images(name, batch, size))

    @torch.inference_mode()
    def step():
        return network(images)

    return step


class Agreement:
    """Refuses a step whose first result differs from that of the first step seen."""

    def __init__(self):
        self.reference = None

    def check(self, step):
        result = torch.as_tensor(step())
        if self.reference is None:
            self.reference = result
        difference = ((result - self.reference).abs().max() / self.reference.abs().max()).item()
        if not difference <= TOLERANCE:
            raise ValueError(f"the result differs by {difference:.1e} from that of the first variant")
        return step


def main():
    parser = step_parser(__doc__)
    parser.add_argument("kind", choices=VARIANTS)
    parser.add_argument("--size", type=int, help="height and width of the images, the network's own unless told")
    parser.add_argument("--rivals", nargs="+", help="only these variants, by name")
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    is_training = arguments.kind == "train"
    network = make_network(arguments.network, TRAINING_CLASSES if is_training else INFERENCE_CLASSES)
    # Dropout draws other numbers in each variant: their losses cannot be compared.
    is_random = is_training and any(isinstance(module, nn.Dropout) for module in network.modules())
    check = (lambda step: step) if is_random else Agreement().check
    make = make_training_step if is_training else make_inference_step

    def make_checked(variant):
        return check(make(arguments.network, arguments.batch, arguments.size, variant))

    variants = VARIANTS[arguments.kind]
    chosen = {name: variants[name] for name in arguments.rivals or variants}
    steps, errors = prepare({name: functools.partial(make_checked, variant) for name, variant in chosen.items()})
    serve(steps, errors, parameters=sum(parameter.numel() for parameter in network.parameters()))


if __name__ == "__main__":
    main()
