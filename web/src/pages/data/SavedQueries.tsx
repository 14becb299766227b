import { ActionIcon, Button, Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Bookmark, ChevronDown, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, body } from "../../api/client";
import { queries } from "../../api/queries";
import { words } from "../../words";
import classes from "./Data.module.css";
import { NameDialog } from "./NameDialog";
import { savedQuery } from "./queries";

interface SavedQueriesProps {
  project: number;
  dataset: number;
  /** The version that is looked at, when one is. */
  version?: number | undefined;
  q: string;
  mayEdit: boolean;
  onAsk: (query: string) => void;
}

/** Queries that were kept under a name: ask one again, keep this one, or let a live dataset follow it. */
export function SavedQueries({ project, dataset, version, q, mayEdit, onAsk }: SavedQueriesProps) {
  const navigate = useNavigate();
  const { data: saved = [] } = useQuery(savedQuery(project));
  const [dialog, setDialog] = useState<"save" | "follow" | null>(null);
  const here = saved.filter((one) => one.dataset == null || one.dataset === dataset);
  const forgetting = useMutation({
    mutationFn: (query: { id: number; name: string }) =>
      body(
        api.DELETE("/api/v1/projects/{project}/queries/{query}", { params: { path: { project, query: query.id } } }),
      ),
    onSuccess: async (_, query) => {
      notifications.show({ message: words.data.forgotten(query.name) });
      await queries.invalidateQueries({ queryKey: savedQuery(project).queryKey });
    },
  });
  const save = async (name: string) => {
    await body(
      api.POST("/api/v1/projects/{project}/queries", {
        params: { path: { project } },
        body: { name, query: q, dataset },
      }),
    );
    notifications.show({ message: words.data.savedNow(name) });
    await queries.invalidateQueries({ queryKey: savedQuery(project).queryKey });
  };
  const follow = async (name: string) => {
    const source = version === undefined ? { dataset } : { dataset, version };
    const made = await body(
      api.POST("/api/v1/projects/{project}/live-datasets", {
        params: { path: { project } },
        body: { name, query: q, sources: [source] },
      }),
    );
    notifications.show({ message: words.data.followed(name) });
    await queries.invalidateQueries({ queryKey: ["p", project, "datasets"] });
    await navigate({ to: "/p/$project/data/$dataset", params: { project, dataset: made.id } });
  };
  return (
    <>
      <Menu position="bottom-end" width={320} keepMounted={false}>
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<Bookmark size={14} aria-hidden />}
            rightSection={<ChevronDown size={14} aria-hidden />}
          >
            {words.data.saved}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {here.length === 0 && <Menu.Label>{words.data.noSaved}</Menu.Label>}
          {here.map((one) => (
            <div key={one.id} className={classes["kept"]}>
              <Menu.Item
                onClick={() => onAsk(one.query)}
                aria-label={words.data.savedOf(one.name)}
                title={one.problem ?? one.query}
              >
                <bdi>{one.name}</bdi>
                <Text component="span" size="xs" c={one.valid ? "dimmed" : "var(--fail)"} className={classes["code"]}>
                  {one.valid ? one.query : words.data.broken}
                </Text>
              </Menu.Item>
              {mayEdit && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="sm"
                  aria-label={words.data.forget(one.name)}
                  loading={forgetting.isPending && forgetting.variables.id === one.id}
                  onClick={() => forgetting.mutate(one)}
                >
                  <Trash2 size={14} aria-hidden />
                </ActionIcon>
              )}
            </div>
          ))}
          {mayEdit && (
            <>
              <Menu.Divider />
              <Menu.Item disabled={q === ""} onClick={() => setDialog("save")}>
                {words.data.saveQuery}
              </Menu.Item>
              <Menu.Item onClick={() => setDialog("follow")}>{words.data.follow}</Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <NameDialog
        title={words.data.saveQueryTitle}
        why={words.data.saveQueryWhy}
        label={words.data.queryName}
        action={words.actions.save}
        opened={dialog === "save"}
        onName={save}
        onClose={() => setDialog(null)}
      />
      <NameDialog
        title={words.data.followTitle}
        why={q === "" ? words.data.followWhole : words.data.followWhy}
        label={words.data.datasetName}
        action={words.data.create}
        opened={dialog === "follow"}
        onName={follow}
        onClose={() => setDialog(null)}
      />
    </>
  );
}
