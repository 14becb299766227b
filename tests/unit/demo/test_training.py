"""The receiver's classifier learns from exported labels, and only from them."""

import json
from pathlib import Path
from random import Random

import pytest

from penstock.demo import looks, pages, training


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A COCO export of what first-pass annotators drew on 38 pages, 25 % of the demo."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "images").mkdir()
    coco = {"images": [], "annotations": [], "categories": [{"id": 100 + i, "name": str(i)} for i in range(10)]}
    for number, page in enumerate(pages.draw(38)):
        (folder / "images" / page.name).write_bytes(page.png)
        coco["images"].append({"id": number, "file_name": f"images/{page.name}"})
        for mark in looks.first_look(page, looks.FIRST_PASS[number % 3], Random(number)):
            coco["annotations"].append({"image_id": number, "category_id": 100 + int(mark.label), "bbox": mark.box})
    (folder / "annotations.json").write_text(json.dumps(coco))
    return folder


def test_it_reads_digits_that_were_never_drawn(export: Path) -> None:
    result = training.train(export)
    assert result.crops > 250
    assert result.score > 0.8


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_with_shuffled_labels_it_is_no_better_than_chance(export: Path, seed: int) -> None:
    assert training.train(export, seed=seed, shuffle=True).score < 0.3


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no COCO file"):
        training.train(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    with pytest.raises(ValueError, match="fewer than two labels"):
        training.train(tmp_path)
