import { Button, Stack } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useHere } from "../../api/here";
import { Empty } from "../../parts/Empty";
import { Page } from "../../parts/Page";
import { words } from "../../words";
import { Form } from "./Form";
import { Progressing } from "./Progressing";

const ROUTE = "/signed-in/frame/p/$project/import";

/** Bring files in, and see what became of each. */
export function Import() {
  const { project } = useParams({ from: ROUTE });
  const { dataset, run } = useSearch({ from: ROUTE });
  const { mayEdit } = useHere();
  const navigate = useNavigate();
  const go = (search: { dataset?: number; run?: number }) =>
    void navigate({ to: "/p/$project/import", params: { project }, search });
  return (
    <Page
      title={words.importing.title}
      actions={
        mayEdit &&
        run !== undefined && (
          <Button variant="default" onClick={() => go(dataset === undefined ? {} : { dataset })}>
            {words.importing.again}
          </Button>
        )
      }
    >
      <Stack p="xl" maw={880}>
        {run === undefined && !mayEdit ? (
          <Empty title={words.importing.notYours}>{words.importing.notYoursWhy}</Empty>
        ) : run === undefined ? (
          <Form
            project={project}
            dataset={dataset}
            samples
            onBegun={(begun) => go({ run: begun.id, dataset: begun.dataset })}
          />
        ) : (
          <Progressing project={project} run={run} />
        )}
      </Stack>
    </Page>
  );
}
