import { ActionIcon, Button, Checkbox, Switch, Text, Tooltip } from "@mantine/core";
import { PanelLeftClose, PanelLeftOpen } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Schemas } from "../../api/client";
import type { Dataset } from "../../api/lists";
import { Empty } from "../../parts/Empty";
import { words } from "../../words";
import classes from "./Data.module.css";
import { Facets } from "./Facets";
import { Grid } from "./Grid";
import type { Of } from "./queries";
import { QueryBar } from "./QueryBar";
import { SavedQueries } from "./SavedQueries";
import { Selection } from "./Selection";
import { useTotal } from "./useFiles";
import { usePicking } from "./usePicking";

const OPEN = "penstock.facets";

interface ExplorerProps {
  project: number;
  dataset: Dataset;
  version?: Schemas["Version"];
  q: string;
  onAsk: (query: string) => void;
  mayEdit: boolean;
  /** What stands beside the count. */
  note?: ReactNode;
}

/** The files of a dataset or version: ask for some, see what is among them, pick and use them. */
export function Explorer({ project, dataset, version, q, onAsk, mayEdit, note }: ExplorerProps) {
  const of: Of = version === undefined ? { dataset: dataset.id } : { version: version.id };
  const { total, error } = useTotal({ project, of, q });
  const picking = usePicking(project, of, q);
  const [overlays, setOverlays] = useState(true);
  const [isOpen, setOpen] = useState(() => kept() !== "closed");
  const count = total ?? 0;
  const some = picking.all || picking.files.size > 0;
  const Icon = isOpen ? PanelLeftClose : PanelLeftOpen;
  const toggle = isOpen ? words.data.hideFacets : words.data.showFacets;
  return (
    <>
      <div className={classes["bar"]}>
        <Tooltip label={toggle}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={28}
            aria-label={toggle}
            aria-expanded={isOpen}
            onClick={() => {
              setOpen(!isOpen);
              keep(isOpen ? "closed" : "open");
            }}
          >
            <Icon size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <QueryBar project={project} dataset={dataset.id} asked={q} onAsk={onAsk} />
        <SavedQueries
          project={project}
          dataset={dataset.id}
          version={version?.id}
          q={q}
          mayEdit={mayEdit}
          onAsk={onAsk}
        />
      </div>
      <div className={classes["bar"]}>
        {mayEdit && (
          <Checkbox
            size="xs"
            aria-label={words.data.selectAll}
            title={words.data.selectAll}
            disabled={count === 0}
            checked={picking.all}
            indeterminate={!picking.all && some}
            onChange={(event) => (event.currentTarget.checked ? picking.pickAll() : picking.clear())}
          />
        )}
        {some ? (
          <Selection project={project} of={of} dataset={dataset} q={q} picking={picking} total={count} />
        ) : (
          <>
            <Text c="dimmed" role="status">
              {total === undefined
                ? ""
                : q === ""
                  ? words.data.files(total)
                  : dataset.files == null || version !== undefined
                    ? words.data.files(total)
                    : words.data.found(total, dataset.files)}
            </Text>
            {note}
          </>
        )}
        <Switch
          ml="auto"
          label={words.data.overlays}
          checked={overlays}
          onChange={(event) => setOverlays(event.currentTarget.checked)}
        />
      </div>
      <div className={classes["body"]}>
        {isOpen && error === null && <Facets project={project} of={of} q={q} onAsk={onAsk} />}
        <div className={classes["files"]}>
          <Grid
            project={project}
            of={of}
            branch={version?.branch ?? dataset.branch}
            isFork={dataset.forked_from != null}
            asOf={version?.seq}
            q={q}
            overlays={overlays}
            {...(mayEdit ? { picking } : {})}
            empty={
              q === "" ? (
                <Empty title={words.data.empty}>{version === undefined ? words.data.emptyWhy : undefined}</Empty>
              ) : (
                <Empty
                  title={words.data.nothing}
                  action={
                    <Button variant="default" onClick={() => onAsk("")}>
                      {words.data.clearQuery}
                    </Button>
                  }
                >
                  {words.data.nothingWhy}
                </Empty>
              )
            }
          />
        </div>
      </div>
    </>
  );
}

function kept(): string | null {
  try {
    return localStorage.getItem(OPEN);
  } catch {
    return null;
  }
}

function keep(value: string): void {
  try {
    localStorage.setItem(OPEN, value);
  } catch {
    // a browser that keeps nothing
  }
}
