import { Button, Drawer, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { words } from "../../../words";
import type { Status } from "../graph";
import { ActionFields } from "./ActionFields";
import type { NewAction, Step } from "./steps";

interface ActionFormProps {
  project: number;
  status: Status;
  template: string | null;
  onClose: () => void;
  onAdd: (steps: Step[]) => void;
}

/** Something that happens by itself when a template's work is so far done. */
export function ActionForm({ template, onClose, ...rest }: ActionFormProps) {
  return (
    <Drawer
      opened={template !== null}
      onClose={onClose}
      position="right"
      size={400}
      title={words.building.action(template ?? "")}
      closeButtonProps={{ "aria-label": words.actions.close }}
    >
      {template !== null && <Questions key={template} template={template} onClose={onClose} {...rest} />}
    </Drawer>
  );
}

function Questions({ project, status, template, onClose, onAdd }: ActionFormProps & { template: string }) {
  const [name, setName] = useState("");
  const [action, setAction] = useState<NewAction>({ template, reaches: 25, then: { do: "notify" } });
  const taken = status.actions.some((one) => one.name === name.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (taken) return;
    const { then } = action;
    // Each export has a folder of its own in the place that it goes to.
    const whole = then.do === "export" ? { ...then, to: `${then.to}/${name.trim()}` } : then;
    onAdd([{ do: "action", name: name.trim(), ...action, then: whole }]);
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
      <ActionFields
        project={project}
        datasets={status.datasets.map((one) => one.name)}
        action={action}
        set={setAction}
      />
      <Button type="submit" size="sm">
        {words.building.add}
      </Button>
    </Stack>
  );
}
