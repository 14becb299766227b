import { Button, Group, Table } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { Fault } from "../../parts/Fault";
import { More } from "../../parts/More";
import { saveAs } from "../../parts/saveAs";
import { words } from "../../words";
import { troubledQuery, troubledSheet, whyOf } from "./items";

/** What failed and why, as long as the list may be. */
export function Items({ project, run }: { project: number; run: number }) {
  const found = useInfiniteQuery(troubledQuery(project, run, true));
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  const sheet = useMutation({
    mutationFn: () => troubledSheet(project, run),
    onSuccess: (csv) => saveAs(words.importing.sheet(run), csv, "text/csv"),
  });
  if (items.length === 0) return <Fault error={found.error} />;
  return (
    <>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.importing.item}</Table.Th>
            <Table.Th>{words.importing.why}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item) => (
            <Table.Tr key={item.key}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                <bdi>{item.key}</bdi>
              </Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{whyOf(item)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Fault error={found.error ?? sheet.error} />
      <Group>
        <More of={found} label={words.importing.more} />
        <Button
          variant="default"
          leftSection={<Download size={14} aria-hidden />}
          loading={sheet.isPending}
          onClick={() => sheet.mutate()}
        >
          {words.importing.asSheet}
        </Button>
      </Group>
    </>
  );
}
