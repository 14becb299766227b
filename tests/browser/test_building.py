"""The pipeline is changed in the browser: in place, through the same plan and apply as its file."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk
from penstock.sdk.project import Project

STANDING = """
project: {name}
schema: {{labels: {{car: {{kinds: [box]}}}}}}
datasets: [raw, gold, spare]
templates:
  label:
    watch: raw
    on_done: [{{to: gold, if: labels.car > 0}}, {{to: spare}}]
    review: {{share: 20%, if: labels.car > 1}}
actions:
  tell: {{when: {{progress: label, reaches: 50%}}, do: [{{notify: {{subject: "label: 50 % is done"}}}}]}}
  nightly: {{when: {{schedule: 0 6 * * 1}}, do: [{{notify: {{subject: good morning}}}}]}}
"""


@pytest.mark.thorough
def test_things_are_changed_and_removed_in_place_and_nobodys_edits_are_undone(
    owned: Project, desk: Desk, tmp_path: Path
) -> None:
    owned.apply(STANDING.format(name=owned.name))
    page = desk.go("/pipeline")
    bar = page.get_by_role("region", name="Draft")

    def pick(thing: str, what: str) -> None:
        page.get_by_role("button", name=f"Change {thing}", exact=True).click()
        page.get_by_role("menu", name=f"Change {thing}").get_by_role("menuitem", name=what, exact=True).click()

    pick("label", "Change")
    form = page.get_by_role("dialog", name="Change label")
    form.get_by_role("combobox", name="Labels").fill("car,fish,")
    form.get_by_role("combobox", name="Drawn as").click()
    page.get_by_role("option", name="Skeleton").click()
    form.get_by_role("combobox", name="Points").fill("head,tail,")
    form.get_by_role("textbox", name="Joined by lines").fill("1-2")
    form.get_by_role("button", name="More", exact=True).click()
    form.get_by_role("textbox", name="Guide").fill("Look twice.")
    assert desk.serious() == []
    form.get_by_role("button", name="Add to the draft").click()
    expect(bar).to_contain_text("2 changes to apply")
    page.get_by_role("button", name="Take away the way from label to spare").click()
    pick("tell", "Change")
    page.get_by_role("textbox", name="When it reaches").fill("80")
    page.get_by_role("button", name="Add to the draft").click()
    expect(bar).to_contain_text("3 changes to apply")
    pick("tell", "Remove")
    pick("nightly", "Change")
    text = page.get_by_role("textbox", name="As the pipeline file says it")
    text.fill(text.input_value().replace("0 6", "0 7"))
    page.get_by_role("button", name="Add to the draft").click()
    expect(page.get_by_text("To be removed")).to_be_visible()
    expect(bar).to_contain_text("4 changes to apply")
    bar.get_by_role("button", name="See them").click()
    expect(page.get_by_text("Remove action tell")).to_be_visible()
    expect(page.get_by_text("guide: nothing -> Look twice.")).to_be_visible()
    assert desk.serious() == []
    page.keyboard.press("Escape")

    yours = owned.show().replace("datasets: [raw, gold, spare]", "datasets: [raw, gold, spare, theirs]")
    owned.apply(yours.replace("share: 20%", "share: 60%"))
    expect(bar).to_contain_text("Somebody changed this while you did")
    expect(bar.get_by_role("region", name="They changed")).to_contain_text("60%")
    expect(bar.get_by_role("region", name="You changed")).to_contain_text("Look twice.")
    assert desk.serious() == []
    bar.get_by_role("button", name="Go on with both").click()
    expect(bar).to_contain_text("4 changes to apply")
    bar.get_by_role("button", name="Apply", exact=True).click()
    expect(bar).to_have_count(0)
    settings = owned.templates["label"].value.settings
    assert (settings.guide, settings.review and settings.review.share) == ("Look twice.", 0.6)
    assert [route.condition for route in settings.on_done] == ["labels.car > 0"]
    assert [dataset.name for dataset in owned.datasets] == ["raw", "gold", "spare", "theirs"]
    assert {action.name: action.value.settings.when.model_dump()["schedule"] for action in owned.actions} == {
        "nightly": "0 7 * * 1"
    }
    (fish,) = [label for label in owned.schema().labels if label.name == "fish"]
    assert fish.skeleton is not None
    assert fish.skeleton.points == ("head", "tail")

    desk.go("/pipeline?view=list")
    pick("label", "Remove")
    pick("theirs", "Remove")
    expect(bar).to_contain_text("2 changes to apply")
    pick("label", "Leave it standing")
    expect(bar).to_contain_text("1 change to apply")
    assert desk.serious() == []
    bar.get_by_role("button", name="Apply", exact=True).click()
    expect(bar).to_have_count(0)
    assert [dataset.name for dataset in owned.datasets] == ["raw", "gold", "spare"]
