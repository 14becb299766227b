"""Label Studio's labelling configuration, XML, as labels and attributes, and back. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from penstock.formats.model import is_name
from penstock.formats.xml import Element, clean
from penstock.schema.model import Attribute, AttributeKind, Schema
from penstock.schema.wanted import WantedAttribute, WantedLabel, WantedOption, WantedSchema

TOOLS = (
    "RectangleLabels",
    "PolygonLabels",
    "EllipseLabels",
    "KeyPointLabels",
    "BrushLabels",
    "VectorLabels",
)
_ASKING: Mapping[str, AttributeKind] = {
    "Choices": "select",
    "TextArea": "text",
    "Number": "number",
    "Rating": "number",
    "DateTime": "date",
    "Taxonomy": "tree",
}


@dataclass
class LabelConfig:
    """What a configuration declares, and which of its controls ask for what."""

    labels: dict[str, WantedLabel] = field(default_factory=dict[str, WantedLabel])
    attributes: dict[str, WantedAttribute] = field(default_factory=dict[str, WantedAttribute])

    def wanted(self) -> WantedSchema:
        return WantedSchema(labels=self.labels, attributes=self.attributes)


def read_config(root: Element) -> LabelConfig:
    """The labels and questions of a configuration, wherever they stand in it."""
    found = LabelConfig()
    for element in _all(root):
        name = element.text_of("@name")
        if element.tag in (*TOOLS, "Labels"):
            for label in element.all("Label"):
                _add_label(found, label)
        elif element.tag in _ASKING and is_name(name):
            found.attributes[name] = _asked(element)
    return found


def _all(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        yield from _all(child)


def _add_label(found: LabelConfig, label: Element) -> None:
    name = label.text_of("@value")
    if is_name(name):
        color = label.text_of("@background").lower()
        right = len(color) == 7 and color[0] == "#" and all(c in "0123456789abcdef" for c in color[1:])
        found.labels.setdefault(name, WantedLabel(color=color if right else None))


def _asked(element: Element) -> WantedAttribute:
    kind = _ASKING[element.tag]
    options: list[WantedOption] = []
    _options(element, None, options)
    if kind == "select" and element.text_of("@choice") == "multiple":
        kind = "multi_select"
    elif kind == "select" and element.text_of("@choice").startswith("single"):
        kind = "radio"
    if kind in ("select", "radio", "multi_select", "tree") and not options:
        kind = "text"
    per = "annotation" if element.text_of("@perRegion") == "true" else "file"
    required = element.text_of("@required") == "true"
    return WantedAttribute(kind=kind, per=per, options=tuple(options), required=required)


def _options(element: Element, parent: str | None, found: list[WantedOption]) -> None:
    for choice in element.all("Choice"):
        name = choice.text_of("@value")
        if is_name(name) and name not in {option.name for option in found}:
            found.append(WantedOption(name=name, parent=parent))
            _options(choice, name, found)


def config_text(schema: Schema) -> str:
    """A configuration with every label under every tool, and a control for each attribute."""
    lines = ["<View>", '  <Image name="image" value="$image"/>']
    for tool in TOOLS:
        lines.append(f'  <{tool} name="{tool.removesuffix("Labels").lower()}" toName="image">')
        lines += [
            f"    <Label value={_quoted(label.name)} background={_quoted(label.color)}/>"
            for label in schema.live_labels
        ]
        lines.append(f"  </{tool}>")
    lines.append('  <Choices name="label" toName="image" choice="multiple">')
    lines += [f"    <Choice value={_quoted(label.name)}/>" for label in schema.live_labels]
    lines.append("  </Choices>")
    for attribute in schema.live_attributes:
        lines += _control(attribute)
    return "\n".join([*lines, "</View>", ""])


def _control(attribute: Attribute) -> Iterator[str]:
    place = f'name={_quoted(attribute.name)} toName="image"'
    if attribute.per == "annotation":
        place += ' perRegion="true"'
    match attribute.kind:
        case "number" | "slider":
            yield f"  <Number {place}/>"
        case "text":
            yield f"  <TextArea {place}/>"
        case "date":
            yield f'  <DateTime {place} only="date"/>'
        case kind:
            several = {"multi_select": "multiple", "select": "single", "radio": "single-radio"}.get(kind, "single")
            names = [option.name for option in attribute.options if not option.archived]
            yield f'  <Choices {place} choice="{several}">'
            yield from (f"    <Choice value={_quoted(name)}/>" for name in (names or ("true", "false")))
            yield "  </Choices>"


def _quoted(text: str) -> str:
    return quoteattr(clean(text))
