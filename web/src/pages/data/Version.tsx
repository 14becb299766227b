import { Anchor, Button, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { edits, useMe } from "../../api/session";
import { Page } from "../../parts/Page";
import { moment, words } from "../../words";
import { Explorer } from "./Explorer";
import { ExportDialog } from "./ExportDialog";
import { datasetQuery, versionQuery } from "./queries";

const ROUTE = "/signed-in/frame/p/$project/versions/$version";

/** A version: the files and annotations of a dataset as they were, for ever. */
export function Version() {
  const { project, version } = useParams({ from: ROUTE });
  const { q = "" } = useSearch({ from: ROUTE });
  const navigate = useNavigate();
  const me = useMe();
  const place = me.projects.find((one) => one.id === project);
  const mayEdit = place !== undefined && edits(place.role);
  const { data: found } = useSuspenseQuery(versionQuery(project, version));
  const { data: dataset } = useSuspenseQuery(datasetQuery(project, found.dataset));
  const [exporting, setExporting] = useState(false);
  return (
    <Page
      name={found.name}
      fill
      title={
        <>
          <Anchor
            inherit
            renderRoot={(props) => (
              <Link {...props} to="/p/$project/data/$dataset" params={{ project, dataset: dataset.id }} />
            )}
          >
            <bdi>{dataset.name}</bdi>
          </Anchor>{" "}
          / <bdi>{found.name}</bdi>
        </>
      }
      actions={
        <>
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/p/$project/compare"
                params={{ project }}
                search={{ a: `version:${version}`, b: `dataset:${dataset.id}` }}
              />
            )}
          >
            {words.data.compare}
          </Button>
          {mayEdit && <Button onClick={() => setExporting(true)}>{words.data.export}</Button>}
        </>
      }
    >
      <Explorer
        project={project}
        dataset={dataset}
        version={found}
        q={q}
        mayEdit={mayEdit}
        onAsk={(query) =>
          void navigate({
            to: "/p/$project/versions/$version",
            params: { project, version },
            search: query === "" ? {} : { q: query },
          })
        }
        note={
          <>
            <Text c="dimmed">
              {words.data.revision(found.seq)}, {moment(found.at)}
            </Text>
            <Text>{found.note}</Text>
          </>
        }
      />
      <ExportDialog
        project={project}
        of={{ version }}
        name={`${dataset.name} ${found.name}`}
        opened={exporting}
        onClose={() => setExporting(false)}
      />
    </Page>
  );
}
