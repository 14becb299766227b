import { ActionIcon, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect } from "react";
import { count, words } from "../../words";
import { type Entry, fileQuery, historyQuery, type Of } from "./queries";
import { useFiles, useTotal } from "./useFiles";

/** Where in a list a file was opened from: a file's address tells it, so that one can go on to the next. */
export interface Among {
  dataset?: number | undefined;
  version?: number | undefined;
  q?: string | undefined;
  /** Its place, from 0. */
  n?: number | undefined;
  at?: number | undefined;
  branch?: number | undefined;
}

/** The list that was told; undefined for a file that was opened from elsewhere. */
export const listOf = ({ dataset, version }: Among): Of | undefined =>
  version !== undefined ? { version } : dataset !== undefined ? { dataset } : undefined;

interface NeighboursProps {
  project: number;
  of: Of;
  among: Among & { n: number };
}

/** The files before and after this one, by click or by the arrow keys. */
export function Neighbours({ project, of, among }: NeighboursProps) {
  const { n, q = "", branch } = among;
  const client = useQueryClient();
  const navigate = useNavigate();
  const { total } = useTotal({ project, of, q });
  const files = useFiles({ project, of, q }, Math.max(0, n - 1), n + 2);
  const [before, after] = [n > 0 ? files.at(n - 1) : undefined, files.at(n + 1)];
  const to = (entry: Entry, place: number) => ({
    to: "/p/$project/files/$file" as const,
    params: { project, file: entry.file },
    search: { ...among, n: place },
  });
  // What comes next is here before it is asked for.
  const next = after?.file;
  useEffect(() => {
    if (next === undefined) return;
    void client.prefetchQuery(fileQuery(project, next));
    void client.prefetchQuery(historyQuery(project, next, branch));
    new Image().src = `/api/v1/projects/${project}/files/${next}/content`;
  }, [client, project, next, branch]);
  const go = (entry: Entry | undefined, place: number) => (event: KeyboardEvent) => {
    // Arrows have a meaning of their own among tabs.
    if (entry === undefined || (event.target as Element).closest('[role="tablist"]') !== null) return;
    void navigate(to(entry, place));
  };
  useHotkeys([
    ["ArrowLeft", go(before, n - 1)],
    ["ArrowRight", go(after, n + 1)],
  ]);
  const arrow = (entry: Entry | undefined, place: number, label: string, Icon: typeof ChevronLeft) =>
    entry === undefined ? (
      <ActionIcon variant="default" size={28} disabled aria-label={label}>
        <Icon size={16} aria-hidden />
      </ActionIcon>
    ) : (
      <ActionIcon
        variant="default"
        size={28}
        aria-label={label}
        renderRoot={(props) => <Link {...props} {...to(entry, place)} />}
      >
        <Icon size={16} aria-hidden />
      </ActionIcon>
    );
  return (
    <>
      {arrow(before, n - 1, words.file.before, ChevronLeft)}
      <Text c="dimmed">{total === undefined ? count(n + 1) : words.file.place(n + 1, total)}</Text>
      {arrow(after, n + 1, words.file.after, ChevronRight)}
    </>
  );
}
