import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Fault } from "../../parts/Fault";
import { Key } from "../../parts/Key";
import { Loading } from "../../parts/Loading";
import { words } from "../../words";
import { BothSides } from "./BothSides";
import { byFile, type ChangedFile, type Kind } from "./changes";
import classes from "./Compare.module.css";
import { changesQuery } from "./queries";

interface Sides {
  project: number;
  a: string;
  b: string;
}

/** The files whose annotations differ, and both sides of the one that is looked at. */
export function ChangedAnnotations({ project, a, b }: Sides) {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(changesQuery(project, a, b));
  const [picked, setPicked] = useState<number | undefined>();
  if (error !== null) return <Fault error={error} />;
  if (data === undefined) return <Loading />;
  const files = byFile(data.pages.flatMap((page) => page.items));
  const shown = files.find((one) => one.file === picked) ?? files[0];
  return (
    <div className={classes["both"]}>
      <nav className={classes["list"]} aria-label={words.compare.files}>
        {files.map((one) => (
          <button
            key={one.file}
            type="button"
            className={classes["file"]}
            aria-current={one.file === shown?.file || undefined}
            onClick={() => setPicked(one.file)}
          >
            <img src={`/api/v1/projects/${project}/files/${one.file}/thumbnail`} alt="" loading="lazy" />
            <span className={classes["about"]}>
              <Key of={one.key} />
              <Counts of={one} />
            </span>
          </button>
        ))}
        {hasNextPage && (
          <Button m="sm" variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {words.compare.more}
          </Button>
        )}
      </nav>
      {shown === undefined ? (
        <Text p="xl" c="dimmed">
          {words.compare.choose}
        </Text>
      ) : (
        <BothSides key={shown.file} project={project} of={shown} b={b} />
      )}
    </div>
  );
}

const SIGNS: [Kind, string][] = [
  ["added", "+"],
  ["changed", "~"],
  ["removed", "−"],
];

function Counts({ of }: { of: ChangedFile }) {
  return (
    <span className={classes["counts"]}>
      {SIGNS.filter(([kind]) => of.count[kind] > 0).map(([kind, sign]) => (
        <span key={kind} title={words.compare[kind]}>
          <span aria-hidden>{sign}</span>
          {of.count[kind]}
          <span className="sr"> {words.compare[kind]}</span>
        </span>
      ))}
    </span>
  );
}
