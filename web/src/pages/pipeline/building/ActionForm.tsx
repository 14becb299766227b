import { Button, Drawer, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../../../api/client";
import { words } from "../../../words";
import type { Status } from "../graph";
import type { Step, Then } from "./steps";

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
  const { data: connections = [] } = useQuery({
    queryKey: ["p", project, "connections"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/connections", { params: { path: { project } } })),
  });
  const folders = connections.filter((one) => one.kind === "folder").map((one) => one.name);
  const receivers = connections.filter((one) => one.kind === "webhook").map((one) => one.name);
  const [name, setName] = useState("");
  const [reaches, setReaches] = useState(25);
  const [what, setWhat] = useState<Then["do"]>("notify");
  const [dataset, setDataset] = useState(status.datasets[0]?.name ?? "");
  const [to, setTo] = useState<string | null>(null);
  const places = what === "export" ? folders : receivers;
  const place = to !== null && places.includes(to) ? to : (places[0] ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const then: Then =
      what === "export"
        ? { do: "export", dataset, format: "coco", to: `${place}/${name.trim()}` }
        : what === "webhook"
          ? { do: "webhook", to: place }
          : { do: "notify" };
    onAdd([{ do: "action", name: name.trim(), template, reaches, then }]);
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
        error={status.actions.some((one) => one.name === name.trim()) && words.building.taken}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NumberInput
        label={words.building.reaches}
        suffix=" %"
        min={1}
        max={100}
        value={reaches}
        onChange={(next) => setReaches(Number(next) || 25)}
      />
      <Select
        label={words.building.then}
        allowDeselect={false}
        value={what}
        onChange={(next) => setWhat((next ?? "notify") as Then["do"])}
        data={[
          { value: "notify", label: words.building.thenNotify },
          { value: "export", label: words.building.thenExport, disabled: folders.length === 0 },
          { value: "webhook", label: words.building.thenWebhook, disabled: receivers.length === 0 },
        ]}
      />
      {what === "export" && (
        <Select
          label={words.building.ofDataset}
          allowDeselect={false}
          data={status.datasets.map((one) => one.name)}
          value={dataset}
          onChange={(next) => setDataset(next ?? "")}
        />
      )}
      {what !== "notify" && (
        <Select label={words.building.connection} allowDeselect={false} data={places} value={place} onChange={setTo} />
      )}
      <Button type="submit" size="sm">
        {words.building.add}
      </Button>
    </Stack>
  );
}
