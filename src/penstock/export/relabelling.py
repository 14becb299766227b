"""The schema of what transforms leave: labels renamed, merged and dropped, kinds that become others. Pure."""

from collections.abc import Iterable, Mapping

from penstock.export.transforms import Boxes, Crop, Labels, Transform, TransformRefused
from penstock.schema.model import Attribute, Kind, Label, Schema


def after(schema: Schema, transforms: Iterable[Transform]) -> Schema:
    """The schema after all transforms, in their order. Raises TransformRefused."""
    for n, transform in enumerate(transforms, 1):
        match transform:
            case Labels():
                _check(transform.map, schema, n, transform.do)
                schema = _relabelled(schema, transform, n)
            case Crop():
                _check(transform.labels, schema, n, transform.do)
                schema = _with_kind(schema, "tag", None) if transform.tag else schema
            case Boxes():
                schema = _with_kind(schema, "box", transform.kinds)
            case _:
                pass
    return schema


def in_new_names(transforms: Iterable[Transform], labels: Mapping[str, str]) -> tuple[Transform, ...]:
    """Transforms for a schema whose labels are called otherwise; what an earlier one named stays so."""
    names, found = dict(labels), list[Transform]()
    for transform in transforms:
        match transform:
            case Labels(map=told):
                found.append(
                    transform.model_copy(update={"map": {names.get(one, one): new for one, new in told.items()}})
                )
                names = {was: now for was, now in names.items() if was not in told and was not in told.values()}
            case Crop(labels=told):
                found.append(transform.model_copy(update={"labels": tuple(names.get(one, one) for one in told)}))
            case _:
                found.append(transform)
    return tuple(found)


def _check(names: Iterable[str], schema: Schema, n: int, do: str) -> None:
    known = {label.name for label in schema.labels}
    for name in names:
        if name not in known:
            raise TransformRefused(n=n, do=do, why=f"there is no label {name!r}, or no longer at this point")


def _with_kind(schema: Schema, kind: Kind, of: frozenset[Kind] | None) -> Schema:
    """The schema with a kind allowed on each label that allows one of others (None: any)."""

    def widened(label: Label) -> Label:
        if not label.kinds or (of is not None and not of & set(label.kinds)) or kind in label.kinds:
            return label
        return label.model_copy(update={"kinds": (*label.kinds, kind)})

    return schema.model_copy(update={"labels": tuple(map(widened, schema.labels))})


def _relabelled(schema: Schema, transform: Labels, n: int) -> Schema:
    merged: dict[str, list[Label]] = {}
    for label in schema.labels:
        name = transform.named(label.name)
        if name is not None:
            merged.setdefault(name, []).append(label)
    labels = {name: _merged(name, some, n) for name, some in merged.items()}
    ids = {one.id: labels[name].id for name, some in merged.items() for one in some}
    attributes = [kept for attribute in schema.attributes if (kept := _asked(attribute, ids))]
    return Schema(
        version=schema.version, labels=tuple(labels.values()), attributes=tuple(attributes), last_id=schema.last_id
    )


def _merged(name: str, labels: list[Label], n: int) -> Label:
    """Several labels as one: the one that has the name already, else the first, with what all of them allow."""
    stays = min(labels, key=lambda label: (label.name != name, label.archived))
    skeletons = [label.skeleton for label in labels if label.skeleton is not None]
    if any(skeleton != skeletons[0] for skeleton in skeletons):
        why = f"the labels that become {name!r} have different skeletons"
        raise TransformRefused(n=n, do="labels", why=why)
    kinds = () if any(not one.kinds for one in labels) else tuple(dict.fromkeys(k for one in labels for k in one.kinds))
    archived = all(label.archived for label in labels)
    skeleton = skeletons[0] if skeletons else None
    return stays.model_copy(update={"name": name, "kinds": kinds, "skeleton": skeleton, "archived": archived})


def _asked(attribute: Attribute, ids: dict[int, int]) -> Attribute | None:
    """An attribute on the labels that are left of its own; None when it would be asked nowhere."""
    on = tuple(dict.fromkeys(ids[label] for label in attribute.on if label in ids))
    return None if attribute.on and not on else attribute.model_copy(update={"on": on})
