"""Makes random transform cases with torchvision, in the format of the conformance cases: make_transforms.py DIR [N] [SEED] [LARGEST].

Floats come from float64 computations; images of bytes are torchvision's own results on uint8, and Pillow's for resize.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import functional as v1
from torchvision.transforms.v2 import InterpolationMode, functional as F


def save_file(tensors, path, metadata):
    """Writes safetensors: the header's length, the header, the data."""
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        content = tensor.numpy().tobytes()
        dtype = {torch.float32: "F32", torch.uint8: "U8"}[tensor.dtype]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


LARGEST = int(sys.argv[4]) if len(sys.argv) > 4 else 40


def size(rng, low=4, high=LARGEST):
    return [int(rng.integers(low, high)), int(rng.integers(low, high))]


def image(rng, kind, channels=None):
    channels = channels or int(rng.choice([1, 3]))
    h, w = size(rng)
    if kind == "uint8":
        return torch.from_numpy(rng.integers(0, 256, (channels, h, w), dtype=np.uint8))
    return torch.from_numpy(rng.random((channels, h, w), dtype=np.float32))


def number(rng, low, high):
    return round(float(rng.uniform(low, high)), 3)


def arguments(rng, op, x):
    h, w = x.shape[-2:]
    byte = x.dtype == torch.uint8
    fill = [int(v) for v in rng.integers(0, 256, x.shape[0])] if byte else [number(rng, 0, 1) for _ in range(x.shape[0])]
    if op == "crop":
        # The window touches the image: torchvision gives another size than asked for where it does not.
        return {"top": int(rng.integers(-3, h)), "left": int(rng.integers(-3, w)), "height": int(rng.integers(4, h + 3)),
                "width": int(rng.integers(4, w + 3))}
    if op == "center_crop":
        return {"output_size": size(rng, 1, 45)}
    if op == "pad":
        mode = str(rng.choice(["constant", "edge", "reflect", "symmetric"]))
        pads = [int(v) for v in rng.integers(0, 4, int(rng.choice([1, 2, 4])))]
        given = {"padding": pads, "padding_mode": mode}
        return given | ({"fill": fill[0] if rng.random() < 0.5 else fill} if mode == "constant" else {})
    if op == "resize":
        mode = str(rng.choice(["bilinear", "bilinear", "bicubic", "nearest", "nearest-exact"]))
        given = {"size": size(rng, 2, LARGEST + 20) if rng.random() < 0.6 else [int(rng.integers(4, 50))], "interpolation": mode,
                 "antialias": bool(rng.random() < 0.6)}
        if len(given["size"]) == 1 and rng.random() < 0.3:
            given["max_size"] = given["size"][0] + int(rng.integers(1, 20))
        return given
    if op == "resized_crop":
        top, left = int(rng.integers(0, h // 2)), int(rng.integers(0, w // 2))
        return {"top": top, "left": left, "height": int(rng.integers(1, h - top + 1)),
                "width": int(rng.integers(1, w - left + 1)), "size": size(rng, 2, 30), "antialias": True}
    if op == "rotate":
        angle = float(rng.choice([0, 90, 180, 270, number(rng, -360, 720), number(rng, -180, 180)]))
        given = {"angle": angle, "interpolation": str(rng.choice(["nearest", "bilinear"])), "expand": bool(rng.random() < 0.4)}
        if rng.random() < 0.5:
            given["fill"] = fill
        if rng.random() < 0.3 and not given["expand"]:
            given["center"] = [number(rng, 0, w), number(rng, 0, h)]
        return given
    if op == "affine":
        return {"angle": number(rng, -180, 180), "translate": [int(v) for v in rng.integers(-5, 6, 2)],
                "scale": number(rng, 0.5, 2), "shear": [number(rng, -30, 30), number(rng, -30, 30)],
                "interpolation": str(rng.choice(["nearest", "bilinear"]))} | ({"fill": fill} if rng.random() < 0.5 else {})
    if op == "erase":
        i, j = int(rng.integers(0, h)), int(rng.integers(0, w))
        return {"i": i, "j": j, "h": int(rng.integers(1, h - i + 1)), "w": int(rng.integers(1, w - j + 1)), "v": fill[0]}
    if op == "five_crop":
        return {"size": [int(rng.integers(1, h + 1)), int(rng.integers(1, w + 1))]}
    if op == "ten_crop":
        return {"size": [int(rng.integers(1, h + 1)), int(rng.integers(1, w + 1))], "vertical_flip": bool(rng.random() < 0.5)}
    if op == "rgb_to_grayscale":
        return {"num_output_channels": int(rng.choice([1, 3]))}
    if op == "normalize":
        return {"mean": [number(rng, -1, 1) for _ in fill], "std": [number(rng, 0.1, 2) for _ in fill]}
    if op == "gaussian_blur":
        odd = [k for k in (1, 3, 5, 7) if k // 2 < min(h, w)]
        return {"kernel_size": [int(rng.choice(odd)), int(rng.choice(odd))], "sigma": [number(rng, 0.1, 3), number(rng, 0.1, 3)]}
    if op.startswith("adjust_"):
        name = {"adjust_gamma": "gamma"}.get(op, op[len("adjust_"):] + "_factor")
        return {name: number(rng, -0.5, 0.5) if op == "adjust_hue" else number(rng, 0, 2.5)}
    if op == "posterize":
        return {"bits": int(rng.integers(0, 9))}
    if op == "solarize":
        return {"threshold": int(rng.integers(0, 256)) if byte else number(rng, 0, 1)}
    return {}


def call(op, x, given):
    given = dict(given)
    if "interpolation" in given:
        given["interpolation"] = InterpolationMode(given["interpolation"])
    if op == "erase":
        given["v"] = torch.tensor(given["v"], dtype=x.dtype)
    if op in ("resize", "resized_crop") and x.dtype == torch.uint8 and given.get("antialias") \
            and given.get("interpolation", InterpolationMode.BILINEAR).value in ("bilinear", "bicubic"):
        # Pillow's own arithmetic, which torchvision applies to pictures.
        picture = Image.fromarray(x.permute(1, 2, 0).numpy().squeeze())
        array = np.array(getattr(F, op)(picture, **given))
        return torch.from_numpy(array[None] if array.ndim == 2 else array.transpose(2, 0, 1).copy())
    return getattr(F, op)(x, **given)


def both_shrink(op, x, given):
    """Whether bytes become narrower and lower: Pillow 13 then chooses the order of its passes, which shows."""
    if op not in ("resize", "resized_crop") or x.dtype != torch.uint8 or not given.get("antialias"):
        return False
    height, width = (given["height"], given["width"]) if op == "resized_crop" else x.shape[-2:]
    new = F.resize(torch.zeros(1, height, width), given["size"], max_size=given.get("max_size")).shape[-2:]
    return new[0] < height and new[1] < width


OPS = ["crop", "center_crop", "pad", "resize", "resize", "resize", "resized_crop", "rotate", "affine", "erase", "five_crop",
       "ten_crop", "rgb_to_grayscale", "normalize", "gaussian_blur", "adjust_brightness", "adjust_contrast",
       "adjust_saturation", "adjust_hue", "adjust_gamma", "adjust_sharpness", "invert", "posterize", "solarize",
       "autocontrast", "equalize", "hflip", "vflip", "to_tensor"]
# Decisions (which pixel is nearest, which level) are made in single precision, as for real images.
SINGLE = {"resize", "resized_crop", "rotate", "affine", "equalize", "posterize", "solarize", "adjust_hue", "autocontrast",
          "gaussian_blur"}


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    folder.mkdir(parents=True, exist_ok=True)
    for number_ in range(count):
        op = OPS[number_ % len(OPS)]
        kind = "float32" if op == "normalize" or rng.random() < 0.5 else "uint8"
        x = image(rng, kind)
        if op == "to_tensor":
            x = torch.from_numpy(rng.integers(0, 256, (*size(rng), int(rng.choice([1, 3, 4]))), dtype=np.uint8))
            given, y = {}, v1.to_tensor(x.numpy())
        else:
            given = arguments(rng, op, x)
            if both_shrink(op, x, given):
                continue
            wide = x.double() if x.dtype == torch.float32 and op not in SINGLE else x
            y = call(op, wide, given)
        results = list(y) if isinstance(y, (list, tuple)) else [y]
        tensors = {"input.0": x.contiguous()}
        for k, result in enumerate(results):
            result = result.float() if result.dtype == torch.float64 else result
            tensors[f"output.{k}"] = result.clone().contiguous()
        name = f"transform.{op}.{kind}.{number_}"
        save_file(tensors, folder / f"{name}.safetensors", metadata={
            "case": name, "kind": "transform", "op": op, "args": json.dumps(given), "mode": "eval", "rtol": "1e-4",
            "atol": "1e-5", "torch": torch.__version__, "tier": "extra", "seed": str(number_)})


if __name__ == "__main__":
    main()
