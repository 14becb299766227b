"""Looking into content: what it is, whether it is whole, and how it stands."""

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from penstock.files import probing
from penstock.files.probing import ContentRefused

from .conftest import Picture

LIMIT = 400_000_000


def why(content: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(ContentRefused) as refused:
        probing.look(content, limit)
    return str(refused.value.parts["why"])


def refused_at_a_glance(content: bytes, tmp_path: Path) -> str | None:
    (tmp_path / "content").write_bytes(content)
    try:
        probing.check_whole(tmp_path / "content")
    except ContentRefused as refused:
        return str(refused.parts["why"])
    return None


@pytest.mark.parametrize(
    ("format", "mime"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("BMP", "image/bmp")],
)
def test_four_kinds_of_images_are_known(picture: Picture, tmp_path: Path, format: str, mime: str) -> None:
    content = picture(format, 41, 30)
    found, _ = probing.look(content, LIMIT)
    assert (found.media, found.mime, found.width, found.height) == ("image", mime, 41, 30)
    assert refused_at_a_glance(content, tmp_path) is None
    (tmp_path / "misnamed.txt").write_bytes(content)
    assert probing.look(tmp_path / "misnamed.txt", LIMIT)[0] == found


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (5, (30, 40)), (6, (30, 40)), (8, (30, 40)), (99, (40, 30))]
)
def test_a_camera_rotation_is_applied(picture: Picture, orientation: int, size: tuple[int, int]) -> None:
    found, _ = probing.look(picture(orientation=orientation), LIMIT)
    assert (found.width, found.height) == size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnails_stand_upright(orientation: int) -> None:
    image = Image.new("RGB", (800, 400), "black")
    image.paste("white", (0, 0, 200, 400))  # the left quarter, as the sensor saw it
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    _, small = probing.look(buffer.getvalue(), LIMIT)
    assert small is not None
    thumbnail = Image.open(io.BytesIO(small)).convert("L")
    assert thumbnail.size == ((320, 160) if orientation < 5 else (160, 320))
    width, height = thumbnail.size
    sides = {
        "left": thumbnail.getpixel((4, height // 2)),
        "right": thumbnail.getpixel((width - 5, height // 2)),
        "top": thumbnail.getpixel((width // 2, 4)),
        "bottom": thumbnail.getpixel((width // 2, height - 5)),
    }
    white = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}[orientation]
    assert [side for side, value in sides.items() if isinstance(value, int) and value > 128] == [white]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "LA", "RGBA", "I;16"])
def test_every_mode_gets_a_thumbnail(mode: str) -> None:
    format = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.linear_gradient("L").resize((600, 300))
    buffer = io.BytesIO()
    (image.convert("I").point(lambda v: v * 200).convert(mode) if mode[0] == "I" else image.convert(mode)).save(
        buffer, format
    )
    _, small = probing.look(buffer.getvalue(), LIMIT)
    assert small is not None
    thumbnail = Image.open(io.BytesIO(small))
    assert max(thumbnail.size) == 320
    assert thumbnail.format == ("WEBP" if "A" in mode else "JPEG")
    low, high = thumbnail.convert("L").getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert high - low > 150


def test_a_small_image_is_its_own_thumbnail(picture: Picture) -> None:
    assert probing.look(picture("PNG", 320, 200), LIMIT)[1] is None
    assert probing.look(picture("BMP", 32, 20), LIMIT)[1] is not None
    assert probing.look(picture("JPEG", 32, 20, orientation=6), LIMIT)[1] is not None


def test_a_thumbnail_says_nothing_about_where_it_was_taken(picture: Picture) -> None:
    _, small = probing.look(picture("JPEG", 800, 600, orientation=6), LIMIT)
    assert small is not None
    assert b"Exif" not in small


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95])
def test_a_truncated_image_is_refused_at_a_glance_and_when_looked_into(
    picture: Picture, tmp_path: Path, format: str, keep: float
) -> None:
    content = picture(format, 200, 150)
    cut = content[: int(len(content) * keep)]
    assert "truncated" in (refused_at_a_glance(cut, tmp_path) or "")
    assert format in why(cut)


def test_a_truncated_jpeg_is_found_although_the_thumbnail_in_its_camera_data_is_whole(
    picture: Picture, tmp_path: Path
) -> None:
    inner = picture("JPEG", 16, 16)
    content = picture("JPEG", 400, 300)
    segment = b"\xff\xe1" + struct.pack(">H", len(inner) + 8) + b"Exif\0\0" + inner
    with_thumbnail = content[:2] + segment + content[2:]
    assert refused_at_a_glance(with_thumbnail, tmp_path) is None
    assert "truncated" in (refused_at_a_glance(with_thumbnail[:-500], tmp_path) or "")


def test_a_video_after_the_picture_of_a_phone_does_no_harm(picture: Picture, tmp_path: Path) -> None:
    content = picture("JPEG", 400, 300) + b"\0\0\0\x18ftypmp42" + bytes(100_000)
    assert refused_at_a_glance(content, tmp_path) is None
    assert probing.look(content, LIMIT)[0].width == 400


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
    assert "60,000 x 60,000 pixels" in why(bomb)


def test_the_limit_on_pixels_is_a_setting(picture: Picture) -> None:
    content = picture("PNG", 100, 100)
    assert probing.look(content, 10_000)[0].width == 100
    assert "the limit is 9,999" in why(content, 9_999)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><svg onload='alert(1)'/>", "SVG"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"GIF89a" + bytes(50), "GIF"),
        (b"II*\0" + bytes(50), "TIFF"),
        (b"%PDF-1.7" + bytes(50), "PDF"),
        (b"PK\x03\x04" + bytes(50), "ZIP"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "HEIC"),
        (b"\0\0\0\x18ftypisom" + bytes(50), "MP4"),
        (b"hello, world", "not an image"),
        (bytes(100), "not an image"),
    ],
)
def test_what_is_no_image_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    assert words in why(content)
    assert words in (refused_at_a_glance(content, tmp_path) or "")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP"])
def test_damage_inside_never_gets_past_a_refusal(picture: Picture, format: str) -> None:
    content = picture(format, 120, 90)
    for at in range(0, len(content), max(1, len(content) // 60)):
        damaged = content[:at] + bytes(b ^ 0xA5 for b in content[at : at + 8]) + content[at + 8 :]
        with suppress(ContentRefused):
            probing.look(damaged, LIMIT)
