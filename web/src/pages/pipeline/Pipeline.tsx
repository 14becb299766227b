import { ActionIcon, Button, SegmentedControl, Tooltip } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useState } from "react";
import { api, body } from "../../api/client";
import { statusQuery, useStatus } from "../../api/now";
import { queries } from "../../api/queries";
import { administers, edits, useMe } from "../../api/session";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { InviteDialog } from "../../parts/InviteDialog";
import { Loading } from "../../parts/Loading";
import { Page } from "../../parts/Page";
import { saveAs } from "../../parts/saveAs";
import { words } from "../../words";
import { NextSteps } from "../first/NextSteps";
import { FirstRun } from "../import/FirstRun";
import { Attention } from "./Attention";
import { ActionForm } from "./building/ActionForm";
import type { Building } from "./building/AddMenu";
import { ChangeForm, type Changed } from "./building/ChangeForm";
import { DraftBar } from "./building/DraftBar";
import { removedBy, withGhosts } from "./building/ghosts";
import { Invited } from "./building/Invited";
import { NameForm } from "./building/NameForm";
import { Recipes } from "./building/Recipes";
import { type Doc, flowOf, reflowed } from "./building/steps";
import { TemplateForm } from "./building/TemplateForm";
import { useDraft } from "./building/useDraft";
import { DemoBanner } from "./DemoBanner";
import { Graph } from "./Graph";
import { List } from "./List";
import classes from "./Pipeline.module.css";
import { Setbacks } from "./Setbacks";
import { TemplateSheet } from "./TemplateSheet";
import { troubles } from "./graph";

const ROUTE = "/signed-in/frame/p/$project/pipeline";

type Adding = { what: "template" | "route" | "action"; after: string } | { what: "dataset" };

/** The project's home: what flows where, now. */
export function Pipeline() {
  const { project } = useParams({ from: ROUTE });
  const { view = "graph", demo } = useSearch({ from: ROUTE });
  const navigate = useNavigate();
  const me = useMe();
  const place = me.projects.find((one) => one.id === project);
  const mayEdit = place !== undefined && edits(place.role);
  const mayAdmin = place !== undefined && administers(place.role);
  const status = useStatus(project);
  const [open, setOpen] = useState<number | undefined>();
  const [inviting, setInviting] = useState(false);
  const draft = useDraft(project);
  const [adding, setAdding] = useState<Adding | null>(null);
  const [changing, setChanging] = useState<Changed | null>(null);
  const removed = removedBy(draft.steps);
  const building: Building | undefined = mayEdit
    ? {
        addTemplate: (after) => setAdding({ what: "template", after }),
        addRoute: (after) => setAdding({ what: "route", after }),
        addAction: (after) => setAdding({ what: "action", after }),
        change: (thing) => {
          setChanging(thing);
          draft.begin().catch(() => setChanging(null)); // told on the page
        },
        remove: (section, name) => draft.add([{ do: "remove", section, name }]),
        spare: draft.spare,
        isRemoved: (section, name) => removed.has(`${section} ${name}`),
        cut: (template, dataset, which) => {
          const then = ({ templates }: Doc) => {
            const was = templates?.[template];
            if (was === undefined) return;
            const flow = flowOf(was);
            const to = reflowed(was, { ...flow, [which]: flow[which].filter((one) => one !== dataset) });
            draft.add([{ do: "change", section: "templates", name: template, was, to }]);
          };
          draft.begin().then(then, () => undefined); // told on the page
        },
      }
    : undefined;
  const pausing = useMutation({
    mutationFn: ({ template, pause }: { template: number; pause: boolean }) => {
      const path = { params: { path: { project, template } } };
      return body(
        pause
          ? api.POST("/api/v1/projects/{project}/templates/{template}/pause", path)
          : api.POST("/api/v1/projects/{project}/templates/{template}/resume", path),
      );
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: statusQuery(project).queryKey }),
  });
  const enabling = useMutation({
    mutationFn: (connection: number) =>
      body(
        api.POST("/api/v1/projects/{project}/receivers/{connection}/enable", {
          params: { path: { project, connection } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: statusQuery(project).queryKey }),
  });
  const download = useMutation({
    mutationFn: () => body(api.GET("/api/v1/projects/{project}/pipeline", { params: { path: { project } } })),
    onSuccess: ({ yaml }) => saveAs(`${place?.name ?? "pipeline"}.yaml`, yaml, "application/yaml"),
  });
  const onTemplate = (template: { id: number }) => setOpen(template.id);
  const isDraft = draft.steps.length > 0 && draft.doc !== undefined;
  const shown = status.data && (isDraft ? withGhosts(status.data, draft.doc ?? {}) : status.data);
  const empty = status.isSuccess && status.data.datasets.length === 0 && status.data.templates.length === 0;
  if (empty) {
    return (
      <Page title={words.first.title(place?.name ?? "")}>
        {mayEdit ? <FirstRun project={project} /> : <Empty title={words.data.none}>{words.data.noneWhy}</Empty>}
      </Page>
    );
  }
  return (
    <Page
      title={words.pipeline.title}
      fill
      actions={
        <>
          {mayEdit && (
            <Button variant="default" onClick={() => setAdding({ what: "dataset" })}>
              {words.building.addDataset}
            </Button>
          )}
          <SegmentedControl
            aria-label={words.pipeline.view}
            value={view}
            onChange={(to) =>
              void navigate({
                to: "/p/$project/pipeline",
                params: { project },
                search: to === "list" ? { view: "list" } : {},
                replace: true,
              })
            }
            data={[
              { value: "graph", label: words.pipeline.graph },
              { value: "list", label: words.pipeline.list },
            ]}
          />
          <Tooltip label={words.pipeline.download}>
            <ActionIcon
              variant="default"
              size={32}
              aria-label={words.pipeline.download}
              loading={download.isPending}
              onClick={() => download.mutate()}
            >
              <Download size={16} />
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      <DemoBanner asked={demo === true} />
      <Fault
        error={status.error ?? pausing.error ?? enabling.error ?? download.error ?? (isDraft ? null : draft.error)}
      />
      {status.isPending && <Loading />}
      {status.isSuccess && (
        <>
          {demo !== true && <NextSteps status={status.data} />}
          <Attention
            project={project}
            found={troubles(status.data)}
            mayEdit={mayEdit}
            mayInvite={mayAdmin}
            act={{
              resume: (template) => pausing.mutate({ template, pause: false }),
              enable: (connection) => enabling.mutate(connection),
              invite: () => setInviting(true),
              open: setOpen,
            }}
          />
          {mayAdmin && <Setbacks project={project} found={status.data.setbacks ?? []} />}
          <DraftBar draft={draft} />
          {mayEdit && shown !== undefined && shown.templates.length === 0 && (
            <Recipes project={project} status={shown} onAdd={draft.add} />
          )}
          <div className={classes["body"]}>
            {view === "list" ? (
              <List project={project} status={shown ?? status.data} onTemplate={onTemplate} building={building} />
            ) : (
              <Graph project={project} status={shown ?? status.data} onTemplate={onTemplate} building={building} />
            )}
          </div>
          <TemplateForm
            project={project}
            status={shown ?? status.data}
            watch={adding?.what === "template" ? adding.after : null}
            onClose={() => setAdding(null)}
            onAdd={draft.add}
          />
          <ActionForm
            project={project}
            status={shown ?? status.data}
            template={adding?.what === "action" ? adding.after : null}
            onClose={() => setAdding(null)}
            onAdd={draft.add}
          />
          <NameForm
            title={adding?.what === "route" ? words.building.route(adding.after) : words.building.addDataset}
            label={words.building.datasetName}
            known={adding?.what === "route" ? (shown ?? status.data).datasets.map((one) => one.name) : []}
            opened={adding?.what === "route" || adding?.what === "dataset"}
            onClose={() => setAdding(null)}
            onName={(name) =>
              draft.add([
                adding?.what === "route" ? { do: "route", template: adding.after, to: name } : { do: "dataset", name },
              ])
            }
          />
          <ChangeForm
            project={project}
            status={shown ?? status.data}
            doc={draft.doc}
            changed={changing}
            onClose={() => setChanging(null)}
            onAdd={draft.add}
          />
          <Invited draft={draft} />
          <TemplateSheet
            status={status.data}
            template={status.data.templates.find((one) => one.id === open)}
            mayEdit={mayEdit}
            onClose={() => setOpen(undefined)}
            onPause={(template, pause) => pausing.mutate({ template, pause })}
          />
          <InviteDialog project={project} opened={inviting} onClose={() => setInviting(false)} />
        </>
      )}
    </Page>
  );
}
