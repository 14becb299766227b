import { Button, CloseButton, Group, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../../api/client";
import { useHere } from "../../api/here";
import { membersQuery } from "../../api/lists";
import { InviteDialog } from "../../parts/InviteDialog";
import { words } from "../../words";
import { ExportDialog } from "../data/ExportDialog";
import type { Status } from "../pipeline/graph";
import classes from "../pipeline/Pipeline.module.css";
import { LabelFirst } from "./LabelFirst";

/** A project with more images done than these needs no guide. */
const YOUNG = 100;

/** What comes next in a young project: the first image, somebody to help, and taking out what there is. */
export function NextSteps({ status }: { status: Status }) {
  const { project, mayEdit, mayAdmin } = useHere();
  const [closed, setClosed] = useLocalStorage({ key: `penstock.guided.${project}`, defaultValue: false });
  const [open, setOpen] = useState<"invite" | "export" | null>(null);
  const done = status.templates.reduce((sum, one) => sum + one.progress.done, 0);
  const dataset = status.datasets.find((one) => one.files > 0);
  const template = status.templates.find((one) => one.state === "active" && one.watches.includes(dataset?.id ?? 0));
  const isYoung = mayEdit && !closed && done < YOUNG && dataset !== undefined && template !== undefined;
  const { data: members } = useQuery({ ...membersQuery(project), enabled: isYoung });
  const { data: exports } = useQuery({
    queryKey: ["p", project, "exports", "any"],
    queryFn: () =>
      body(api.GET("/api/v1/projects/{project}/exports", { params: { path: { project }, query: { limit: 1 } } })),
    enabled: isYoung && done > 0,
  });
  if (!isYoung || members === undefined) return null;
  const isAlone = members.length === 1;
  const isKept = exports?.items.length === 0;
  if (done === 0 ? !isAlone : !(isAlone && mayAdmin) && !isKept && open === null) return null;
  return (
    <section className={classes["draft"]} aria-label={words.first.next}>
      <Group gap="md">
        {done === 0 ? (
          <>
            <Text>{words.first.waiting(dataset.files)}</Text>
            <LabelFirst dataset={dataset} />
          </>
        ) : (
          <>
            <Text>{words.first.done(done)}</Text>
            {isAlone && mayAdmin && (
              <Button variant="default" onClick={() => setOpen("invite")}>
                {words.first.invite}
              </Button>
            )}
            <Button variant="default" onClick={() => setOpen("export")}>
              {words.first.export}
            </Button>
          </>
        )}
        <CloseButton ml="auto" aria-label={words.actions.close} onClick={() => setClosed(true)} />
      </Group>
      <InviteDialog project={project} opened={open === "invite"} onClose={() => setOpen(null)} />
      <ExportDialog
        project={project}
        of={{ dataset: dataset.id }}
        name={dataset.name}
        opened={open === "export"}
        onClose={() => setOpen(null)}
      />
    </section>
  );
}
