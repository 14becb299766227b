import { Autocomplete, Button, Collapse, Drawer, NumberInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useSchema } from "../../../api/labels";
import { NamesInput } from "../../../parts/NamesInput";
import { words } from "../../../words";
import type { Status } from "../graph";
import { Crew } from "./Crew";
import type { ShapeKind, Step } from "./steps";

interface TemplateFormProps {
  project: number;
  status: Status;
  watch: string | null;
  onClose: () => void;
  onAdd: (steps: Step[]) => void;
}

/** A new kind of work on a dataset: three questions, the rest under More. */
export function TemplateForm({ watch, onClose, ...rest }: TemplateFormProps) {
  return (
    <Drawer
      opened={watch !== null}
      onClose={onClose}
      position="right"
      size={400}
      title={words.building.template(watch ?? "")}
      closeButtonProps={{ "aria-label": words.actions.close }}
    >
      {watch !== null && <Questions key={watch} watch={watch} onClose={onClose} {...rest} />}
    </Drawer>
  );
}

function Questions({ project, status, watch, onClose, onAdd }: TemplateFormProps & { watch: string }) {
  const { data: schema } = useSchema(project);
  const [name, setName] = useState(status.templates.some((one) => one.name === "annotate") ? "" : "annotate");
  const [labels, setLabels] = useState<string[]>([]);
  const [kind, setKind] = useState<ShapeKind>("box");
  const [people, setPeople] = useState<string[]>([]);
  const [more, setMore] = useState(false);
  const [guide, setGuide] = useState("");
  const [review, setReview] = useState(0);
  const [suggestions, setSuggestions] = useState("");
  const [to, setTo] = useState("");
  const taken = status.templates.some((one) => one.name === name.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (taken) return;
    onAdd([
      { do: "template", name: name.trim(), watch, labels, kind, people, guide, review, suggestions, to: to.trim() },
    ]);
    onClose();
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <TextInput
        label={words.building.name}
        required
        data-autofocus
        maxLength={200}
        value={name}
        error={taken && words.building.taken}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NamesInput
        label={words.building.labels}
        description={words.building.labelsWhy}
        data={(schema?.labels ?? []).filter((label) => label.archived !== true).map((label) => label.name)}
        value={labels}
        onChange={setLabels}
      />
      <Select
        label={words.building.kind}
        allowDeselect={false}
        value={kind}
        onChange={(next) => setKind((next ?? "box") as ShapeKind)}
        data={words.building.kinds}
      />
      <Crew project={project} label={words.building.people} value={people} onChange={setPeople} />
      <Autocomplete
        label={words.building.to}
        description={words.building.toWhy}
        data={status.datasets.map((one) => one.name).filter((one) => one !== watch)}
        value={to}
        onChange={setTo}
      />
      <Button variant="subtle" w="fit-content" onClick={() => setMore(!more)} aria-expanded={more}>
        {words.building.more}
      </Button>
      <Collapse expanded={more}>
        <Stack>
          <Textarea
            label={words.building.guide}
            autosize
            minRows={3}
            value={guide}
            onChange={(event) => setGuide(event.currentTarget.value)}
          />
          <NumberInput
            label={words.building.review}
            suffix=" %"
            min={0}
            max={100}
            value={review}
            onChange={(next) => setReview(Number(next) || 0)}
          />
          <TextInput
            label={words.building.suggestions}
            description={words.building.suggestionsWhy}
            value={suggestions}
            onChange={(event) => setSuggestions(event.currentTarget.value)}
          />
        </Stack>
      </Collapse>
      <Button type="submit" size="sm">
        {words.building.add}
      </Button>
    </Stack>
  );
}
