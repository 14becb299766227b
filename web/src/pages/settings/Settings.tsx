import { Tabs } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Suspense } from "react";
import { useHere } from "../../api/here";
import { Loading } from "../../parts/Loading";
import { Page } from "../../parts/Page";
import { settings as words } from "../../words/settings";
import { Members } from "../people/Members";
import { Teams } from "../people/Teams";
import { Account } from "./Account";
import { Connections } from "./Connections";
import { ProjectForm } from "./ProjectForm";
import { Tokens } from "./Tokens";

const TABS = {
  members: Members,
  teams: Teams,
  connections: Connections,
  tokens: Tokens,
  project: ProjectForm,
  you: Account,
} as const;
type Tab = keyof typeof TABS;

/** People, connections, tokens, the project and oneself. Each tab is an address of its own. */
export function Settings() {
  const { project } = useHere();
  const { tab = "members" } = useParams({ strict: false });
  const navigate = useNavigate();
  const now: Tab = tab in TABS ? (tab as Tab) : "members";
  const Shown = TABS[now];
  return (
    <Page title={words.title} name={words.tabs[now]}>
      <Tabs
        value={now}
        keepMounted={false}
        px="xl"
        pt="sm"
        pb="xl"
        onChange={(to) => void navigate({ to: "/p/$project/settings/$tab", params: { project, tab: to ?? "members" } })}
      >
        <Tabs.List mb="lg">
          {Object.entries(words.tabs).map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={now}>
          <Suspense fallback={<Loading />}>
            <Shown />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
