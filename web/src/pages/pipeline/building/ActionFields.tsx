import { NumberInput, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { connectionsQuery } from "../../../api/lists";
import { words } from "../../../words";
import type { NewAction, Then } from "./steps";

interface ActionFieldsProps {
  project: number;
  datasets: readonly string[];
  action: NewAction;
  set: (action: NewAction) => void;
}

/** When an action happens, and what it does. */
export function ActionFields({ project, datasets, action, set }: ActionFieldsProps) {
  const { data: connections = [] } = useQuery(connectionsQuery(project));
  const named = (kind: string) => connections.filter((one) => one.kind === kind).map((one) => one.name);
  const folders = named("folder");
  const receivers = named("webhook");
  const { then } = action;
  const places = then.do === "export" ? folders : receivers;
  const to = then.do === "notify" ? "" : then.to;
  const place = places.find((one) => to === one || to.startsWith(`${one}/`)) ?? "";
  const does = (what: Then["do"]): Then => {
    if (what === "notify") return { do: "notify" };
    if (what === "webhook") return { do: "webhook", to: receivers[0] ?? "" };
    return { do: "export", dataset: datasets[0] ?? "", format: "coco", to: folders[0] ?? "" };
  };
  return (
    <>
      <NumberInput
        label={words.building.reaches}
        suffix=" %"
        min={1}
        max={100}
        value={action.reaches}
        onChange={(next) => set({ ...action, reaches: Number(next) || 25 })}
      />
      <Select
        label={words.building.then}
        allowDeselect={false}
        value={then.do}
        onChange={(next) => set({ ...action, then: does((next ?? "notify") as Then["do"]) })}
        data={[
          { value: "notify", label: words.building.thenNotify },
          { value: "export", label: words.building.thenExport, disabled: folders.length === 0 },
          { value: "webhook", label: words.building.thenWebhook, disabled: receivers.length === 0 },
        ]}
      />
      {then.do === "export" && (
        <Select
          label={words.building.ofDataset}
          allowDeselect={false}
          data={datasets}
          value={then.dataset}
          onChange={(dataset) => set({ ...action, then: { ...then, dataset: dataset ?? "" } })}
        />
      )}
      {then.do !== "notify" && (
        <Select
          label={words.building.connection}
          allowDeselect={false}
          data={places}
          value={place}
          onChange={(next) => set({ ...action, then: { ...then, to: `${next ?? ""}${to.slice(place.length)}` } })}
        />
      )}
    </>
  );
}
