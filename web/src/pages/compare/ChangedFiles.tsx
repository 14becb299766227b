import { Anchor, Button, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { words } from "../../words";
import classes from "./Compare.module.css";
import { changedFilesQuery } from "./queries";

/** The files that entered, left, or whose metadata differ. */
export function ChangedFiles({ project, a, b }: { project: number; a: string; b: string }) {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    changedFilesQuery(project, a, b),
  );
  if (error !== null) return <Fault error={error} />;
  if (data === undefined) return <Loading />;
  return (
    <div className={classes["scroll"]} tabIndex={0}>
      <Table maw={960} verticalSpacing="xs">
        <Table.Tbody>
          {data.pages
            .flatMap((page) => page.items)
            .map((one) => (
              <Line key={one.file} project={project} of={one} />
            ))}
        </Table.Tbody>
      </Table>
      {hasNextPage && (
        <Button variant="default" mt="md" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {words.compare.more}
        </Button>
      )}
    </div>
  );
}

const SAID = { added: words.compare.entered, removed: words.compare.left, changed: words.compare.described };

function Line({ project, of }: { project: number; of: Schemas["EntryChange"] }) {
  const keys = Object.keys({ ...of.before, ...of.after }).filter(
    (key) => JSON.stringify(of.before?.[key]) !== JSON.stringify(of.after?.[key]),
  );
  return (
    <Table.Tr>
      <Table.Td w={160}>{SAID[of.change]}</Table.Td>
      <Table.Td>
        <Anchor
          renderRoot={(props) => <Link {...props} to="/p/$project/files/$file" params={{ project, file: of.file }} />}
        >
          <bdi>{of.key}</bdi>
        </Anchor>
        {of.change === "changed" &&
          keys.map((key) => (
            <Text key={key} size="sm" c="dimmed" className={classes["field"]}>
              <bdi>{key}</bdi>: <del>{told(of.before?.[key])}</del> <ins>{told(of.after?.[key])}</ins>
            </Text>
          ))}
      </Table.Td>
    </Table.Tr>
  );
}

const told = (value: unknown): string => (value === undefined ? "" : JSON.stringify(value));
