"""Prints what TensorBoard's own reader finds in a folder of events, as JSON.

usage: read_events.py FOLDER
"""

import io
import json
import math
import sys

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import (
    COMPRESSED_HISTOGRAMS,
    GRAPH,
    HISTOGRAMS,
    IMAGES,
    SCALARS,
    TENSORS,
    EventAccumulator,
)
from tensorboard.compat.proto.graph_pb2 import GraphDef


def scalar(event):
    # JSON has no word for what is not finite.
    return {"step": event.step, "value": event.value if math.isfinite(event.value) else None}


def picture(event):
    image = Image.open(io.BytesIO(event.encoded_image_string))
    return {
        "step": event.step,
        "width": event.width,
        "height": event.height,
        "mode": image.mode,
        "size": list(image.size),
        "pixels": list(image.tobytes())[:64],
    }


def text(event):
    return {"step": event.step, "text": event.tensor_proto.string_val[0].decode()}


def graph(accumulator):
    definition = GraphDef()
    definition.ParseFromString(accumulator.Graph().SerializeToString())
    return [
        {
            "name": node.name,
            "op": node.op,
            "input": list(node.input),
            "shapes": [[d.size for d in s.dim] for s in node.attr["_output_shapes"].list.shape],
        }
        for node in definition.node
    ]


# Zero keeps all events of a kind.
everything = {kind: 0 for kind in (COMPRESSED_HISTOGRAMS, HISTOGRAMS, IMAGES, SCALARS, TENSORS, GRAPH)}
accumulator = EventAccumulator(sys.argv[1], size_guidance=everything)
accumulator.Reload()
tags = accumulator.Tags()
json.dump(
    {
        "version": accumulator.file_version,
        "scalars": {t: [scalar(e) for e in accumulator.Scalars(t)] for t in tags["scalars"]},
        "images": {t: [picture(e) for e in accumulator.Images(t)] for t in tags["images"]},
        "histograms": {
            t: [
                {
                    "step": e.step,
                    "min": e.histogram_value.min,
                    "max": e.histogram_value.max,
                    "num": e.histogram_value.num,
                    "sum": e.histogram_value.sum,
                    "sumSquares": e.histogram_value.sum_squares,
                    "limits": list(e.histogram_value.bucket_limit),
                    "buckets": list(e.histogram_value.bucket),
                }
                for e in accumulator.Histograms(t)
            ]
            for t in tags["histograms"]
        },
        "texts": {t: [text(e) for e in accumulator.Tensors(t)] for t in tags["tensors"]},
        "graph": graph(accumulator) if tags["graph"] else [],
    },
    sys.stdout,
)
