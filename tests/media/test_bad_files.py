"""Damaged files never end in anything but a picture or an error in words."""

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as P

from nnviz.base.errors import InputError
from nnviz.media.decode import decode

# Pillow warns of damaged metadata; outside tests that is filtered at import.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def _files():
    pixels = np.random.default_rng(0).integers(0, 256, (24, 17, 3), np.uint8)
    picture = P.fromarray(pixels)
    exif = P.Exif()
    exif[0x0112] = 6
    made = {}
    plans = {
        "png": ("PNG", {"exif": exif}),
        "jpg": ("JPEG", {"exif": exif}),
        "progressive": ("JPEG", {"progressive": True}),
        "gif": ("GIF", {"save_all": True, "append_images": [picture.rotate(90)]}),
        "webp": ("WEBP", {}),
        "tiff": ("TIFF", {"compression": "tiff_lzw"}),
        "bmp": ("BMP", {}),
        "ppm": ("PPM", {}),
        "jp2": ("JPEG2000", {}),
        "avif": ("AVIF", {"speed": 10}),
    }
    for name, (kind, options) in plans.items():
        file = io.BytesIO()
        picture.save(file, kind, **options)
        made[name] = file.getvalue()
    file = io.BytesIO()
    picture.quantize(16).save(file, "PNG", transparency=1)
    made["palette"] = file.getvalue()
    file = io.BytesIO()
    np.save(file, pixels)
    made["npy"] = file.getvalue()
    import cv2

    made["deep"] = cv2.imencode(".png", pixels.astype(np.uint16))[1].tobytes()
    made["deep_tiff"] = cv2.imencode(".tiff", pixels.astype(np.uint16))[1].tobytes()
    return made


FILES = _files()


def survives(content):
    try:
        image = decode(content, "bad", 1_000_000)
    except InputError as error:
        assert "bad: " in str(error)  # noqa: PT017 -- either outcome is right
    else:
        assert image.pixels.ndim == 3


@pytest.mark.parametrize("name", FILES)
def test_whole_files_open(name):
    assert decode(FILES[name], name).pixels.size > 0


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(share=st.floats(0, 1))
def test_cut_off(name, share):
    content = FILES[name]
    survives(content[: int(share * len(content))] or b"x")


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)),
        min_size=1,
        max_size=8,
    ),
    front=st.booleans(),
)
def test_changed_bytes(name, changes, front):
    """Anywhere, or in the first 64 bytes, where headers are."""
    content = bytearray(FILES[name])
    length = min(64, len(content)) if front else len(content)
    for place, value in changes:
        content[int(place * length)] = value
    survives(bytes(content))
