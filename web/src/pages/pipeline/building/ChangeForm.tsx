import { Button, Drawer, Group, MultiSelect, Stack, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { alike } from "../../../parts/sides";
import { words } from "../../../words";
import type { Status } from "../graph";
import { ActionFields } from "./ActionFields";
import {
  actionOf,
  BOX,
  changedWork,
  type Doc,
  type Fields,
  flowOf,
  labelsOf,
  newActionOf,
  reflowed,
  type Step,
  workOf,
} from "./steps";
import { WorkFields } from "./WorkFields";

export interface Changed {
  section: "templates" | "actions";
  name: string;
}

interface ChangeFormProps {
  project: number;
  status: Status;
  doc: Doc | undefined;
  changed: Changed | null;
  onClose: () => void;
  onAdd: (steps: Step[]) => void;
}

/** A template or an action of the pipeline, as it is to be: by the questions it was made with, or as its text. */
export function ChangeForm({ doc, changed, onClose, ...rest }: ChangeFormProps) {
  const was = changed === null ? undefined : doc?.[changed.section]?.[changed.name];
  return (
    <Drawer
      opened={was !== undefined}
      onClose={onClose}
      position="right"
      size={400}
      title={words.building.changing(changed?.name ?? "")}
      closeButtonProps={{ "aria-label": words.actions.close }}
    >
      {doc !== undefined && changed !== null && was !== undefined && (
        <Ways key={`${changed.section} ${changed.name}`} doc={doc} of={changed} was={was} onClose={onClose} {...rest} />
      )}
    </Drawer>
  );
}

interface WayProps {
  project: number;
  status: Status;
  doc: Doc;
  was: Fields;
  onTo: (to: Fields, first?: Step[]) => void;
}

function Ways({
  of,
  onAdd,
  onClose,
  ...rest
}: Omit<WayProps, "onTo"> & { of: Changed; onAdd: (steps: Step[]) => void; onClose: () => void }) {
  const action = of.section === "actions" ? newActionOf(rest.was) : undefined;
  const isAsked = of.section === "templates" || action !== undefined;
  const [asText, setAsText] = useState(false);
  const onTo = (to: Fields, first: Step[] = []) => {
    if (!alike(rest.was, to)) onAdd([...first, { do: "change", ...of, was: rest.was, to }]);
    onClose();
  };
  return (
    <Stack>
      {isAsked && (
        <Button variant="subtle" w="fit-content" aria-pressed={asText} onClick={() => setAsText(!asText)}>
          {asText ? words.building.asForm : words.building.asText}
        </Button>
      )}
      {asText || !isAsked ? (
        <AsText was={rest.was} onTo={onTo} />
      ) : of.section === "templates" ? (
        <ChangeTemplate {...rest} onTo={onTo} />
      ) : (
        <ChangeAction {...rest} onTo={onTo} />
      )}
    </Stack>
  );
}

function ChangeTemplate({ project, status, doc, was, onTo }: WayProps) {
  const [work, setWork] = useState({ ...workOf(was), shape: BOX });
  const [flow, setFlow] = useState(flowOf(was));
  const datasets = status.datasets.map((one) => one.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const known = labelsOf(doc);
    const fresh = work.labels.filter((label) => !known.includes(label));
    onTo(
      reflowed(changedWork(was, work, [...known, ...fresh]), flow),
      fresh.length === 0 ? [] : [{ do: "labels", labels: fresh, shape: work.shape }],
    );
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <WorkFields project={project} work={work} set={setWork}>
        <MultiSelect
          label={words.pipeline.watches}
          data={datasets}
          value={flow.watch}
          onChange={(watch) => setFlow({ ...flow, watch })}
        />
        <MultiSelect
          label={words.building.to}
          data={datasets}
          value={flow.to}
          onChange={(to) => setFlow({ ...flow, to })}
        />
      </WorkFields>
      <Send />
    </Stack>
  );
}

function ChangeAction({ project, status, was, onTo }: WayProps) {
  const [action, setAction] = useState(newActionOf(was));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (action !== undefined) onTo(actionOf(action));
  };
  return (
    <Stack component="form" onSubmit={submit}>
      {action !== undefined && (
        <ActionFields
          project={project}
          datasets={status.datasets.map((one) => one.name)}
          action={action}
          set={setAction}
        />
      )}
      <Send />
    </Stack>
  );
}

/** All that the pipeline file says of it. */
function AsText({ was, onTo }: Pick<WayProps, "was" | "onTo">) {
  const { data: yaml } = useQuery({ queryKey: ["yaml"], queryFn: () => import("yaml"), staleTime: Infinity });
  const [typed, setTyped] = useState<string>();
  const [fault, setFault] = useState<string>();
  const text = typed ?? yaml?.stringify(was, { lineWidth: 0 }) ?? "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    try {
      const to: unknown = yaml?.parse(text);
      if (typeof to !== "object" || to === null || Array.isArray(to)) setFault(words.building.noFields);
      else onTo(to as Fields);
    } catch (error) {
      setFault(String(error));
    }
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <Textarea
        label={words.building.text}
        description={words.building.textWhy}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", whiteSpace: "pre" } }}
        autosize
        minRows={12}
        maxRows={24}
        spellCheck={false}
        value={text}
        error={fault}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setFault(undefined);
        }}
      />
      <Send />
    </Stack>
  );
}

function Send() {
  return (
    <Group>
      <Button type="submit" size="sm">
        {words.building.add}
      </Button>
    </Group>
  );
}
