import { Button, Group, List, Modal, Progress, Select, Stack, Switch, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../../api/client";
import { faultAt } from "../../api/faults";
import { formatsQuery } from "../../api/lists";
import { Fault } from "../../parts/Fault";
import { Transforms } from "../../parts/Transforms";
import type { Transform } from "../../parts/transforms";
import { count, words } from "../../words";

interface ExportDialogProps {
  project: number;
  of: { dataset: number } | { version: number };
  name: string;
  /** Only the files that a query finds, or some of them, and how many they are. */
  only?: { query: string; picked?: readonly number[]; count: number } | undefined;
  opened: boolean;
  onClose: () => void;
}

/** Make an archive of a dataset or version, and fetch it. */
export function ExportDialog({ project, of, name, only, opened, onClose }: ExportDialogProps) {
  const [format, setFormat] = useState("coco");
  const [media, setMedia] = useState(true);
  const [transforms, setTransforms] = useState<Transform[]>([]);
  const making = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/exports", {
          params: { path: { project } },
          body: {
            ...of,
            ...(only === undefined || only.query === "" ? {} : { filter: only.query }),
            ...(only?.picked === undefined ? {} : { picked: [...only.picked] }),
            format,
            media: media ? "copy" : "none",
            transforms,
            pack: "zip",
          },
        }),
      ),
  });
  const asked = making.data?.id;
  const { data: formats = [] } = useQuery({ ...formatsQuery(project), enabled: opened });
  // What most people ask for stands first, the others by name.
  const offers = [...formats]
    .sort((a, b) => Number(b.name === "coco") - Number(a.name === "coco") || a.title.localeCompare(b.title))
    .map(({ name: value, title: label }) => ({ value, label }));
  const { data: made, error } = useQuery({
    queryKey: ["p", project, "export", asked],
    queryFn: () =>
      body(
        api.GET("/api/v1/projects/{project}/exports/{export}", { params: { path: { project, export: asked ?? 0 } } }),
      ),
    enabled: asked !== undefined,
    refetchInterval: ({ state }) => (/queued|running/.test(state.data?.state ?? "queued") ? 500 : false),
  });
  const lost = Object.entries(made?.losses ?? {});
  const close = () => {
    making.reset();
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="lg"
      title={`${words.data.export}: ${name}`}
      closeButtonProps={{ "aria-label": words.actions.close }}
    >
      <Stack>
        <Fault error={making.error ?? error} />
        {asked === undefined && (
          <>
            <Text c="dimmed">{only === undefined ? words.data.exportWhy : words.data.exportSome(only.count)}</Text>
            <Select
              label={words.data.format}
              data={offers}
              value={format}
              allowDeselect={false}
              searchable
              onChange={(to) => setFormat(to ?? "coco")}
            />
            <Switch
              label={words.data.media}
              checked={media}
              onChange={(event) => setMedia(event.currentTarget.checked)}
            />
            <Transforms
              project={project}
              transforms={transforms}
              change={setTransforms}
              fault={(place) => faultAt(making.error, `transforms${place}`)}
            />
            <Group justify="flex-end">
              <Button loading={making.isPending} onClick={() => making.mutate()}>
                {words.data.make}
              </Button>
            </Group>
          </>
        )}
        {made !== undefined && /queued|running/.test(made.state) && (
          <>
            <Text role="status">{words.data.making}</Text>
            <Progress.Root>
              <Progress.Section
                aria-label={words.data.making}
                value={made.total ? (100 * made.looked) / made.total : 0}
              />
            </Progress.Root>
          </>
        )}
        {made?.state === "ready" && (
          <>
            <Text role="status">{words.data.ready(made.files, made.annotations)}</Text>
            {lost.length > 0 && (
              <div>
                <Text c="dimmed">{words.data.lost}</Text>
                <List size="sm">
                  {lost.map(([code, n]) => (
                    <List.Item key={code}>
                      {code.replaceAll("_", " ")}: {count(n)}
                    </List.Item>
                  ))}
                </List>
              </div>
            )}
            <Button component="a" href={`/api/v1/projects/${project}/exports/${made.id}/download`} download>
              {words.data.download}
            </Button>
          </>
        )}
        {made !== undefined && /failed|cancelled/.test(made.state) && (
          <Text className="fail" role="alert">
            {words.data.exportFailed}. {made.reason}
          </Text>
        )}
      </Stack>
    </Modal>
  );
}
