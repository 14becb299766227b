import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import { api, body } from "../../api/client";
import type { Dataset } from "../../api/lists";
import { queries } from "../../api/queries";
import { Fault } from "../../parts/Fault";
import { words } from "../../words";

interface IntoProps {
  project: number;
  a: string;
  b: string;
  /** The dataset of the later state. */
  of: Dataset | undefined;
  datasets: readonly Dataset[];
}

/** Let the new and changed files enter a dataset, for a template that watches it. */
export function Into({ project, a, b, of, datasets }: IntoProps) {
  const others = datasets.filter((one) => one.id !== of?.id && one.branch === of?.branch && one.query == null);
  const adding = useMutation({
    mutationFn: (into: Dataset) =>
      body(
        api.POST("/api/v1/projects/{project}/diff", {
          params: { path: { project } },
          body: { a, b, into: into.id },
        }),
      ),
    onSuccess: async (_, into) => {
      notifications.show({ message: words.compare.nowIn(into.name) });
      await queries.invalidateQueries({ queryKey: ["p", project, "datasets"] });
    },
  });
  return (
    <>
      <Fault error={adding.error} />
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button
            variant="default"
            disabled={others.length === 0}
            loading={adding.isPending}
            rightSection={<ChevronDown size={14} aria-hidden />}
          >
            {words.compare.into}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
          {others.map((one) => (
            <Menu.Item key={one.id} onClick={() => adding.mutate(one)}>
              <bdi>{one.name}</bdi>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
