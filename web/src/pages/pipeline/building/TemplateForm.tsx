import { Autocomplete, Button, Drawer, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { words } from "../../../words";
import type { Status } from "../graph";
import { BOX, type Step, type Work } from "./steps";
import { WorkFields } from "./WorkFields";

interface TemplateFormProps {
  project: number;
  status: Status;
  watch: string | null;
  onClose: () => void;
  onAdd: (steps: Step[]) => void;
}

/** A new kind of work on a dataset. */
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

const NONE: Work = { labels: [], shape: BOX, people: [], guide: "", review: 0, suggestions: "" };

function Questions({ project, status, watch, onClose, onAdd }: TemplateFormProps & { watch: string }) {
  const [name, setName] = useState(status.templates.some((one) => one.name === "annotate") ? "" : "annotate");
  const [work, setWork] = useState(NONE);
  const [to, setTo] = useState("");
  const taken = status.templates.some((one) => one.name === name.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (taken) return;
    onAdd([{ do: "template", name: name.trim(), watch, ...work, to: to.trim() }]);
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
      <WorkFields project={project} work={work} set={setWork}>
        <Autocomplete
          label={words.building.to}
          description={words.building.toWhy}
          data={status.datasets.map((one) => one.name).filter((one) => one !== watch)}
          value={to}
          onChange={setTo}
        />
      </WorkFields>
      <Button type="submit" size="sm">
        {words.building.add}
      </Button>
    </Stack>
  );
}
