#!/usr/bin/env python3
"""Training steps of a network in JAX, the data already in memory.

    jax_steps.py resnet18 --batch 16

A step is one compiled program: forward, gradients, the optimizer on buffers that it may reuse; then the loss is read.
See common.py for how a step is timed on demand.
"""

import os

from common import RECIPES, TRAINING_CLASSES, prepare, serve, step_parser

# PyTorch's Adam.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

# The share of a new batch in batch norm's running mean and variance, as in PyTorch.
MOMENTUM = 0.1


def make_step(name, batch, facts):
    """One training step as a function without arguments that returns the loss; `facts` get the parameter count."""
    import jax  # here, so that a Python without JAX says so as any other error of the step
    import jax.numpy as jnp

    from jax_networks import NETWORKS, Layers

    network, recipe = NETWORKS[name], RECIPES[name]
    key, image_key, label_key = jax.random.split(jax.random.key(0), 3)
    images = jax.random.uniform(image_key, (batch, recipe.size, recipe.size, recipe.channels))
    labels = jax.random.randint(label_key, (batch,), 0, TRAINING_CLASSES)
    fresh = Layers(key)
    network(fresh, images[:1])
    facts["parameters"] = sum(parameter.size for parameter in fresh.parameters)

    def loss(parameters, key, images, labels):
        layers = Layers(key, parameters)
        log_probabilities = jax.nn.log_softmax(network(layers, images))
        return -jnp.take_along_axis(log_probabilities, labels[:, None], axis=1).mean(), layers.moments

    def sgd(parameters, gradients, moments, _):
        new = [value - recipe.learning_rate * gradient for value, gradient in zip(parameters, gradients)]
        return new, moments

    def adam(parameters, gradients, moments, count):
        means = [BETA1 * m + (1 - BETA1) * gradient for (m, _), gradient in zip(moments, gradients)]
        squares = [BETA2 * v + (1 - BETA2) * gradient**2 for (_, v), gradient in zip(moments, gradients)]
        rate, correction = recipe.learning_rate / (1 - BETA1**count), 1 - BETA2**count
        new = [
            value - rate * m / (jnp.sqrt(v / correction) + EPSILON) for value, m, v in zip(parameters, means, squares)
        ]
        return new, list(zip(means, squares))

    optimize = {"sgd": sgd, "adam": adam}[recipe.optimizer]

    def update(state, images, labels):
        key, step_key = jax.random.split(state["key"])
        (value, found), gradients = jax.value_and_grad(loss, has_aux=True)(
            state["parameters"], step_key, images, labels
        )
        count = state["count"] + 1
        parameters, moments = optimize(state["parameters"], gradients, state["moments"], count)
        running = jax.tree.map(lambda old, new: (1 - MOMENTUM) * old + MOMENTUM * new, state["running"], found)
        return dict(key=key, parameters=parameters, moments=moments, running=running, count=count), value

    update = jax.jit(update, donate_argnums=0)

    def zeros():
        return [jnp.zeros_like(parameter) for parameter in fresh.parameters]

    state = {
        "key": key,
        "parameters": fresh.parameters,
        "moments": list(zip(zeros(), zeros())) if recipe.optimizer == "adam" else [],
        "running": [(jnp.zeros_like(mean), jnp.ones_like(variance)) for mean, variance in fresh.moments],
        "count": jnp.zeros(()),
    }

    def step():
        nonlocal state
        state, value = update(state, images, labels)
        return float(value)

    return step


def main():
    arguments = step_parser(__doc__).parse_args()
    # To be set before JAX is loaded: the CPU also on a machine that has a GPU, and its number of threads.
    os.environ.update(JAX_PLATFORMS="cpu", PJRT_NPROC=str(arguments.threads))
    facts = {}
    steps, errors = prepare({"JAX": lambda: make_step(arguments.network, arguments.batch, facts)})
    serve(steps, errors, **facts)


if __name__ == "__main__":
    main()
