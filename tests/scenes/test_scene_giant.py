"""Files that claim more than a decoder can hold are refused by their headers, unseen by any decoder."""

from __future__ import annotations

import struct

import pytest
from support.scene_files import ground, opened, read, write

from tumangang_watch.errors import InputRefused
from tumangang_watch.scenes.container import MAX_SEGMENTS, whole_image
from tumangang_watch.scenes.tiff import MAX_IMAGES, MAX_TEXT_BYTES

BANDS = {"acquired": "2022-11-30T02:10:00Z", "item_type": "SkySatCollect"}


def jpeg_2000(path, **options):
    """Write a sound image of 80 x 60 pixels and four bands; return its bytes."""
    options = {"REVERSIBLE": "YES", "QUALITY": "100", **options}
    write(path, ground(), driver="JP2OpenJPEG", **options)
    return path.read_bytes()


def claiming(content, cols, rows, tile):
    """Return an image's bytes with other sizes of it and of its tiles in its header and its codestream."""
    changed, box, size = bytearray(content), content.index(b"ihdr"), content.index(b"\xff\x4f\xff\x51")
    changed[box + 4 : box + 12] = struct.pack(">II", rows, cols)
    changed[size + 8 : size + 16] = struct.pack(">II", cols, rows)
    changed[size + 24 : size + 32] = struct.pack(">II", *tile)
    return bytes(changed)


@pytest.mark.parametrize(
    ("cols", "rows", "tile", "tiles"),
    [
        (50_000, 50_000, (50_000, 50_000), 1),
        (500_000, 500_000, (500_000, 500_000), 1),
        (50_000, 50_000, (256, 256), 38_416),
        (500_000, 500_000, (1, 1), 250_000_000_000),
    ],
)
def test_what_a_decoder_cannot_hold_is_refused(tmp_path, cols, rows, tile, tiles):
    path = tmp_path / "giant.jp2"
    path.write_bytes(claiming(jpeg_2000(path), cols, rows, tile))
    with pytest.raises(InputRefused, match=rf"decoder needs \d+ MiB for {tiles} tiles of \d+ code blocks"):
        whole_image(path)


def in_nitf(path, image):
    """Return the bytes of a NITF whose one image is a JPEG 2000."""
    write(path, ground(), driver="NITF", ICORDS="N")
    content = bytearray(path.read_bytes())
    begin = int(content[354:360]) + int(content[363:369])
    content[begin:] = image
    content[369:379], content[342:354] = b"%010d" % len(image), b"%012d" % len(content)
    return bytes(content)


@pytest.mark.parametrize("boxed", [True, False])
def test_a_jpeg_2000_inside_a_nitf_is_looked_at_as_one_that_stands_alone(tmp_path, boxed):
    sound = jpeg_2000(tmp_path / "sound.jp2")
    giant, path = claiming(sound, 50_000, 50_000, (256, 256)), tmp_path / "a.ntf"
    begin = 0 if boxed else sound.index(b"\xff\x4f\xff\x51")
    path.write_bytes(in_nitf(tmp_path / "other.ntf", giant[begin:]))
    with pytest.raises(InputRefused, match=r"decoder needs \d+ MiB for 38416 tiles"):
        whole_image(path)
    path.write_bytes(in_nitf(tmp_path / "third.ntf", sound[begin:]))
    whole_image(path)


def test_small_code_blocks_count_as_many(tmp_path):
    """With blocks of 4 x 4 an image of 4 000 x 4 000 pixels takes 1.5 GB; with 64 x 64, ten MB."""
    path = tmp_path / "fine.jp2"
    plain = claiming(jpeg_2000(path), 4000, 4000, (4000, 4000))
    fine = claiming(jpeg_2000(path, CODEBLOCK_WIDTH="4", CODEBLOCK_HEIGHT="4"), 4000, 4000, (4000, 4000))
    path.write_bytes(fine)
    with pytest.raises(InputRefused, match="code blocks"):
        whole_image(path)
    path.write_bytes(plain)
    assert whole_image(path).bands == 4


def with_segments(content, marker, segments):
    """Return an image's bytes with more segments before a marker; what says how long its part is, grown."""
    changed, added = bytearray(content), b"".join(segments)
    at, part, box = content.index(marker), content.index(PART), content.index(b"jp2c") - 4
    changed[at:at] = added
    for place in [box, *([part + 6] if at > part else [])]:
        # The first is a box's length, the second that of a part of a tile.
        place += len(added) if place > at else 0
        (length,) = struct.unpack_from(">I", changed, place)
        struct.pack_into(">I", changed, place, length + len(added) if length else 0)
    return bytes(changed)


PART, DATA = b"\xff\x90\x00\x0a", b"\xff\x93"
FINE = bytes.fromhex("ff52000d0100000101000000000199")
FINE_OF_BAND = bytes.fromhex("ff5300090200000000000199")
COMMENT = bytes.fromhex("ff640004000a")


@pytest.mark.parametrize("style", [FINE, FINE_OF_BAND])
def test_small_code_blocks_count_where_the_header_of_a_tile_asks_for_them(tmp_path, style):
    """What the header of the image says is not what is done: such a file took 5.6 GB."""
    path = tmp_path / "fine.jp2"
    sound = jpeg_2000(path)
    path.write_bytes(with_segments(sound, DATA, [style]))
    assert whole_image(path).bands == 4
    path.write_bytes(with_segments(claiming(sound, 8000, 8000, (8000, 8000)), DATA, [COMMENT, style]))
    with pytest.raises(InputRefused, match="code blocks"):
        whole_image(path)


@pytest.mark.parametrize("marker", [PART, DATA])
def test_a_header_of_more_segments_than_are_looked_through_is_refused(tmp_path, marker):
    path = tmp_path / "many.jp2"
    sound = jpeg_2000(path)
    path.write_bytes(with_segments(sound, marker, [COMMENT] * (MAX_SEGMENTS + 1)))
    with pytest.raises(InputRefused, match=f"more than {MAX_SEGMENTS} segments"):
        whole_image(path)


@pytest.mark.parametrize("precincts", ["{128,128},{64,64}", "{256,256}"])
def test_a_large_image_in_tiles_is_read(tmp_path, precincts):
    path = tmp_path / "tiled.jp2"
    content = jpeg_2000(path, PRECINCTS=precincts)
    path.write_bytes(claiming(content, 50_000, 50_000, (1024, 1024)))
    assert whole_image(path).bands == 4


def chained(path, images):
    """Let a sound TIFF be followed by a chain of so many images of a pixel."""
    write(path, metadata=BANDS)
    content = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, start)
    size = 2 + 12 + 4
    struct.pack_into("<I", content, start + 2 + 12 * entries, len(content))
    for k in range(images):
        following = len(content) + size if k < images - 1 else 0
        content += struct.pack("<HHHIII", 1, 254, 4, 1, 1, following)
    path.write_bytes(content)


def test_a_file_of_too_many_images_is_refused(tmp_path):
    """GDAL took minutes for 200 000 of them."""
    path = tmp_path / "stack.tif"
    chained(path, MAX_IMAGES)
    assert whole_image(path).bands == 4
    chained(path, MAX_IMAGES + 1)
    with pytest.raises(InputRefused, match=f"more than {MAX_IMAGES} images"):
        whole_image(path)


def test_images_that_follow_one_another_in_a_circle_end(tmp_path):
    path = tmp_path / "circle.tif"
    chained(path, 3)
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, len(content) - 4, struct.unpack_from("<I", content, 4)[0])
    path.write_bytes(content)
    assert read(opened(path)).values.shape[0] == 4


@pytest.mark.parametrize("tags", [{"IMAGEDESCRIPTION": "x"}, {"TIFFTAG_IMAGEDESCRIPTION": "x"}])
def test_text_of_megabytes_in_a_header_is_refused(tmp_path, tags):
    """GDAL compares each name with all others: a million of them had not ended after 150 s."""
    path = tmp_path / "told.tif"
    tags = {name: text * (MAX_TEXT_BYTES + 1) for name, text in tags.items()}
    write(path, tags=tags, metadata=BANDS)
    with pytest.raises(
        InputRefused, match=rf"tag (270|42112) of it has \d+ bytes, more than {MAX_TEXT_BYTES}"
    ):
        whole_image(path)
