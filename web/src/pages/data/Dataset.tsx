import { Button, Menu, Text } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ChevronDown } from "lucide-react";
import { useState } from "react";
import { useLive } from "../../api/live";
import { queries } from "../../api/queries";
import { edits, useMe } from "../../api/session";
import { Page } from "../../parts/Page";
import { words } from "../../words";
import { Explorer } from "./Explorer";
import { ExportDialog } from "./ExportDialog";
import { datasetQuery, datasetsQuery, liveQuery, versionsQuery } from "./queries";
import { VersionDialog } from "./VersionDialog";

const ROUTE = "/signed-in/frame/p/$project/data/$dataset";

/** A dataset: its files as pictures, what is among them, and its versions. */
export function Dataset() {
  const { project, dataset } = useParams({ from: ROUTE });
  const me = useMe();
  const place = me.projects.find((one) => one.id === project);
  const mayEdit = place !== undefined && edits(place.role);
  const { data: found } = useSuspenseQuery(datasetQuery(project, dataset));
  const { data: versions } = useSuspenseQuery(versionsQuery(project, dataset));
  const { q = "" } = useSearch({ from: ROUTE });
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"version" | "export" | null>(null);
  useFresh(project, dataset);
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
              {versions.length > 0 && (
                <>
                  <Menu.Divider />
                  <Menu.Item
                    renderRoot={(props) => (
                      <Link
                        {...props}
                        to="/p/$project/compare"
                        params={{ project }}
                        search={{ a: `version:${versions.at(-1)?.id ?? 0}`, b: `dataset:${dataset}` }}
                      />
                    )}
                  >
                    {words.data.compareLast(versions.at(-1)?.name ?? "")}
                  </Menu.Item>
                </>
              )}
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
      <Explorer
        project={project}
        dataset={found}
        q={q}
        mayEdit={mayEdit}
        note={found.query == null ? undefined : <Follows project={project} dataset={dataset} />}
        onAsk={(query) =>
          void navigate({
            to: "/p/$project/data/$dataset",
            params: { project, dataset },
            search: query === "" ? {} : { q: query },
          })
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

/** What a live dataset holds, and why it stands still if it does. */
function Follows({ project, dataset }: { project: number; dataset: number }) {
  const { data: live } = useQuery(liveQuery(project, dataset));
  const { data: all } = useQuery(datasetsQuery(project));
  if (live === undefined) return null;
  const names = live.sources.map((source) => all?.find((one) => one.id === source.dataset)?.name ?? "");
  return (
    <>
      <Text c="dimmed" truncate title={live.query}>
        {words.data.follows(live.query ?? "", names.join(", "))}
      </Text>
      {live.problem != null && <Text className="fail">{live.problem}</Text>}
    </>
  );
}

const SOONEST_MS = 800;
const SHARE = 10;

/** Ask again for the files when some come or go: soon, but never for more than a tenth of the time. */
function useFresh(project: number, dataset: number): void {
  const [held] = useState<{ timer?: ReturnType<typeof setTimeout> | undefined; wait: number }>({ wait: SOONEST_MS });
  useLive(project, (happening) => {
    const ours = happening.kind.startsWith("dataset.") && happening.body["dataset"] === dataset;
    const drawn = /^(annotations\.|task\.done|merge\.)/.test(happening.kind);
    if (!ours && !drawn && happening.kind !== "file.ready" && happening.kind !== "file.failed") return;
    held.timer ??= setTimeout(() => {
      const began = performance.now();
      void Promise.all([
        queries.invalidateQueries({ queryKey: ["p", project, "entries", { dataset }] }),
        queries.invalidateQueries({ queryKey: ["p", project, "overlays"] }),
        queries.invalidateQueries({ queryKey: datasetQuery(project, dataset).queryKey, exact: true }),
      ]).then(() => {
        held.wait = Math.max(SOONEST_MS, SHARE * (performance.now() - began));
        held.timer = undefined;
      });
    }, held.wait);
  });
}
