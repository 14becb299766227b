"""Annotations that come in as columns: the same rows, byte by byte, as the same annotations one by one."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import formats
from penstock.annotations import copying
from penstock.formats import Deferred, Item, coco, voc_objects, yolo_columns
from penstock.ingest.identifying import Identified, identify, identify_traced
from penstock.schema.model import Label, Schema
from sets import MemoryTree
from strategies import HEIGHT, WIDTH

SCHEMA = Schema(
    version=1,
    labels=(
        Label(id=1, name="cell"),
        Label(id=2, name="boxed", kinds=("box",)),
        Label(id=3, name="gone", archived=True),
    ),
)
NAMES = [(1, "cell"), (4, "cell"), (7, "boxed"), (8, "gone"), (9, "lacking")]
TOLD = msgspec.json.encode({"names": {"a.json": NAMES, "b.json": NAMES}})
NUMBERS = (
    st.floats(-3, WIDTH + 3).map(lambda x: round(x, 2)) | st.integers(0, HEIGHT) | st.sampled_from((1e9, 1e-5, "x"))
)
RINGS = st.lists(
    st.lists(st.floats(1, HEIGHT - 1).map(lambda x: round(x, 2)), min_size=6, max_size=6), min_size=1, max_size=3
)
ODD = st.lists(st.lists(NUMBERS, min_size=4, max_size=8), max_size=2)


@st.composite
def texts(draw: st.DrawFn) -> msgspec.Raw:
    """An annotation of COCO: most are plain, on their image, and of a label that is in use."""
    told: dict[str, Any] = {
        "id": draw(st.integers(1, 10**6)),
        "image_id": 1,
        "category_id": draw(st.sampled_from((1, 1, 1, 4, 4, 4, 7, 8, 9, 10))),
        "segmentation": draw(ODD if draw(st.integers(0, 9)) == 0 else RINGS),
    }
    told |= draw(st.sampled_from(({}, {"bbox": [1, 2.50, 3, 4]}, {"area": 7}, {"area": 1e-7, "iscrowd": 0})))
    if draw(st.integers(0, 19)) == 0:
        told |= draw(st.sampled_from(({"score": 0.5}, {"text": "\0"}, {"iscrowd": 1}, {"attributes": {"a": 1}})))
    return msgspec.Raw(json.dumps(told, separators=draw(st.sampled_from(((",", ":"), (", ", ": "))))).encode())


@st.composite
def items(draw: st.DrawFn) -> Deferred:
    item = Item(key=draw(st.text("ab", min_size=1)), width=draw(st.sampled_from((0, WIDTH))), height=HEIGHT)
    item.foreign = {"coco": {"id": 1}}
    return Deferred(
        item=item, raws=draw(st.lists(texts(), max_size=3)), part=draw(st.sampled_from(("a.json", "b.json")))
    )


def rows(made: Identified) -> bytes:
    found = made.of(5, "coco:truth")
    assert found.size == len(found.identified())
    return b"".join(copying.annotations(1, 2, 3, "import", [found]))


def assert_same(some: list[Deferred], traced: list[Any], *, is_truth: bool) -> None:
    """What became columns is what the same items are as objects, and becomes the same rows."""
    drawn = [(one.item, found) for one, found in zip(some, traced, strict=True) if found is not None]
    for item, found in drawn:
        assert found.annotations() == item.annotations
        assert not item.problems
    bare = [(msgspec.structs.replace(item, annotations=[]), found, (WIDTH, HEIGHT)) for item, found in drawn]
    for (item, _), made in zip(drawn, identify_traced(bare, SCHEMA, is_truth=is_truth), strict=True):
        wanted = identify(item, (WIDTH, HEIGHT), SCHEMA, is_truth=is_truth)
        if made is None:
            assert wanted.problems  # something of it is told
            continue
        assert (made.problems, made.refused) == (wanted.problems, wanted.refused)
        assert made.of(5, "coco:truth").identified() == wanted.of(5, "coco:truth").identified()
        assert rows(made) == rows(wanted)


@given(st.lists(items(), max_size=4), st.booleans())
def test_columns_are_the_same_rows_as_objects(some: list[Deferred], is_truth: bool) -> None:
    traced = coco.trace(TOLD, some)
    coco.finish(TOLD, some)
    assert_same(some, traced, is_truth=is_truth)


FRACTIONS = st.floats(0.2, 0.4).map(lambda x: f"{x:.6f}") | st.sampled_from(("0.3", "0.25", "1e-1", "0.300000049"))
ODD_FRACTIONS = st.sampled_from(
    ("0", "1", "-0.1", ".5", "0.99999999", "1e-9", "1e-400", "1e9", "1e999", "x", "nan", "+1", "07")
)


@st.composite
def lines(draw: st.DrawFn, sizes: st.SearchStrategy[int]) -> str:
    """A line of YOLO: most have as many numbers as the others, and no odd one."""
    count = draw(sizes) if draw(st.integers(0, 9)) else draw(st.integers(0, 10))
    numbers = draw(st.lists(FRACTIONS if draw(st.integers(0, 9)) else ODD_FRACTIONS, min_size=count, max_size=count))
    between = draw(st.sampled_from((" ", " ", " ", "  ", "\t")))
    return between.join([draw(st.sampled_from(("1", "4", "1", "4.0", "7", "8", "9", "11", "-1", "1.5"))), *numbers])


@st.composite
def texts_of_yolo(draw: st.DrawFn) -> Deferred:
    sizes = draw(st.sampled_from((st.just(4), st.just(4), st.just(6), st.sampled_from((6, 8, 10)))))
    ending = draw(st.sampled_from(("\n", "\n", "\r\n", "\n\n")))
    content = ending.join([*draw(st.lists(lines(sizes), max_size=3)), ""])
    return Deferred(item=Item(key="a", fractional=True), raws=yolo_columns.raws(content.encode()), part="a.txt")


@given(st.lists(texts_of_yolo(), max_size=4), st.booleans(), st.sampled_from((None, "detect", "segment", "obb")))
def test_lines_of_yolo_are_the_same_in_columns(some: list[Deferred], is_truth: bool, task: Any) -> None:
    told = msgspec.json.encode(yolo_columns.Told(task, NAMES, 0, 0))
    traced = yolo_columns.trace(told, some)
    yolo_columns.finish(told, some)
    assert_same(some, traced, is_truth=is_truth)


SIDES = st.integers(1, 30).map(str) | st.sampled_from(
    ("30", "12.5", "0", " 7 ", "-3", "+4", "1e2", "x", "", "99999999999")
)
TAGS = st.sampled_from(
    (
        *(
            "<pose>Left</pose>",
            "<truncated>1</truncated><difficult>0</difficult>",
            "\n\t<note> é </note>",
            "<b></b>",
            "",
        ),
        *(
            "<name>car</name>",
            "<bndbox></bndbox>",
            "<part><name>head</name></part>",
            "<pose>&amp;</pose>",
            "<a b='1'>x</a>",
        ),
        *("<!-- x -->", "<pose>\x01</pose>", "<pose>x", "<x.y>1</x.y>", "<pose>\uffff</pose>", "<object></object>"),
    )
)


@st.composite
def objects_of_voc(draw: st.DrawFn) -> str:
    """An object: most are plain, and are boxes."""
    is_odd = draw(st.integers(0, 9)) == 0
    tags = [
        draw(TAGS if is_odd else st.sampled_from(("<pose>Left</pose>", "<difficult>0</difficult>", "\n"))) for _ in "ab"
    ]
    low, high = ("xmin", "ymin"), ("xmax", "ymax")
    sides = {name: draw(SIDES if is_odd else st.integers(1, 9).map(str)) for name in low}
    sides |= {name: draw(SIDES if is_odd else st.integers(10, 30).map(str)) for name in high}
    names = draw(st.permutations(list(sides)))
    box = "".join(f"<{name}>{sides[name]}</{name}>" for name in names)
    label = draw(st.sampled_from(("cell", "cell", " cell\n", "boxed", "gone", "", "naïve")))
    space = draw(st.sampled_from(("", "\n\t", "\r\n")))
    return f"<object>{space}<name>{label}</name>{tags[0]}{space}<bndbox>{space}{box}</bndbox>{tags[1]}</object>{space}"


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    head = draw(
        st.sampled_from(("", "<?xml version='1.0' encoding='utf-8'?>", "<?xml version='1.0' encoding='latin-1'?>"))
    )
    head += "<annotation><folder>F</folder><filename>a.jpg</filename>"
    head += draw(
        st.sampled_from(("", "<size><width>64</width><height>48</height></size>", "<odd>", "<!-- <object> -->"))
    )
    end = draw(
        st.sampled_from(
            ("</annotation>", "</annotation>", "</annotation>\n", "<a/></annotation>", "</annotation>x", "")
        )
    )
    return (head + "".join(draw(st.lists(objects_of_voc(), max_size=3))) + end).encode()


def read_as_voc(documents: list[bytes]) -> Any:
    files = {f"Annotations/{n}.xml": one.replace(b"a.jpg", b"%d.jpg" % n) for n, one in enumerate(documents)}
    return formats.named("voc").read(MemoryTree(files))


@given(st.lists(documents(), min_size=1, max_size=3))
def test_objects_of_voc_are_the_same_in_columns(some: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voc_objects, "cut", lambda _: None)
        slow = read_as_voc(some)
        labels, wanted = slow.schema(), list(slow.items())
    reading = read_as_voc(some)
    assert (reading.schema(), list(reading.items())) == (labels, wanted)
    items = {item.key: item for item in wanted if isinstance(item, Item)}
    deferred = [one for one in reading.deferred() if isinstance(one, Deferred) and one.raws]
    for one, found in zip(deferred, voc_objects.trace(deferred), strict=True):
        if found is None:
            continue
        item = items[one.item.key]
        [made] = identify_traced([(one.item, found, (WIDTH, HEIGHT))], SCHEMA, is_truth=True)
        told = identify(item, (WIDTH, HEIGHT), SCHEMA, is_truth=True)
        if made is None:
            assert told.problems
            continue
        assert (made.problems, made.refused) == (told.problems, told.refused)
        assert rows(made) == rows(told)


def test_most_objects_of_voc_are_columns() -> None:
    box = "<bndbox><xmin>2</xmin><ymin>3</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>"
    content = f"<annotation>\n<object>\n<name>cell</name><pose>Left</pose>{box}</object>\n</annotation>\n".encode()
    found = voc_objects.cut(content)
    assert found is not None
    [traced] = voc_objects.trace([Deferred(item=Item(key="a"), raws=found.raws())])
    assert traced is not None
    assert (traced.geometries, traced.foreign) == ([b"[1.0,2.0,8.0,6.0]"], [b'{"voc":{"pose":"Left"}}'])


def test_most_lines_of_yolo_are_columns() -> None:
    told = msgspec.json.encode(yolo_columns.Told(None, NAMES, 0, 0))
    for content in (b"1 0.3 0.3 0.1 0.1\n4 0.5 0.5 0.1 0.2\n", b"1 0.1 0.1 0.2 0.1 0.2 0.25\n"):
        one = Deferred(item=Item(key="a", fractional=True), raws=yolo_columns.raws(content), part="a.txt")
        [found] = yolo_columns.trace(told, [one])
        assert found is not None
        [made] = identify_traced([(one.item, found, (WIDTH, HEIGHT))], SCHEMA, is_truth=True)
        assert made is not None
        assert made.of(5, "yolo:truth").size == content.count(b"\n")


def test_most_annotations_are_columns() -> None:
    ring = [1.5, 1.25, 8.0, 1.0, 8.0, 7.75]
    told = [{"id": n, "image_id": 1, "category_id": 1, "segmentation": [ring]} for n in range(3)]
    one = Deferred(item=Item(key="a"), raws=[msgspec.Raw(json.dumps(a).encode()) for a in told], part="a.json")
    [found] = coco.trace(TOLD, [one])
    assert found is not None
    [made] = identify_traced([(one.item, found, (WIDTH, HEIGHT))], SCHEMA, is_truth=True)
    assert made is not None
    assert made.of(5, "coco:truth").size == 3
