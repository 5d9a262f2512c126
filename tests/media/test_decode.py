"""Opening pictures.  Truths: Pillow and OpenCV, which wrote the files; the arrays."""

import hashlib
import io
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as P
from PIL import ImageOps
from skimage import data

from nnviz.base.errors import InputError
from nnviz.media.arrays import check_pixels
from nnviz.media.decode import decode, open_image

PHOTO = data.astronaut()[:200, 100:400]
DEEP = PHOTO.astype(np.uint16) * 257 - (PHOTO > 0)


def encoded(pixels, kind, mode=None, **options):
    file = io.BytesIO()
    P.fromarray(pixels).convert(mode or P.fromarray(pixels).mode).save(
        file, kind, **options
    )
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_files_come_back_as_they_were(kind, tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(encoded(PHOTO, kind))
    image = open_image(path)
    np.testing.assert_array_equal(image.pixels, PHOTO)
    assert image.notes == ()
    assert image.alpha is None
    assert image.name == "photo"
    assert image.path == str(path)
    assert image.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not image.pixels.flags.writeable


def test_webp_without_loss():
    image = decode(encoded(PHOTO, "WEBP", lossless=True), "a.webp")
    np.testing.assert_array_equal(image.pixels, PHOTO)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("progressive", [False, True])
def test_large_jpeg_equals_pillow_bit_for_bit(mode, progressive):
    """Above 4 megapixels OpenCV decodes; both use libjpeg-turbo."""
    large = P.fromarray(PHOTO).resize((2600, 1700)).convert(mode)
    file = io.BytesIO()
    large.save(file, "JPEG", quality=85, progressive=progressive)
    pixels = decode(file.getvalue(), "large.jpg").pixels
    expected = np.asarray(P.open(file)).reshape(1700, 2600, -1)
    np.testing.assert_array_equal(pixels, expected)


def test_large_cut_off_jpeg_is_refused_even_with_a_thumbnail_inside():
    """An embedded thumbnail has an end marker of its own."""
    large = P.fromarray(PHOTO).resize((2600, 1700))
    exif = P.Exif()
    exif[0x010E] = "x" * 10 + "\xff\xd9"
    file = io.BytesIO()
    large.save(file, "JPEG", exif=exif, comment=b"\xff\xd9")
    whole = file.getvalue()
    with pytest.raises(InputError, match=r"big\.jpg: is truncated"):
        decode(whole[: len(whole) // 2], "big.jpg")


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation(turn, kind):
    """Pillow's exif_transpose is the oracle."""
    exif = P.Exif()
    exif[0x0112] = turn
    file = io.BytesIO()
    options = {"quality": 95} if kind == "JPEG" else {}
    if kind == "WEBP":
        options = {"lossless": True}
    P.fromarray(PHOTO).save(file, kind, exif=exif, **options)
    expected = np.asarray(ImageOps.exif_transpose(P.open(file)))
    np.testing.assert_array_equal(decode(file.getvalue(), "a").pixels, expected)


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_of_deep_and_large_files(turn):
    """What OpenCV decodes is turned by us: an upright file with the tag set."""
    exif = P.Exif()
    exif[0x0112] = turn
    large = P.fromarray(PHOTO).resize((2600, 1700))
    file = io.BytesIO()
    large.save(file, "JPEG", exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(P.open(file)))
    np.testing.assert_array_equal(decode(file.getvalue(), "a.jpg").pixels, expected)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_deep_color_keeps_16_bits(suffix):
    """Files written by OpenCV."""
    file = cv2.imencode(suffix, cv2.cvtColor(DEEP, cv2.COLOR_RGB2BGR))[1].tobytes()
    image = decode(file, "deep" + suffix)
    assert image.pixels.dtype == np.uint16
    np.testing.assert_array_equal(image.pixels, DEEP)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_deep_gray_keeps_16_bits(suffix):
    file = cv2.imencode(suffix, DEEP[..., 0])[1].tobytes()
    np.testing.assert_array_equal(decode(file, "deep").pixels, DEEP[..., :1])


def test_deep_color_with_alpha():
    alpha = np.linspace(0, 65535, DEEP[..., 0].size).astype(np.uint16)
    alpha = alpha.reshape(DEEP.shape[:2])
    file = cv2.imencode(
        ".png", np.dstack([cv2.cvtColor(DEEP, cv2.COLOR_RGB2BGR), alpha])
    )[1]
    image = decode(file.tobytes(), "deep.png")
    np.testing.assert_array_equal(image.pixels, DEEP)
    np.testing.assert_array_equal(image.alpha, alpha)


def test_cut_off_deep_png_is_refused():
    """OpenCV alone would fill the rest with black without a word."""
    file = cv2.imencode(".png", DEEP)[1].tobytes()
    with pytest.raises(InputError):
        decode(file[: len(file) // 2], "deep.png")


def test_float_tiff_is_stretched_and_says_so():
    file = encoded(np.linspace(-5, 20, 600, dtype=np.float32).reshape(20, 30), "TIFF")
    image = decode(file, "float.tif")
    assert image.pixels.dtype == np.float32
    assert (image.pixels.min(), image.pixels.max()) == (0, 1)
    assert image.notes == ("values -5 to 20 are stretched to 0 to 1",)


def test_float_color_tiff():
    """Pillow knows no such mode; OpenCV wrote it and reads it."""
    colors = (PHOTO / 255).astype(np.float32)
    file = cv2.imencode(".tiff", cv2.cvtColor(colors, cv2.COLOR_RGB2BGR))[1]
    np.testing.assert_array_equal(decode(file.tobytes(), "f.tif").pixels, colors)


def hand_written_tiff(values, turn=1, pages=1):
    """Return an uncompressed RGB TIFF file after the TIFF 6.0 specification."""
    import struct

    height, width, channels = values.shape
    body = values.astype(values.dtype.newbyteorder("<")).tobytes()
    extra_at = 8 + len(body)
    kind = 3 if values.dtype.kind == "f" else 1
    extra = struct.pack(
        f"<{2 * channels}H", *[values.dtype.itemsize * 8] * channels, *[kind] * channels
    )
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, extra_at),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
        (274, 3, 1, turn),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(body)),
        (339, 3, channels, extra_at + 2 * channels),
    ]
    at = extra_at + len(extra)
    out = b"II*\0" + struct.pack("<I", at) + body + extra
    for page in range(pages):
        entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
        at += 2 + len(entries) + 4
        following = at if page < pages - 1 else 0
        out += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return out


@pytest.mark.parametrize("turn", range(1, 9))
def test_deep_tiff_is_turned_upright(turn):
    """Truth: Pillow's way of turning, on one 8-bit half of the numbers."""
    steps = {
        2: P.Transpose.FLIP_LEFT_RIGHT,
        3: P.Transpose.ROTATE_180,
        4: P.Transpose.FLIP_TOP_BOTTOM,
        5: P.Transpose.TRANSPOSE,
        6: P.Transpose.ROTATE_270,
        7: P.Transpose.TRANSVERSE,
        8: P.Transpose.ROTATE_90,
    }
    picture = P.fromarray(PHOTO)
    turned = picture.transpose(steps[turn]) if turn in steps else picture
    image = decode(hand_written_tiff(PHOTO.astype(np.uint16) * 257, turn), "a.tif")
    np.testing.assert_array_equal(image.pixels // 257, np.asarray(turned))


def test_deep_tiff_with_pages_cut_off_and_with_many_channels():
    deep = DEEP[:9, :7]
    pages = decode(hand_written_tiff(deep, pages=3), "a.tif")
    assert pages.notes == ("first of 3 pages",)
    whole = hand_written_tiff(deep)
    # The tags stand at the end: promise more pixels than there are.
    longer = whole.replace((9 * 7 * 6).to_bytes(4, "little"), b"\0\0\1\0", 1)
    with pytest.raises(InputError, match="is truncated"):
        decode(longer, "a.tif")
    with pytest.raises(InputError, match=r"5 channels.*\.npy"):
        decode(hand_written_tiff(np.zeros((4, 4, 5), np.uint16)), "a.tif")


def test_float_color_tiff_above_the_limit_is_refused_before_decoding():
    file = cv2.imencode(".tiff", (PHOTO / 255).astype(np.float32))[1].tobytes()
    with pytest.raises(InputError, match="300 x 200 px"):
        decode(file, "f.tif", max_pixels=59_999)


def test_one_bit():
    bits = PHOTO[..., 0] > 100
    image = decode(encoded(bits, "PNG"), "bits.png")
    np.testing.assert_array_equal(image.pixels[..., 0], bits * np.uint8(255))
    assert "1 bit" in image.notes[0]


def test_palette():
    picture = P.fromarray(PHOTO).quantize(32)
    file = io.BytesIO()
    picture.save(file, "PNG")
    expected = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(decode(file.getvalue(), "p.png").pixels, expected)


def test_palette_with_transparency():
    picture = P.fromarray(PHOTO).quantize(32)
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=3)
    image = decode(file.getvalue(), "p.png")
    np.testing.assert_array_equal(image.alpha == 0, np.asarray(picture) == 3)
    np.testing.assert_array_equal(image.pixels, np.asarray(picture.convert("RGB")))


def test_alpha_is_kept_apart_and_colors_are_straight():
    alpha = np.tile(np.arange(300) % 256, (200, 1)).astype(np.uint8)
    image = decode(encoded(np.dstack([PHOTO, alpha]), "PNG"), "a.png")
    np.testing.assert_array_equal(image.pixels, PHOTO)
    np.testing.assert_array_equal(image.alpha, alpha)
    assert "transparency" in image.notes[0]


def test_alpha_that_hides_nothing_is_dropped():
    alpha = np.full(PHOTO.shape[:2], 255, np.uint8)
    image = decode(encoded(np.dstack([PHOTO, alpha]), "PNG"), "a.png")
    assert image.alpha is None
    assert image.notes == ()


def test_gray_with_alpha():
    both = np.dstack([PHOTO[..., 0], PHOTO[..., 1]])
    image = decode(encoded(both, "PNG", "LA"), "la.png")
    assert image.channels == 1
    np.testing.assert_array_equal(image.alpha, PHOTO[..., 1])


def test_cmyk_is_converted_and_says_so():
    file = encoded(PHOTO, "JPEG", "CMYK", quality=95)
    image = decode(file, "c.jpg")
    assert image.channels == 3
    assert np.abs(image.pixels.astype(int) - PHOTO).mean() < 6
    assert "CMYK" in image.notes[0]


def test_lab_tiff():
    from PIL import ImageCms

    lab = ImageCms.profileToProfile(
        P.fromarray(PHOTO),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    file = io.BytesIO()
    lab.save(file, "TIFF")
    image = decode(file.getvalue(), "lab.tif")
    assert np.abs(image.pixels.astype(int) - PHOTO).mean() < 4
    assert "CIELAB" in image.notes[0]


def test_16_bit_pgm():
    """Hand-written: NetPBM's P5 holds big-endian numbers."""
    values = np.arange(0, 65000, 1000, dtype=np.uint16).reshape(5, 13)
    file = b"P5 13 5 65535\n" + values.astype(">u2").tobytes()
    np.testing.assert_array_equal(decode(file, "a.pgm").pixels[..., 0], values)


@pytest.mark.parametrize(
    ("kind", "word"),
    [("GIF", "frames"), ("WEBP", "frames"), ("PNG", "frames"), ("TIFF", "pages")],
)
def test_first_of_many(kind, word):
    frames = [P.fromarray(np.roll(PHOTO, 9 * n, 1)) for n in range(12)]
    file = io.BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {}
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], **options)
    image = decode(file.getvalue(), "a")
    assert image.notes == (f"first of 12 {word}",)
    expected = np.asarray(P.open(file).convert("RGB"))
    np.testing.assert_array_equal(image.pixels, expected)


def test_mpo():
    file = io.BytesIO()
    P.fromarray(PHOTO).save(
        file, "MPO", save_all=True, append_images=[P.fromarray(PHOTO[::-1])]
    )
    image = decode(file.getvalue(), "a.mpo")
    assert image.size == (200, 300)
    assert image.notes == ("first of 2 pictures",)


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 3), (9, 7, 11)])
def test_arrays_of_any_channels(shape, tmp_path):
    values = np.random.default_rng(0).random(shape, np.float32)
    np.save(tmp_path / "a.npy", values)
    pixels = open_image(tmp_path / "a.npy").pixels
    np.testing.assert_array_equal(pixels, values.reshape(9, 7, -1))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, ">u2", bool])
def test_arrays_of_whole_numbers(kind, tmp_path):
    values = np.arange(12).reshape(3, 4).astype(kind)
    np.save(tmp_path / "a.npy", values)
    pixels = open_image(tmp_path / "a.npy").pixels
    factor = 255 if kind is bool else 1
    np.testing.assert_array_equal(pixels[..., 0], values.astype(int) * factor)
    assert pixels.dtype.isnative


def test_array_with_nan_says_so(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[0.5, np.nan], [1, 0]]))
    image = open_image(tmp_path / "a.npy")
    assert image.notes == ("1 values are not finite and became 0",)
    assert image.pixels[0, 1, 0] == 0


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((3, 4, 5, 6)),
        np.zeros(3),
        np.zeros((0, 4)),
        np.array([["a"]]),
        np.array([[{}]], object),
        np.zeros((2, 2), complex),
    ],
)
def test_arrays_that_are_no_pictures(values, tmp_path):
    np.save(tmp_path / "a.npy", values, allow_pickle=True)
    with pytest.raises(InputError, match=r"a\.npy: "):
        open_image(tmp_path / "a.npy")


def huge_png(width, height):
    """Return a PNG whose header promises more than it holds."""
    import struct
    import zlib

    def chunk(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [9_000, 12_000, 40_000])
def test_too_many_pixels_are_refused_from_the_header(side):
    """81, 144 and 1600 megapixels: below, within and above Pillow's own limits."""
    with pytest.raises(InputError) as caught:
        decode(huge_png(side, side), "huge.png")
    assert f"{side} x {side} px" in str(caught.value)
    assert "--max-pixels" in str(caught.value)
    assert "the limit is 80" in str(caught.value)


def test_max_pixels_can_be_raised_above_pillows_limit():
    """100 megapixels of one bit are small; Pillow would warn above 89."""
    file = io.BytesIO()
    P.new("1", (10_000, 10_000)).save(file, "PNG")
    assert decode(file.getvalue(), "a.png", 100_000_000).size == (10_000, 10_000)


def test_an_8k_picture_opens():
    file = io.BytesIO()
    P.new("RGB", (7680, 4320)).save(file, "PNG", compress_level=1)
    assert decode(file.getvalue(), "8k.png").size == (4320, 7680)


def test_pillows_own_limit_is_left_alone():
    """Other code in the process relies on it."""
    assert P.MAX_IMAGE_PIXELS == (1024 * 1024 * 1024 // 4 // 3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello", "is not an image"),
        (b"\x89PNG\r\n\x1a\n", "damaged|cut off"),
        (b"\xff\xd8\xff\xe0", "damaged|cut off"),
        (b"GIF89a", "damaged|cut off"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 20, "HEIC image.*JPEG or PNG"),
        (b"\0\0\0\x18ftypisom" + b"\0" * 20, "is a video"),
        (b"%PDF-1.7", "PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"\n <!DOCTYPE html><html>", "web page"),
        (b"<svg xmlns=''/>", "vector drawing"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"PK\x03\x04", "archive"),
        (b"\x93NUMPY\x09\x00", "damaged"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", "damaged"),
    ],
)
def test_bad_content_is_named(content, words, tmp_path):
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        open_image(path)
    assert "bad.jpg: " in str(caught.value)


def test_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "kitten.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match=r"no such file; did you mean kitten\.jpg\?"):
        open_image(tmp_path / "kiten.jpg")
    with pytest.raises(InputError, match="there is no folder"):
        open_image(tmp_path / "nowhere" / "cat.jpg")


def test_folder(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        open_image(tmp_path)


def test_file_that_may_not_be_read():
    """Root may read everything, so it becomes another user for a moment."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "secret.png"
        path.write_bytes(b"x")
        path.chmod(0)
        if os.geteuid() == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(InputError, match="is not readable"):
                open_image(path)
        finally:
            if os.getuid() == 0:
                os.seteuid(0)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((4, 4, 3), np.nan), "not finite"),
        (np.full((4, 4, 3), 200.0), "values from 200 to 200, not 0 to 1; divide them"),
        (np.full((4, 4, 3), -0.5), "values from -0.5 to -0.5"),
        (np.full((4, 4, 3), 300), "holds int64 from 300 to 300"),
        (np.zeros((0, 4, 3), np.uint8), r"has the shape \(0, 4, 3\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), "has the shape"),
        (np.zeros((4, 4), complex), "holds complex128; give uint8"),
        (np.full((4, 4), "a"), "holds <U1"),
    ],
)
def test_arrays_of_programs_are_in_their_range_or_refused(array, words):
    """Truth: the docstring's ranges; a cast would show another image in silence."""
    with pytest.raises(InputError, match=words):
        check_pixels(array)


def test_arrays_of_programs_keep_their_numbers():
    """Truth: by hand."""
    assert check_pixels(np.array([[True, False]])).tolist() == [[255, 0]]
    whole = check_pixels(np.array([[0, 255]]))
    assert (whole.dtype, whole.tolist()) == (np.uint8, [[0, 255]])
    near = np.array([[-1e-4, 1.0004]])
    assert check_pixels(near) is near
