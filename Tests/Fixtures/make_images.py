"""Makes small pictures of many kinds, and beside each what Pillow reads: make_images.py DIR.

NAME.png or NAME.jpg is the picture; NAME.rgb holds the bytes of `Image.open(...).convert("RGB")`.
"""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 37, 23


def samples(rng, channels):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [128 + 90 * np.sin(x / (3 + k) + k) * np.cos(y / (4 + k)) + rng.normal(0, 12, (HEIGHT, WIDTH)) for k in range(channels)]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8).squeeze()


def png(header, rows, chunks=()):
    """A PNG by hand: (bit depth, colour type), rows of bytes, further chunks before the data."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    data = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, *header, 0, 0, 0))
            + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    gray, color, four = samples(rng, 1), samples(rng, 3), samples(rng, 4)
    files = {}

    def save(name, image, **options):
        stream = io.BytesIO()
        image.save(stream, "JPEG" if name.endswith(".jpg") else "PNG", **options)
        files[name] = stream.getvalue()

    for name, options in {
        "baseline420": {"quality": 75}, "baseline422": {"quality": 80, "subsampling": 1},
        "baseline444": {"quality": 95, "subsampling": 0}, "progressive": {"quality": 70, "progressive": True},
        "optimized": {"quality": 60, "optimize": True}, "restarts": {"quality": 85, "restart_marker_blocks": 2},
    }.items():
        save(name + ".jpg", Image.fromarray(color), **options)
    save("rgb.jpg", Image.fromarray(color), quality=90, keep_rgb=True)
    save("gray.jpg", Image.fromarray(gray), quality=80)
    save("gray_progressive.jpg", Image.fromarray(gray), quality=80, progressive=True)
    cmyk = Image.frombytes("CMYK", (WIDTH, HEIGHT), four.tobytes())
    save("cmyk.jpg", cmyk, quality=90)
    save("cmyk_progressive.jpg", cmyk, quality=90, progressive=True)
    # The same data declared as YCCK: the last byte of Adobe's marker is the transform.
    adobe = files["cmyk.jpg"].index(b"Adobe")
    ycck = bytearray(files["cmyk.jpg"])
    ycck[adobe + 11] = 2
    files["ycck.jpg"] = bytes(ycck)

    save("rgb.png", Image.fromarray(color))
    save("rgba.png", Image.fromarray(four))
    save("gray.png", Image.fromarray(gray))
    save("gray_alpha.png", Image.merge("LA", [Image.fromarray(gray), Image.fromarray(four[..., 3].copy())]))
    save("palette.png", Image.fromarray(color).quantize(17))
    save("palette_alpha.png", Image.fromarray(color).quantize(9), transparency=3)
    save("bits1.png", Image.fromarray(gray > 128))
    wide = rng.integers(0, 65536, (HEIGHT, WIDTH), dtype=np.uint16)
    wide[::2] %= 300
    files["gray16.png"] = png((16, 0), [row.astype(">u2").tobytes() for row in wide])
    files["gray16_transparent.png"] = png((16, 0), [row.astype(">u2").tobytes() for row in wide], [(b"tRNS", b"\0\7")])
    wide = rng.integers(0, 65536, (HEIGHT, WIDTH * 4), dtype=np.uint16)
    files["rgb16.png"] = png((16, 2), [row.astype(">u2").tobytes() for row in wide[:, : WIDTH * 3]])
    files["rgba16.png"] = png((16, 6), [row.astype(">u2").tobytes() for row in wide])
    files["gray_alpha16.png"] = png((16, 4), [row.astype(">u2").tobytes() for row in wide[:, : WIDTH * 2]])
    for bits in (2, 4):
        bytes_ = (WIDTH * bits + 7) // 8
        rows = rng.integers(0, 256, (HEIGHT, bytes_), dtype=np.uint8)
        files[f"gray_bits{bits}.png"] = png((bits, 0), [row.tobytes() for row in rows])
    files["rgb_transparent.png"] = png((8, 2), [row.tobytes() for row in color], [(b"tRNS", b"\0\x80\0\x80\0\x80")])
    files["rgb_gamma.png"] = png((8, 2), [row.tobytes() for row in color], [(b"gAMA", struct.pack(">I", 100000))])
    for name, content in files.items():
        (folder / name).write_bytes(content)
        (folder / name).with_suffix(Path(name).suffix + ".rgb").write_bytes(np.array(Image.open(io.BytesIO(content)).convert("RGB")).tobytes())


if __name__ == "__main__":
    main()
