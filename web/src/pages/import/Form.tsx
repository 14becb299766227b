import { Button, Group, List, Paper, Progress, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Schemas } from "../../api/client";
import { Fault } from "../../parts/Fault";
import { size, words } from "../../words";
import { datasetsQuery } from "../data/queries";
import type { Found } from "./collect";
import { Drop } from "./Drop";
import { type Into, useSending } from "./useSending";

const NEW = "new";

interface FormProps {
  project: number;
  dataset?: number | undefined;
  samples: boolean;
  onBegun: (run: Schemas["Import"]) => void;
}

/** What to bring in, and into which dataset. Dropping is enough: the rest has answers already. */
export function Form({ project, dataset, samples, onBegun }: FormProps) {
  const { data: datasets = [] } = useQuery(datasetsQuery(project));
  const [picked, setPicked] = useState<string | null>(dataset === undefined ? null : String(dataset));
  const [name, setName] = useState("");
  const [truth, setTruth] = useState(true);
  const [path, setPath] = useState("");
  const { start, stop, sending, failed, working } = useSending(project, onBegun);
  const plain = datasets.filter((one) => one.query == null);
  const into = picked ?? (plain[0] === undefined ? NEW : String(plain[0].id));
  const target = (fallback: string): Into =>
    into === NEW ? { name: name.trim() || fallback } : { dataset: Number(into) };
  const onFound = (files: Found[], sample: boolean) =>
    start({
      into: target(sample ? words.importing.sampleName : words.importing.defaultName),
      truth,
      source: { files },
    });
  const submitPath = (event: FormEvent) => {
    event.preventDefault();
    start({ into: target(words.importing.defaultName), truth, source: { path } });
  };
  return (
    <Stack gap="lg">
      <Fault error={working.error} />
      {failed.length > 0 && (
        <section role="alert" className="fail">
          <Text>{words.importing.notSent(failed.length)}</Text>
          <List size="sm" mah={240} style={{ overflow: "auto", overflowWrap: "anywhere" }}>
            {failed.map((one) => (
              <List.Item key={one.name}>
                <bdi>{one.name}</bdi>: {one.why}
              </List.Item>
            ))}
          </List>
        </section>
      )}
      {sending === null ? (
        <Drop onFound={onFound} samples={samples} />
      ) : (
        <Paper withBorder p="lg">
          <Stack gap="sm">
            <Text role="status">{words.importing.sending(sending.done, sending.total)}</Text>
            <Progress.Root>
              <Progress.Section
                value={(100 * sending.sentBytes) / Math.max(1, sending.bytes)}
                aria-label={words.importing.sending(sending.done, sending.total)}
              />
            </Progress.Root>
            <Text c="dimmed">{words.importing.sentBytes(size(sending.sentBytes), size(sending.bytes))}</Text>
            <Button variant="default" w="fit-content" onClick={stop}>
              {words.importing.stop}
            </Button>
          </Stack>
        </Paper>
      )}
      <Group align="flex-end" gap="md">
        <Select
          label={words.importing.into}
          value={into}
          allowDeselect={false}
          onChange={setPicked}
          data={[
            ...plain.map((one) => ({ value: String(one.id), label: one.name })),
            { value: NEW, label: words.importing.newDataset },
          ]}
          w={240}
        />
        {into === NEW && (
          <TextInput
            label={words.importing.newName}
            placeholder={words.importing.defaultName}
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            w={240}
          />
        )}
        <Select
          label={words.importing.target}
          value={truth ? "truth" : "suggestions"}
          allowDeselect={false}
          onChange={(to) => setTruth(to !== "suggestions")}
          data={[
            { value: "truth", label: words.importing.truth },
            { value: "suggestions", label: words.importing.suggestions },
          ]}
          w={240}
        />
      </Group>
      <Group component="form" onSubmit={submitPath} align="flex-end" gap="sm">
        <TextInput
          label={words.importing.path}
          description={words.importing.pathWhy}
          placeholder="/data/photos"
          required
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
          w={492}
        />
        <Button type="submit" variant="default" size="sm" loading={working.isPending && sending === null}>
          {words.importing.pathStart}
        </Button>
      </Group>
    </Stack>
  );
}
