"""YOLO: layouts, tasks, and the nine numbers that mean two things."""

import pytest

from penstock import formats
from penstock.annotations import geometry
from penstock.formats import BadItem, Item, Loss, NamedAnnotation
from penstock.formats.yolo import YoloAmbiguous, YoloInvalid
from sets import SCHEMA, MemoryTree, read, written

YAML = b"path: ../set\ntrain: images/train\nval: [images/val]\nnames:\n  0: cat\n  5: dog\nauthor: me\n"


def tree(lines: str, yaml: bytes = YAML) -> MemoryTree:
    return MemoryTree(
        {
            "data.yaml": yaml,
            "images/train/a.jpg": b"",
            "images/val/b.jpg": b"",
            "labels/train/a.txt": lines.encode(),
        }
    )


def shapes(item: Item) -> list[tuple[str, str | None, object]]:
    return [(a.kind, a.label, geometry.parse(a.kind, a.geometry)) for a in item.annotations]


def test_boxes_are_read_from_fractions_with_their_class_and_split():
    made = tree("0 0.5 0.5 0.5 0.5\n5 0.25 0.25 0.5 0.5 0.75\n7 0.5 0.5 1 1\n")
    assert formats.detect(made) is formats.named("yolo")
    one, other = read(formats.named("yolo"), made)
    assert shapes(one) == [
        ("box", "cat", [16, 12, 32, 24]),
        ("box", "dog", [0, 0, 32, 24]),
        ("box", "7", [0, 0, 64, 48]),
    ]
    assert [annotation.confidence for annotation in one.annotations] == [None, 0.75, None]
    assert (one.meta, other.meta, other.annotations) == ({"split": "train"}, {"split": "val"}, [])
    reading = formats.named("yolo").read(made)
    assert reading.foreign() == {"yolo": {"author": "me"}}
    assert reading.schema().labels["dog"].foreign == {"yolo": {"id": 5}}


def test_of_parts_that_are_one_folder_its_name_tells_which():
    """Those who train want both parts: a set that has one names its folder twice, and so do we."""
    for yaml, split in (
        (b"train: images/val\nval: images/val\nnames: [cat]\n", "val"),
        (b"path: ./set\ntrain: images/train2017\nval: images/train2017\nnames: [cat]\n", "train"),
        (b"train: images/all\nval: images/all\nnames: [cat]\n", "train"),
    ):
        folder = yaml.decode().splitlines()[-2].rpartition("/")[2]
        files = {"data.yaml": yaml, f"images/{folder}/a.jpg": b"", f"labels/{folder}/a.txt": b""}
        [one] = read(formats.named("yolo"), MemoryTree(files))
        assert one.meta == {"split": split}
    before = [Item(key=f"{split}.jpg", width=9, height=9, meta={"split": split}) for split in ("val", "test")]
    again = read(formats.named("yolo"), written(formats.named("yolo"), before))
    assert [one.meta["split"] for one in again] == [one.key.rpartition("/")[2].removesuffix(".jpg") for one in again]


def test_four_corners_are_a_polygon_or_an_oriented_box():
    made = tree("0 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n")
    with pytest.raises(YoloAmbiguous, match="yolo-obb or yolo-segment"):
        formats.named("yolo").read(made)
    [(kind, _, shape)] = shapes(read(formats.named("yolo-obb"), made)[0])
    assert (kind, shape) == ("rotated_box", [16, 12, 32, 24, 0])
    [(kind, _, shape)] = shapes(read(formats.named("yolo-segment"), made)[0])
    assert (kind, shape) == ("polygon", [[[16, 12, 48, 12, 48, 36, 16, 36]]])
    told = tree("0 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n0 0 0 1 0 1 1\n")
    assert [kind for kind, _, _ in shapes(read(formats.named("yolo"), told)[0])] == ["polygon", "polygon"]


def test_poses_are_a_box_and_points_in_one_group():
    yaml = YAML + b"kpt_shape: [2, 3]\nkpt_names:\n  0: [nose, tail]\n"
    made = tree("0 0.5 0.5 1 1 0.5 0.5 2 0 0 0\n", yaml)
    [box, points] = read(formats.named("yolo"), made)[0].annotations
    assert (box.kind, points.kind, box.group) == ("box", "keypoints", points.group)
    assert geometry.parse("keypoints", points.geometry) == [32, 24, 2, 0, 0, 0]
    assert formats.named("yolo").read(made).schema().labels["cat"].skeleton.points == ("nose", "tail")  # type: ignore[union-attr]
    with pytest.raises(YoloInvalid, match="kpt_shape"):
        formats.named("yolo-pose").read(tree("0 0.5 0.5 1 1\n"))


def test_text_beside_images_is_darknet():
    made = MemoryTree(
        {
            "set/obj.names": b"cat\ndog\n",
            "set/a.jpg": b"",
            "set/a.txt": b"1 0.5 0.5 1 1\n",
            "train.txt": b"x/set/a.jpg\n",
        }
    )
    assert formats.detect(made) is formats.named("darknet")
    [item] = read(formats.named("darknet"), made)
    assert shapes(item) == [("box", "dog", [0, 0, 64, 48])]
    assert item.meta == {"split": "train"}


def test_bad_lines_are_told_where_they_are():
    [item, *_] = formats.named("yolo").read(tree("0 0.5 0.5 x 1\n\n-1 0.5 0.5 1 1\n0 0.5\n0 0.5 0.5 0 1\n")).items()
    assert isinstance(item, Item)
    assert [(problem.code, problem.at.split()[-1]) for problem in item.problems] == [
        ("number", "1"),
        ("class", "2"),
        ("numbers", "3"),
        ("geometry-empty", "4"),
    ]
    lone = MemoryTree({"labels/train/a.txt": b"0 0.5 0.5 1 1\n"})
    [bad] = formats.named("yolo").read(lone).items()
    assert isinstance(bad, BadItem)


def test_numbers_with_gaps_are_counted_anew_and_that_is_told():
    loss = Loss()
    schema = formats.classes.numbered(SCHEMA, "coco", loss)
    assert list(schema.values()) == [0, 1, 2]
    assert loss.as_dict() == {"category_id_changed": 1}


def test_a_polygon_with_a_hole_is_one_ring_of_the_same_area():
    ring, hole = [0.0, 0, 60, 0, 60, 40, 0, 40], [10.0, 10, 20, 10, 20, 20, 10, 20]
    polygon = NamedAnnotation(kind="polygon", label="car", geometry=geometry.canonical([[ring, hole]]))
    made = written(formats.named("yolo-segment"), [Item(key="a.jpg", width=64, height=48, annotations=[polygon])])
    [item] = read(formats.named("yolo-segment"), made)
    assert geometry.area("polygon", geometry.parse("polygon", item.annotations[0].geometry)) == pytest.approx(2300)


def test_keys_of_data_yaml_come_out_again_and_one_that_cannot_be_read_is_refused():
    yaml = b"names: [cat]\nkpt_shape: [2, 3]\nflip_idx: [1, 0]\nauthor: {name: me}\n"
    reading = formats.named("yolo-pose").read(tree("0 0.5 0.5 0.5 0.5 0.4 0.4 2 0.6 0.6 2\n", yaml))
    found = [item for item in reading.items() if isinstance(item, Item)]
    text = written(formats.named("yolo-pose"), found, foreign=reading.foreign()).files["data.yaml"]
    assert formats.named("yolo-pose").read(MemoryTree({**tree("").files, "data.yaml": text})).foreign() == {
        "yolo": {"flip_idx": [1, 0], "author": {"name": "me"}}
    }
    bomb = b"names: [a]\na: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(9))
    assert formats.named("yolo").read(tree("0 0.5 0.5 0.5 0.5\n", bomb)).schema().labels.keys() == {"a"}
    for bad in (b"names: [cat\n", b"names: " + b"[" * 50_000):
        with pytest.raises(YoloInvalid, match=r"data\.yaml can't be read"):
            formats.named("yolo").read(tree("0 0.5 0.5 0.5 0.5\n", bad))
