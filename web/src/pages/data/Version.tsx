import { Anchor, Button, Switch, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { edits, useMe } from "../../api/session";
import { Empty } from "../../parts/Empty";
import { Page } from "../../parts/Page";
import { moment, words } from "../../words";
import classes from "./Data.module.css";
import { ExportDialog } from "./ExportDialog";
import { Grid } from "./Grid";
import { datasetQuery, versionQuery } from "./queries";

/** A version: the files and annotations of a dataset as they were, for ever. */
export function Version() {
  const { project, version } = useParams({ from: "/signed-in/frame/p/$project/versions/$version" });
  const me = useMe();
  const place = me.projects.find((one) => one.id === project);
  const { data: found } = useSuspenseQuery(versionQuery(project, version));
  const { data: dataset } = useSuspenseQuery(datasetQuery(project, found.dataset));
  const [overlays, setOverlays] = useState(true);
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
        place !== undefined &&
        edits(place.role) && <Button onClick={() => setExporting(true)}>{words.data.export}</Button>
      }
    >
      <div className={classes["bar"]}>
        <Text c="dimmed">
          {words.data.revision(found.seq)}, {moment(found.at)}
        </Text>
        <Text>{found.note}</Text>
        <Switch
          ml="auto"
          label={words.data.overlays}
          checked={overlays}
          onChange={(event) => setOverlays(event.currentTarget.checked)}
        />
      </div>
      <Grid
        project={project}
        of={{ version }}
        overlays={overlays}
        asOf={found.seq}
        empty={<Empty title={words.data.empty} />}
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
