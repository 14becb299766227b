import { Button, Group, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useHere } from "../../api/here";
import { useSchema } from "../../api/labels";
import { useStatus } from "../../api/now";
import { Fault } from "../../parts/Fault";
import { NamesInput } from "../../parts/NamesInput";
import { words } from "../../words";
import { ShapeFields } from "../pipeline/building/ShapeFields";
import { BOX } from "../pipeline/building/steps";
import { firstTask, makeTemplate } from "./begin";

interface LabelFirstProps {
  dataset: { id: number; name: string };
  /** The predictions that annotations were imported as, if any. */
  suggestions?: string;
}

/** From files that came in straight to labelling them; what is yet to be known for that is asked here. */
export function LabelFirst({ dataset, suggestions = "" }: LabelFirstProps) {
  const { project, mayEdit } = useHere();
  const navigate = useNavigate();
  const { data: status } = useStatus(project);
  const { data: schema } = useSchema(project);
  const known = (schema?.labels ?? []).filter((label) => label.archived !== true).map((label) => label.name);
  const [labels, setLabels] = useState<string[]>([]);
  const [shape, setShape] = useState(BOX);
  const watching = status?.templates.find((one) => one.watches.includes(dataset.id) && one.state === "active");
  const beginning = useMutation({
    mutationFn: async () => {
      const work = { labels, shape, people: [], guide: "", review: 0, suggestions };
      const template = watching?.id ?? (await makeTemplate(project, dataset.name, work));
      return { template, task: await firstTask(project, template) };
    },
    onSuccess: ({ template, task }) =>
      navigate({ to: "/tasks/$template/$task", params: { template: String(template), task: String(task) } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    beginning.mutate();
  };
  if (status === undefined || schema === undefined || !mayEdit) return null;
  return (
    <Stack component="form" onSubmit={submit} aria-label={words.first.label}>
      {watching === undefined && (
        <Group align="flex-start" grow maw={640}>
          <NamesInput
            label={words.first.labels}
            description={words.building.labelsWhy}
            placeholder={labels.length === 0 ? words.first.labelsHint : ""}
            data={known}
            value={labels}
            onChange={setLabels}
            required={known.length === 0 && labels.length === 0}
          />
          <Stack gap="sm" align="stretch">
            <ShapeFields shape={shape} set={setShape} />
          </Stack>
        </Group>
      )}
      <Fault error={beginning.error} />
      <Group>
        <Button type="submit" loading={beginning.isPending}>
          {words.first.label}
        </Button>
      </Group>
    </Stack>
  );
}
