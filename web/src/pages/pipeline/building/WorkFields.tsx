import { Button, Collapse, NumberInput, Stack, Textarea, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useSchema } from "../../../api/labels";
import { NamesInput } from "../../../parts/NamesInput";
import { words } from "../../../words";
import { Crew } from "./Crew";
import { ShapeFields } from "./ShapeFields";
import type { Work } from "./steps";

interface WorkFieldsProps {
  project: number;
  work: Work;
  set: (work: Work) => void;
  /** Where files come from and go. */
  children: ReactNode;
}

/** What is asked of a template: labels and people, the rest under More. */
export function WorkFields({ project, work, set, children }: WorkFieldsProps) {
  const { data: schema } = useSchema(project);
  const known = (schema?.labels ?? []).filter((label) => label.archived !== true).map((label) => label.name);
  const [more, setMore] = useState(false);
  return (
    <>
      <NamesInput
        label={words.building.labels}
        description={words.building.labelsWhy}
        data={known}
        value={work.labels}
        onChange={(labels) => set({ ...work, labels })}
      />
      <ShapeFields shape={work.shape} set={(shape) => set({ ...work, shape })} />
      <Crew
        project={project}
        label={words.building.people}
        value={work.people}
        onChange={(people) => set({ ...work, people })}
      />
      {children}
      <Button variant="subtle" w="fit-content" onClick={() => setMore(!more)} aria-expanded={more}>
        {words.building.more}
      </Button>
      <Collapse expanded={more}>
        <Stack>
          <Textarea
            label={words.building.guide}
            autosize
            minRows={3}
            value={work.guide}
            onChange={(event) => set({ ...work, guide: event.currentTarget.value })}
          />
          <NumberInput
            label={words.building.review}
            suffix=" %"
            min={0}
            max={100}
            value={work.review}
            onChange={(next) => set({ ...work, review: Number(next) || 0 })}
          />
          <TextInput
            label={words.building.suggestions}
            description={words.building.suggestionsWhy}
            value={work.suggestions}
            onChange={(event) => set({ ...work, suggestions: event.currentTarget.value })}
          />
        </Stack>
      </Collapse>
    </>
  );
}
