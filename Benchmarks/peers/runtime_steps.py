#!/usr/bin/env python3
"""Inference of a network in ONNX Runtime or OpenVINO: PyTorch's network, exported to ONNX in memory.

    runtime_steps.py resnet18 --runtime "ONNX Runtime" --batch 1

The runtime's first result is compared with that of PyTorch's eager mode. See common.py for how a step is timed on
demand.
"""

import functools
import io

import torch

from common import INFERENCE_CLASSES, prepare, serve, step_parser, use_threads
from pytorch_steps import Agreement, make_images, make_network


def export(network, images):
    """The network as the bytes of an ONNX model."""
    return torch.onnx.export(network, (images,), dynamo=True, verbose=False).model_proto.SerializeToString()


def onnx_runtime_step(model, images, threads):
    import onnxruntime  # here and below, so that a runtime that is not installed is an error of its step alone

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: images.numpy()}
    return lambda: torch.from_numpy(session.run(None, feed)[0])


def openvino_step(model, images, threads):
    import openvino

    # Latency: the whole machine works on one batch, as in the other frameworks. Float32 also where the processor has
    # bfloat16, which OpenVINO would take.
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    core = openvino.Core()
    request = core.compile_model(core.read_model(io.BytesIO(model)), "CPU", options).create_infer_request()
    feed = [openvino.Tensor(images.numpy(), shared_memory=True)]

    def step():
        request.infer(feed)
        return torch.from_numpy(request.get_output_tensor().data)

    return step


RUNTIMES = {"ONNX Runtime": onnx_runtime_step, "OpenVINO": openvino_step}


def main():
    parser = step_parser(__doc__)
    parser.add_argument("--runtime", choices=RUNTIMES, required=True)
    arguments = parser.parse_args()
    use_threads(arguments.threads)

    def make():
        network = make_network(arguments.network, INFERENCE_CLASSES).eval()
        images = make_images(arguments.network, arguments.batch)
        agreement = Agreement()
        with torch.inference_mode():
            agreement.check(functools.partial(network, images))
        return agreement.check(RUNTIMES[arguments.runtime](export(network, images), images, arguments.threads))

    serve(*prepare({arguments.runtime: make}))


if __name__ == "__main__":
    main()
