import { Button, Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import { useState } from "react";
import { api, body, type Schemas } from "../../api/client";
import { type Dataset, templatesQuery } from "../../api/lists";
import { queries } from "../../api/queries";
import { Fault } from "../../parts/Fault";
import { Sure } from "../../parts/Sure";
import { count, words } from "../../words";
import { ExportDialog } from "./ExportDialog";
import { NameDialog } from "./NameDialog";
import { datasetsQuery, MOST_PICKED, type Of } from "./queries";
import type { Picking } from "./usePicking";

interface SelectionProps {
  project: number;
  of: Of;
  dataset: Dataset;
  q: string;
  picking: Picking;
  /** How many files the query finds. */
  total: number;
}

/** What can be done with the picked files: add them to a dataset, make tasks of them, export them, take them out. */
export function Selection({ project, of, dataset, q, picking, total }: SelectionProps) {
  const { data: all = [] } = useQuery(datasetsQuery(project));
  const [dialog, setDialog] = useState<"new" | "export" | null>(null);
  const size = picking.size ?? total;
  const others = all.filter((one) => one.id !== dataset.id && one.branch === dataset.branch && one.query == null);
  const isHead = "dataset" in of;
  const fresh = () => queries.invalidateQueries({ queryKey: ["p", project] });

  const [done, setDone] = useState(0);
  /** Do something in portions to all that the query finds; how many files entered or left. */
  const inPortions = async (portion: (after: string | undefined) => Promise<Schemas["Picked"]>): Promise<number> => {
    let [looked, changed, after] = [0, 0, undefined as string | undefined];
    setDone(0);
    do {
      const part = await portion(after);
      looked += part.looked;
      changed += part.files.length;
      after = part.next ?? undefined;
      setDone(looked);
    } while (after !== undefined);
    return changed;
  };
  /** Add the picked files; how many were new there. */
  const add = async (to: number): Promise<number> => {
    const path = { project, dataset: to };
    if (picking.all) {
      const from = { source: dataset.id, ...("version" in of ? { version: of.version } : {}), query: q };
      return inPortions((after) =>
        body(
          api.POST("/api/v1/projects/{project}/datasets/{dataset}/files/add-found", {
            params: { path },
            body: { ...from, ...(after === undefined ? {} : { after }) },
          }),
        ),
      );
    }
    const added = await body(
      api.POST("/api/v1/projects/{project}/datasets/{dataset}/files", {
        params: { path },
        body: { files: [...picking.files], source: dataset.id },
      }),
    );
    return added.files.length;
  };
  /** Take the picked files out; how many were there. */
  const remove = async (): Promise<number> => {
    const path = { project, dataset: dataset.id };
    if (picking.all) {
      return inPortions((after) =>
        body(
          api.POST("/api/v1/projects/{project}/datasets/{dataset}/files/remove-found", {
            params: { path },
            body: { query: q, ...(after === undefined ? {} : { after }) },
          }),
        ),
      );
    }
    const removed = await body(
      api.POST("/api/v1/projects/{project}/datasets/{dataset}/files/remove", {
        params: { path },
        body: { files: [...picking.files] },
      }),
    );
    return removed.files.length;
  };
  const adding = useMutation({
    mutationFn: ({ to }: { to: { id: number; name: string }; template?: string }) => add(to.id),
    onSuccess: async (added, { to, template }) => {
      notifications.show({
        message:
          template === undefined ? words.data.added(added, to.name) : words.data.tasksMade(added, template, to.name),
      });
      picking.clear();
      await fresh();
    },
  });
  const addNew = async (name: string) => {
    const made = await body(
      api.POST("/api/v1/projects/{project}/datasets", {
        params: { path: { project } },
        body: { name, branch: dataset.branch },
      }),
    );
    await adding.mutateAsync({ to: made });
  };
  const removing = useMutation({
    mutationFn: remove,
    onSuccess: async (removed) => {
      notifications.show({ message: words.data.removed(removed) });
      picking.clear();
      await fresh();
    },
  });
  const busy = adding.isPending || removing.isPending;
  const only = picking.all ? { query: q, count: size } : { query: "", picked: [...picking.files], count: size };
  return (
    <>
      <Text fw={600} role="status">
        {busy && picking.all
          ? words.data.doneOf(done, size)
          : picking.all
            ? words.data.selectedAll(size)
            : words.data.selected(size)}
      </Text>
      <Menu position="bottom-start" width={240}>
        <Menu.Target>
          <Button variant="default" rightSection={<ChevronDown size={14} aria-hidden />} loading={adding.isPending}>
            {words.data.addTo}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
          {others.map((one) => (
            <Menu.Item key={one.id} onClick={() => adding.mutate({ to: one })}>
              <bdi>{one.name}</bdi>
            </Menu.Item>
          ))}
          {others.length > 0 && <Menu.Divider />}
          <Menu.Item onClick={() => setDialog("new")}>{words.data.newDataset}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <TasksMenu
        project={project}
        dataset={dataset}
        others={others}
        onPick={(to, template) => adding.mutate({ to, template })}
      />
      <Button variant="default" onClick={() => setDialog("export")}>
        {words.data.export}
      </Button>
      {isHead &&
        dataset.query == null &&
        (picking.all ? (
          <Sure
            variant="default"
            label={words.data.remove}
            title={words.data.removeAll(size)}
            error={removing.error}
            busy={removing.isPending}
            onSure={() => removing.mutateAsync()}
          >
            {words.data.removeAllWhy}
          </Sure>
        ) : (
          <Button variant="default" loading={removing.isPending} onClick={() => removing.mutate()}>
            {words.data.remove}
          </Button>
        ))}
      <Button variant="subtle" onClick={picking.clear}>
        {words.data.clear}
      </Button>
      {picking.isFull && <Text c="dimmed">{words.data.full(MOST_PICKED)}</Text>}
      <Fault error={adding.error ?? (picking.all ? null : removing.error)} />
      <NameDialog
        title={words.data.addTo}
        why={words.data.newDatasetWhy}
        label={words.data.datasetName}
        action={words.data.create}
        opened={dialog === "new"}
        onName={addNew}
        onClose={() => setDialog(null)}
      />
      <ExportDialog
        project={project}
        of={of}
        name={`${dataset.name}, ${count(size)}`}
        only={only}
        opened={dialog === "export"}
        onClose={() => setDialog(null)}
      />
    </>
  );
}

interface TasksMenuProps {
  project: number;
  dataset: Dataset;
  others: readonly Dataset[];
  onPick: (to: Dataset, template: string) => void;
}

/** Templates that watch another dataset: what enters it becomes their tasks. */
function TasksMenu({ project, dataset, others, onPick }: TasksMenuProps) {
  const { data: templates = [] } = useQuery(templatesQuery(project));
  const byId = new Map(others.map((one) => [one.id, one]));
  const ways = templates
    .filter(({ settings }) => !settings.watch?.some((watch) => watch.dataset === dataset.id))
    .flatMap(({ id, name, settings }) =>
      (settings.watch ?? []).flatMap((watch) => {
        const to = byId.get(watch.dataset);
        return to === undefined ? [] : [{ id, name, to }];
      }),
    );
  return (
    <Menu position="bottom-start" width={280}>
      <Menu.Target>
        <Button variant="default" rightSection={<ChevronDown size={14} aria-hidden />}>
          {words.data.makeTasks}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
        {ways.length === 0 && (
          <Text p="sm" size="sm" c="dimmed">
            {words.data.noTasks}. {words.data.noTasksWhy}
          </Text>
        )}
        {ways.map(({ id, name, to }) => (
          <Menu.Item key={`${id} ${to.id}`} onClick={() => onPick(to, name)}>
            <bdi>{name}</bdi>{" "}
            <Text component="span" size="sm" c="dimmed">
              {words.data.through(to.name)}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
