"""What a YOLO set says of itself: `data.yaml` of Ultralytics; `obj.data`, `obj.names`, `classes.txt` of Darknet."""

import json
import re
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, cast

from ruamel.yaml import YAML, YAMLError

from penstock.formats import classes
from penstock.formats.carries import SPLITS, split_named
from penstock.formats.model import Tree, is_name
from penstock.formats.tree import ending
from penstock.schema.model import Skeleton

_LARGEST = 4 << 20
_MOST_BRACKETS = 2_000
"""In a `data.yaml`: with some ten thousand that are not closed, reading it takes minutes."""
_MOST_KEPT = 10_000
"""Values of other keys of a `data.yaml`, counted as often as aliases repeat them."""
_OURS = frozenset({"path", "train", "val", "test", "names", "nc", "kpt_shape", "kpt_names"})


class ConfigUnreadable(ValueError):
    """A `data.yaml` can't be read, so nobody knows what its classes are called."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} can't be read ({why})")


@dataclass
class Config:
    """Names of classes, parts of the set, the form of keypoints."""

    names: dict[int, str] = field(default_factory=dict[int, str])
    folders: dict[str, str] = field(default_factory=dict[str, str])
    """A folder or list of images, and the part of the set that it is."""
    points: int = 0
    dims: int = 3
    point_names: tuple[str, ...] = ()
    files: list[str] = field(default_factory=list[str])
    rest: dict[str, Any] = field(default_factory=dict[str, Any])
    listed: dict[str, str] = field(default_factory=dict[str, str])

    def split(self, image: str) -> str | None:
        """The part of the set that an image is in."""
        if image in self.listed:
            return self.listed[image]
        found = (split for folder, split in self.folders.items() if f"/{image}".find(f"/{folder}/") >= 0)
        return next(found, None)


def read_config(tree: Tree) -> Config:
    """What is said anywhere in a set. Raises ConfigUnreadable."""
    config = Config()
    paths = tree.paths()
    for path in sorted(ending(paths, ".yaml", ".yml"), key=lambda path: (path.count("/"), path)):
        found = _yaml(tree, path)
        if found.get("names"):
            config.files.append(path)
            _take(config, found, path, tree)
            return config
    for path in (*ending(paths, ".names"), *(path for path in ending(paths, "classes.txt"))):
        config.names = classes.listed(_text(tree, path).splitlines())
        config.files.append(path)
        break
    for split, name in (("train", "train.txt"), ("val", "valid.txt"), ("val", "val.txt"), ("test", "test.txt")):
        for path in paths:
            if path.rpartition("/")[2] == name:
                _list(config, tree, path, split)
    config.files += ending(paths, ".data", "classes.txt")
    return config


def _take(config: Config, found: Mapping[str, Any], path: str, tree: Tree) -> None:
    names: Any = found["names"]
    listed = enumerate(cast(list[Any], names)) if isinstance(names, list) else ()
    pairs = cast(dict[Any, Any], names).items() if isinstance(names, dict) else listed
    config.names = {
        int(id): str(name)
        for id, name in pairs
        if isinstance(id, (str, int))
        and str(id).isdecimal()
        and len(str(id)) < 9
        and isinstance(name, (str, int, float))
    }
    root: Any = found.get("path")
    base = root.strip("./") if isinstance(root, str) else ""
    for split in SPLITS:
        given: Any = found.get(split)
        for one in cast(list[Any], given) if isinstance(given, list) else [given]:
            if isinstance(one, str) and one.endswith(".txt"):
                beside = f"{path.rpartition('/')[0]}/{one.removeprefix('./')}".lstrip("/")
                _list(config, tree, beside, split)
            elif isinstance(one, str) and (folder := one.replace("../", "").strip("./")):
                for known in (folder, f"{base}/{folder}") if base else (folder,):
                    if known not in config.folders or split_named(known.rpartition("/")[2]) == split:
                        config.folders[known] = split  # several parts may be one folder: its name tells which
    shape: Any = found.get("kpt_shape")
    if (
        isinstance(shape, list)
        and len(cast(list[Any], shape)) == 2
        and all(type(n) is int for n in cast(list[Any], shape))
    ):
        config.points, config.dims = cast(list[int], shape)
        config.points = config.points if 0 < config.points < 10_000 and config.dims in (2, 3) else 0
        config.point_names = _point_names(found.get("kpt_names"), config.points)
    config.rest = {str(key): value for key, value in found.items() if key not in _OURS and _is_json(value)}


def _point_names(given: Any, count: int) -> tuple[str, ...]:
    listed: Any = next(iter(cast(dict[Any, Any], given).values()), None) if isinstance(given, dict) else given
    found = cast(list[Any], listed) if isinstance(listed, list) else []
    names = [str(name) for name in found if isinstance(name, (str, int, float))]
    right = len(names) == count and all(map(is_name, names))
    return tuple(names) if right else tuple(str(n) for n in range(count))


def _is_json(value: Any) -> bool:
    """Whether it can be kept. Looks at values one by one: aliases of aliases would be more than memory holds."""
    left: list[Any] = [value]
    for _ in range(_MOST_KEPT):
        if not left:
            return True
        one = left.pop()
        if isinstance(one, dict):
            found = cast(dict[Any, Any], one)
            if not all(isinstance(key, str) for key in found):
                return False
            left += found.values()
        elif isinstance(one, list):
            left += cast(list[Any], one)
        elif isinstance(one, (int, float)):
            if not abs(one) < 1e300:
                return False
        elif not (one is None or isinstance(one, str)):
            return False
    return False


def _list(config: Config, tree: Tree, path: str, split: str) -> None:
    """A text file that lists images."""
    if path not in tree.paths():
        return
    config.files.append(path)
    images = frozenset(tree.paths())
    for line in _text(tree, path).splitlines():
        parts = line.strip().replace("\\", "/").removeprefix("./").split("/")
        found = ("/".join(parts[n:]) for n in range(len(parts)))
        if image := next((one for one in found if one in images), None):
            config.listed[image] = split


def _yaml(tree: Tree, path: str) -> Mapping[str, Any]:
    """A YAML file; nothing is made of one that can't be read. Raises ConfigUnreadable where it would have names."""
    text = _text(tree, path)
    try:
        if text.count("[") + text.count("{") > _MOST_BRACKETS:
            raise ValueError(f"it has more than {_MOST_BRACKETS} brackets")
        loader: Any = YAML(typ="safe", pure=True)
        found: Any = loader.load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        if re.search(r"^names\s*:", text, re.MULTILINE):
            raise ConfigUnreadable(path, " ".join(str(error).split())[:300]) from None
        return {}
    return cast(Mapping[str, Any], found) if isinstance(found, dict) else {}


def _text(tree: Tree, path: str) -> str:
    with closing(tree.open(path)) as stream:
        return stream.read(_LARGEST).decode("utf-8", "replace")


def config_text(
    numbers: Mapping[str, int], splits: Collection[str], skeleton: Skeleton | None, kept: Mapping[str, Any]
) -> str:
    """`data.yaml`. Ultralytics asks for train and val; where one has no images, it is the other. `kept` are keys that
    it came with, such as `flip_idx`: JSON is YAML.
    """
    there = [split for split in SPLITS if split in splits] or ["train"]
    told = [split for split in SPLITS if split in there or split != "test"]
    lines = ["path: .", *(f"{split}: images/{split if split in there else there[0]}" for split in told)]
    if skeleton is not None:
        lines.append(f"kpt_shape: [{len(skeleton.points)}, 3]")
        lines += ["kpt_names:", *(f"  {id}: {_quoted(list(skeleton.points))}" for id in numbers.values())]
    lines += [f"{_quoted(key)}: {_quoted(value)}" for key, value in kept.items() if key not in _OURS]
    lines += ["names:", *(f"  {id}: {_quoted(name)}" for name, id in numbers.items())]
    return "\n".join([*lines, ""]) if numbers else "\n".join([*lines[:-1], "names: {}", ""])


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
