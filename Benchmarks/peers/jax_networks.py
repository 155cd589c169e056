"""The networks of networks.py for training in JAX, of jax.lax alone.

Images are [N, H, W, C] and filters [H, W, in, out], which XLA computes on a CPU without changing the layout.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

# PyTorch's batch norm adds this to the variance.
EPSILON = 1e-5


class Layers:
    """The layers with parameters, used in one pass over a network.

    The first pass draws the parameters; later passes get them as `parameters` and hand them out in the same order.
    `moments` are the mean and the variance that each batch norm found.
    """

    def __init__(self, key, parameters=None):
        self.key = key
        self.given = None if parameters is None else iter(parameters)
        self.parameters = []
        self.moments = []

    def conv(self, x, channels, kernel, stride=1, padding=0, bias=True):
        filters = self.weight(kernel, kernel, x.shape[-1], channels)
        pads = [(padding, padding)] * 2
        y = lax.conv_general_dilated(x, filters, (stride, stride), pads, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + self.parameter(lambda: jnp.zeros(channels)) if bias else y

    def linear(self, x, features):
        x = x.reshape(len(x), -1)
        return x @ self.weight(x.shape[1], features) + self.parameter(lambda: jnp.zeros(features))

    def batch_norm(self, x):
        scale, shift = (self.parameter(lambda: value) for value in (jnp.ones(x.shape[-1]), jnp.zeros(x.shape[-1])))
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        self.moments.append((mean, variance))
        return (x - mean) * (lax.rsqrt(variance + EPSILON) * scale) + shift

    def dropout(self, x):
        """Half of the features, doubled."""
        return jnp.where(jax.random.bernoulli(self.next_key(), 0.5, x.shape), 2 * x, 0)

    def weight(self, *shape):
        """Normal with deviation √(2 / fan in), which keeps the size of activations behind ReLU."""
        deviation = math.sqrt(2 / math.prod(shape[:-1]))
        return self.parameter(lambda: deviation * jax.random.normal(self.next_key(), shape))

    def parameter(self, draw):
        self.parameters.append(draw() if self.given is None else next(self.given))
        return self.parameters[-1]

    def next_key(self):
        self.key, key = jax.random.split(self.key)
        return key


def max_pool(x, window, stride, padding=0):
    return reduce_window(x, -jnp.inf, lax.max, window, stride, padding)


def average_pool(x, window, stride):
    return reduce_window(x, 0.0, lax.add, window, stride, 0) / window**2


def reduce_window(x, start, reduction, window, stride, padding):
    pads = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    return lax.reduce_window(x, start, reduction, (1, window, window, 1), (1, stride, stride, 1), pads)


relu, sigmoid = jax.nn.relu, jax.nn.sigmoid


def lenet(layers, x):
    x = max_pool(sigmoid(layers.conv(x, 6, 5)), 2, 2)
    x = max_pool(sigmoid(layers.conv(x, 16, 5)), 2, 2)
    return lenet_classifier(layers, x)


def lenet5(layers, x):
    x = average_pool(sigmoid(layers.conv(x, 6, 5, padding=2)), 2, 2)
    x = average_pool(sigmoid(layers.conv(x, 16, 5)), 2, 2)
    return lenet_classifier(layers, x)


def lenet_classifier(layers, x):
    x = sigmoid(layers.linear(x, 120))
    x = sigmoid(layers.linear(x, 84))
    return layers.linear(x, 10)


def trashnet(layers, x):
    x = relu(layers.batch_norm(layers.conv(x, 32, 3, padding=1)))
    x = max_pool(x, 3, 1, padding=1)
    x = trashnet_block(layers, x, 64, stride=2)
    x = trashnet_block(layers, x, 64)
    return layers.linear(x.mean((1, 2)), 10)


def trashnet_block(layers, x, channels, stride=1):
    y = relu(layers.batch_norm(layers.conv(x, channels, 3, stride, padding=1)))
    y = layers.batch_norm(layers.conv(y, channels, 3, padding=1))
    shortcut = x if stride == 1 else layers.conv(x, channels, 1, stride)
    return relu(y + shortcut)


def cnn4(layers, x):
    for channels in (16, 32, 64, 128):
        x = layers.conv(x, channels, 5, padding=2)
        if channels > 16:  # the first stage has no batch norm
            x = layers.batch_norm(x)
        x = max_pool(relu(x), 2, 2)
    return layers.linear(x, 10)


def resnet18(layers, x):
    x = relu(layers.batch_norm(layers.conv(x, 64, 7, 2, padding=3, bias=False)))
    x = max_pool(x, 3, 2, padding=1)
    for channels in (64, 128, 256, 512):
        x = resnet_block(layers, x, channels, stride=1 if channels == 64 else 2)
        x = resnet_block(layers, x, channels)
    return layers.linear(x.mean((1, 2)), 10)


def resnet_block(layers, x, channels, stride=1):
    y = relu(layers.batch_norm(layers.conv(x, channels, 3, stride, padding=1, bias=False)))
    y = layers.batch_norm(layers.conv(y, channels, 3, padding=1, bias=False))
    shortcut = x if stride == 1 else layers.batch_norm(layers.conv(x, channels, 1, stride, bias=False))
    return relu(y + shortcut)


def vgg11(layers, x):
    # Of images of 224×224 the features are 7×7 already: the mean over 7×7 parts that follows in VGG changes nothing.
    for block in ((64,), (128,), (256, 256), (512, 512), (512, 512)):
        for channels in block:
            x = relu(layers.conv(x, channels, 3, padding=1))
        x = max_pool(x, 2, 2)
    for _ in range(2):
        x = layers.dropout(relu(layers.linear(x, 4096)))
    return layers.linear(x, 10)


NETWORKS = {
    "lenet": lenet,
    "lenet5": lenet5,
    "trashnet": trashnet,
    "cnn4": cnn4,
    "resnet18": resnet18,
    "vgg11": vgg11,
}
