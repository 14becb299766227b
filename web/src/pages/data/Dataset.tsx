import { Button, Menu, Switch, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ChevronDown } from "lucide-react";
import { useState } from "react";
import { api, body } from "../../api/client";
import { useLive } from "../../api/live";
import { queries } from "../../api/queries";
import { edits, useMe } from "../../api/session";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Page } from "../../parts/Page";
import { words } from "../../words";
import classes from "./Data.module.css";
import { ExportDialog } from "./ExportDialog";
import { Grid } from "./Grid";
import { countQuery, datasetQuery, datasetsQuery, versionsQuery } from "./queries";
import { QueryBar } from "./QueryBar";
import { VersionDialog } from "./VersionDialog";

const ROUTE = "/signed-in/frame/p/$project/data/$dataset";

/** A dataset: its files as pictures, what can be done with those picked, and its versions. */
export function Dataset() {
  const { project, dataset } = useParams({ from: ROUTE });
  const me = useMe();
  const place = me.projects.find((one) => one.id === project);
  const mayEdit = place !== undefined && edits(place.role);
  const { data: found } = useSuspenseQuery(datasetQuery(project, dataset));
  const { data: all } = useSuspenseQuery(datasetsQuery(project));
  const { data: versions } = useSuspenseQuery(versionsQuery(project, dataset));
  const { q = "" } = useSearch({ from: ROUTE });
  const navigate = useNavigate();
  const { data: matching } = useQuery({ ...countQuery(project, { dataset }, q), enabled: q !== "" });
  const [overlays, setOverlays] = useState(true);
  const [picked, setPicked] = useState<ReadonlySet<number>>(new Set());
  const [dialog, setDialog] = useState<"version" | "export" | null>(null);
  const pick = (files: readonly number[], on: boolean) => {
    const now = new Set(picked);
    for (const file of files) {
      if (on) now.add(file);
      else now.delete(file);
    }
    setPicked(now);
  };
  useFresh(project, dataset);
  const adding = useMutation({
    mutationFn: (to: { id: number; name: string }) =>
      body(
        api.POST("/api/v1/projects/{project}/datasets/{dataset}/files", {
          params: { path: { project, dataset: to.id } },
          body: { files: [...picked], source: dataset },
        }),
      ),
    onSuccess: (done, to) => {
      notifications.show({ message: words.data.added(done.files.length, to.name) });
      setPicked(new Set());
    },
  });
  const removing = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/datasets/{dataset}/files/remove", {
          params: { path: { project, dataset } },
          body: { files: [...picked] },
        }),
      ),
    onSuccess: async (done) => {
      notifications.show({ message: words.data.removed(done.files.length) });
      setPicked(new Set());
      await queries.invalidateQueries({ queryKey: ["p", project] });
    },
  });
  const others = all.filter((one) => one.id !== dataset && one.branch === found.branch && one.query == null);
  return (
    <Page
      title={<bdi>{found.name}</bdi>}
      name={found.name}
      fill
      actions={
        <>
          <Menu position="bottom-end" width={260}>
            <Menu.Target>
              <Button variant="default" rightSection={<ChevronDown size={14} />}>
                {words.data.versions}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {versions.length === 0 && <Menu.Label>{words.data.noVersions}</Menu.Label>}
              {versions.map((version) => (
                <Menu.Item
                  key={version.id}
                  renderRoot={(props) => (
                    <Link {...props} to="/p/$project/versions/$version" params={{ project, version: version.id }} />
                  )}
                >
                  <bdi>{version.name}</bdi>
                </Menu.Item>
              ))}
              {mayEdit && (
                <>
                  <Menu.Divider />
                  <Menu.Item onClick={() => setDialog("version")}>{words.data.nameVersion}</Menu.Item>
                </>
              )}
            </Menu.Dropdown>
          </Menu>
          {mayEdit && (
            <>
              <Button variant="default" onClick={() => setDialog("export")}>
                {words.data.export}
              </Button>
              <Button
                renderRoot={(props) => (
                  <Link {...props} to="/p/$project/import" params={{ project }} search={{ dataset }} />
                )}
              >
                {words.data.import}
              </Button>
            </>
          )}
        </>
      }
    >
      <div className={classes["bar"]}>
        <QueryBar
          project={project}
          dataset={dataset}
          asked={q}
          onAsk={(query) =>
            void navigate({
              to: "/p/$project/data/$dataset",
              params: { project, dataset },
              search: query === "" ? {} : { q: query },
            })
          }
        />
        <Text c="dimmed">
          {q === "" || matching === undefined
            ? words.data.files(found.files ?? 0)
            : words.data.found(matching, found.files ?? 0)}
        </Text>
        {picked.size > 0 && (
          <>
            <Text fw={600}>{words.data.selected(picked.size)}</Text>
            <Menu position="bottom-start">
              <Menu.Target>
                <Button variant="default" disabled={others.length === 0} rightSection={<ChevronDown size={14} />}>
                  {words.data.addTo}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {others.map((one) => (
                  <Menu.Item key={one.id} onClick={() => adding.mutate(one)}>
                    <bdi>{one.name}</bdi>
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
            <Button variant="default" loading={removing.isPending} onClick={() => removing.mutate()}>
              {words.data.remove}
            </Button>
            <Button variant="subtle" onClick={() => setPicked(new Set())}>
              {words.data.clear}
            </Button>
          </>
        )}
        <Switch
          ml="auto"
          label={words.data.overlays}
          checked={overlays}
          onChange={(event) => setOverlays(event.currentTarget.checked)}
        />
      </div>
      <Fault error={adding.error ?? removing.error} />
      <Grid
        project={project}
        of={{ dataset }}
        q={q}
        overlays={overlays}
        {...(mayEdit ? { picking: { picked, pick } } : {})}
        empty={
          q === "" ? (
            <Empty title={words.data.empty}>{words.data.emptyWhy}</Empty>
          ) : (
            <Empty title={words.data.nothing}>{words.data.nothingWhy}</Empty>
          )
        }
      />
      <VersionDialog
        project={project}
        dataset={dataset}
        opened={dialog === "version"}
        onClose={() => setDialog(null)}
      />
      <ExportDialog
        project={project}
        of={{ dataset }}
        name={found.name}
        opened={dialog === "export"}
        onClose={() => setDialog(null)}
      />
    </Page>
  );
}

/** Ask again for the files when some come or go, a few times a second at most. */
function useFresh(project: number, dataset: number): void {
  const [held] = useState<{ timer?: ReturnType<typeof setTimeout> | undefined }>({});
  useLive(project, (happening) => {
    const ours = happening.kind.startsWith("dataset.") && happening.body["dataset"] === dataset;
    if (!ours && happening.kind !== "file.ready" && happening.kind !== "file.failed") return;
    held.timer ??= setTimeout(() => {
      held.timer = undefined;
      void queries.invalidateQueries({ queryKey: ["p", project, "entries", { dataset }] });
      void queries.invalidateQueries({ queryKey: datasetQuery(project, dataset).queryKey, exact: true });
    }, 800);
  });
}
