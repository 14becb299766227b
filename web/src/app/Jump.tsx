import "@mantine/spotlight/styles.css";
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { statusQuery } from "../api/now";
import { sees, useMe, works } from "../api/session";
import { words } from "../words";
import { PAGES } from "./places";

/** Ctrl K: jump to a page, a dataset, a template or an action by name. */
export function Jump({ project }: { project: number | undefined }) {
  const me = useMe();
  const navigate = useNavigate();
  const place = me.projects.find((one) => one.id === project);
  const known = place !== undefined && sees(place.role);
  const { data: status } = useQuery({ ...statusQuery(project ?? 0), enabled: known });
  const go = (id: string, label: string, href: string): SpotlightActionData => ({
    id,
    label,
    onClick: () => void navigate({ href }),
  });
  const at = `/p/${project ?? 0}`;
  const groups: SpotlightActionGroupData[] = [
    {
      group: words.jump.pages,
      actions: [
        ...(place ? PAGES.filter((page) => page.shown(place.role)) : []).map((page) =>
          go(page.to, page.name, page.to.replace("$project", String(place?.id))),
        ),
        ...(me.projects.some((one) => works(one.role)) ? [go("tasks", words.rail.tasks, "/tasks")] : []),
        go("inbox", words.rail.inbox, "/inbox"),
      ],
    },
    {
      group: words.jump.datasets,
      actions: (status?.datasets ?? []).map((one) => go(`dataset ${one.id}`, one.name, `${at}/data/${one.id}`)),
    },
    {
      group: words.jump.actions,
      actions: (status?.actions ?? []).map((one) => go(`action ${one.id}`, one.name, `${at}/actions/${one.id}`)),
    },
    {
      group: words.jump.projects,
      actions: me.projects
        .filter((one) => one.id !== project)
        .map((one) => go(`project ${one.id}`, one.name, `/p/${one.id}/pipeline`)),
    },
  ];
  return (
    <Spotlight
      shortcut={null}
      highlightQuery
      limit={20}
      scrollable
      maxHeight={420}
      actions={groups.filter((group) => group.actions.length > 0)}
      nothingFound={words.jump.nothing}
      searchProps={{
        leftSection: <Search size={16} />,
        placeholder: words.jump.placeholder,
        "aria-label": words.jump.placeholder,
      }}
    />
  );
}
