"""From a schema to a wanted one, and the same by single edits."""

from typing import Any

import pytest

from penstock.schema import Schema, SchemaInvalid, WantedSchema, as_wanted, differences, extended, planned
from penstock.schema.edits import AddLabel, AddOption, ChangeAttribute, ChangeLabel, ChangeOption, edited

EMPTY = Schema(version=0)


def wanted(labels: dict[str, Any] | None = None, attributes: dict[str, Any] | None = None) -> WantedSchema:
    return WantedSchema.model_validate({"labels": labels or {}, "attributes": attributes or {}})


CELLS = wanted(
    {"RBC": {}, "WBC": {"kinds": ["box"]}},
    {
        "focus": {"on": ["WBC"], "kind": "radio", "options": ["sharp", "blurred"], "required": True},
        "why": {"on": ["WBC"], "kind": "text", "if": {"attribute": "focus", "equals": "blurred"}},
    },
)


def test_names_get_ids_that_refer_to_each_other():
    schema = planned(EMPTY, CELLS)
    focus, why = schema.attribute_named("focus"), schema.attribute_named("why")
    assert schema.version == 1
    assert focus.on == (schema.label_named("WBC").id,)
    assert why.condition is not None
    assert why.condition.attribute == focus.id
    assert why.condition.one_of == (focus.option_named("blurred").id,)
    ids = [x.id for x in (*schema.labels, *schema.attributes, *focus.options)]
    assert sorted(ids) == list(range(1, schema.last_id + 1))


def test_wanting_what_is_there_changes_nothing():
    schema = planned(EMPTY, CELLS)
    assert planned(schema, CELLS) is schema
    assert planned(schema, CELLS, prune=True) is schema
    assert planned(schema, as_wanted(schema)) is schema
    assert extended(schema, CELLS) is schema


def test_a_rename_keeps_the_id_and_can_be_repeated():
    schema = planned(EMPTY, CELLS)
    renaming = wanted({"white": {"kinds": ["box"], "was": "WBC"}})
    renamed = planned(schema, renaming)
    assert renamed.label_named("white").id == schema.label_named("WBC").id
    assert differences(schema, renamed) == ["label 'WBC' is renamed 'white'"]
    assert planned(renamed, renaming) is renamed


def test_a_name_that_was_given_away_is_a_new_thing():
    schema = planned(EMPTY, wanted({"a": {}}))
    for labels in ({"a": {}, "b": {"was": "a"}}, {"b": {"was": "a"}, "a": {}}):
        new = planned(schema, wanted(labels))
        assert new.label_named("b").id == schema.label_named("a").id
        assert new.label_named("a").id > schema.last_id


def test_only_pruning_archives_and_archived_things_come_back_under_their_id():
    schema = planned(EMPTY, wanted({"a": {}, "b": {}}))
    assert planned(schema, wanted({"a": {}})) is schema
    pruned = planned(schema, wanted({"a": {}}), prune=True)
    assert pruned.label_named("b").archived
    back = planned(pruned, wanted({"a": {}, "b": {}}))
    assert back.label_named("b") == schema.label_named("b")


def test_an_option_left_out_is_archived_and_a_new_one_gets_a_new_id():
    schema = planned(EMPTY, CELLS)
    new = planned(
        schema, wanted({"WBC": {}}, {"focus": {"on": ["WBC"], "kind": "select", "options": ["sharp", "so-so"]}})
    )
    options = {option.name: option for option in new.attribute_named("focus").options}
    assert options["blurred"].archived
    assert options["sharp"].id == schema.attribute_named("focus").option_named("sharp").id
    assert options["so-so"].id > schema.last_id


def test_extending_adds_and_changes_nothing_else():
    schema = planned(EMPTY, CELLS)
    more = wanted(
        {"WBC": {"kinds": ["mask"]}, "Platelets": {}}, {"focus": {"kind": "radio", "options": ["dark", "sharp"]}}
    )
    new = extended(schema, more)
    assert new.label_named("WBC") == schema.label_named("WBC")
    assert [label.name for label in new.labels] == ["RBC", "WBC", "Platelets"]
    focus = new.attribute_named("focus")
    assert [option.name for option in focus.options] == ["sharp", "blurred", "dark"]
    assert focus.required


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (wanted({"x": {"was": "y"}}), "no 'y' to rename"),
        (wanted({}, {"a": {"kind": "radio"}}), "needs options"),
        (wanted({}, {"a": {"kind": "radio", "options": ["x", "x"]}}), "names must differ"),
        (wanted({}, {"a": {"kind": "text", "on": ["nobody"]}}), "no label 'nobody'"),
        (wanted({}, {"a": {"kind": "text", "options": ["x"]}}), "has no options"),
        (wanted({}, {"a": {"kind": "slider", "min": 0}}), "needs min and max"),
        (wanted({}, {"a": {"kind": "number", "min": 2, "max": 1}}), "not below max"),
        (wanted({}, {"a": {"kind": "text", "if": {"attribute": "b", "equals": 1}}}), "no attribute 'b'"),
        (wanted({}, {"a": {"kind": "text", "if": {"attribute": "a", "equals": "x"}}}), "only when itself"),
        (wanted({}, {"a": {"kind": "radio", "options": ["x"], "default": "y"}}), "no option 'y'"),
        (wanted({"k": {"kinds": ["keypoints"]}}), "needs a skeleton"),
        (wanted({"k": {"skeleton": {"points": ["a"], "edges": [[0, 1]]}}}), "joins no two"),
        (wanted({}, {"t": {"kind": "tree", "options": [{"name": "a", "parent": "b"}]}}), "under 'b'"),
        (wanted({}, {"t": {"kind": "tree", "options": [{"name": "a", "parent": "a"}]}}), "above itself"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(what: WantedSchema, says: str):
    with pytest.raises(SchemaInvalid, match=says):
        planned(EMPTY, what)


def test_every_problem_is_listed_at_its_place():
    bad = wanted({"x": {"was": "y"}}, {"a": {"kind": "text", "on": ["q", "r"]}})
    with pytest.raises(SchemaInvalid) as refused:
        planned(EMPTY, bad)
    assert [problem.at for problem in refused.value.errors] == ["labels.x", "attributes.a.on", "attributes.a.on"]


def test_an_attributes_kind_can_change_only_where_its_values_stay_right():
    schema = planned(EMPTY, wanted({}, {"n": {"kind": "number"}}))
    slider = planned(schema, wanted({}, {"n": {"kind": "slider", "min": 0, "max": 1}}))
    assert slider.attribute_named("n").id == schema.attribute_named("n").id
    with pytest.raises(SchemaInvalid, match="can't become a text"):
        planned(schema, wanted({}, {"n": {"kind": "text"}}))


def test_yaml_words_that_became_values_still_name_options():
    schema = planned(EMPTY, wanted({}, {"n": {"kind": "radio", "options": ["3", "true"], "default": 3}}))
    attribute = schema.attribute_named("n")
    assert attribute.default == attribute.option_named("3").id


def test_short_ways_to_write_a_schema():
    short = planned(EMPTY, WantedSchema.model_validate({"labels": ["RBC", 7]}))
    assert [label.name for label in short.labels] == ["RBC", "7"]
    same = planned(EMPTY, WantedSchema.model_validate({"labels": {"RBC": None, 7: {}}}))
    assert same == short
    numbers = {"count": {"kind": "radio", "options": [1, 2.5, "many"]}}
    schema = planned(EMPTY, WantedSchema.model_validate({"attributes": numbers}))
    assert [option.name for option in schema.attributes[0].options] == ["1", "2.5", "many"]


def test_edits_by_id():
    schema = planned(EMPTY, CELLS)
    white, focus = schema.label_named("WBC"), schema.attribute_named("focus")
    sharp = focus.option_named("sharp")
    new = edited(
        schema,
        [
            AddLabel(name="Platelets"),
            ChangeLabel(id=white.id, name="white", archived=True),
            AddOption(attribute=focus.id, name="dark"),
            ChangeOption(attribute=focus.id, id=sharp.id, name="in focus"),
            ChangeAttribute(id=focus.id, required=False),
        ],
    )
    assert new.version == schema.version + 1
    assert new.label(white.id).archived
    assert new.label(white.id).kinds == white.kinds
    assert [option.name for option in new.attribute(focus.id).options] == ["in focus", "blurred", "dark"]
    assert not new.attribute(focus.id).required
    assert new.last_id == schema.last_id + 2
    assert edited(new, [ChangeLabel(id=white.id, archived=True)]) is new


def test_bad_edits_are_refused():
    schema = planned(EMPTY, CELLS)
    with pytest.raises(SchemaInvalid, match="no label 99"):
        edited(schema, [ChangeLabel(id=99, name="x")])
    with pytest.raises(SchemaInvalid, match="a label 'RBC' already"):
        edited(schema, [AddLabel(name="RBC")])
    with pytest.raises(SchemaInvalid, match="names must differ"):
        edited(schema, [ChangeLabel(id=schema.label_named("WBC").id, name="RBC")])


def test_conditions_open_and_close_questions():
    schema = planned(EMPTY, CELLS)
    white, focus = schema.label_named("WBC").id, schema.attribute_named("focus")
    assert [a.name for a in schema.asked(white, {})] == ["focus"]
    blurred = {str(focus.id): focus.option_named("blurred").id}
    assert [a.name for a in schema.asked(white, blurred)] == ["focus", "why"]
    assert schema.asked(schema.label_named("RBC").id, {}) == []
    assert schema.asked(None, {}) == []
