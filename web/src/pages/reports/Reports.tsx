import { Tabs } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import { useHere } from "../../api/here";
import { Loading } from "../../parts/Loading";
import { Page } from "../../parts/Page";
import { reports as words } from "../../words/reports";
import { Labels } from "./Labels";
import { People } from "./People";
import { Quality } from "./Quality";
import { lastDays, type Per, type Scope } from "./queries";

export interface Chosen {
  scope: Scope;
  per: Per;
}

export interface ReportProps {
  chosen: Chosen;
  choose: (to: Chosen) => void;
}

const TABS = { people: People, quality: Quality, labels: Labels } as const;
type Tab = keyof typeof TABS;

/** Figures of the work. Each tab is an address of its own; the period stays from one to the other. */
export function Reports() {
  const { project } = useHere();
  const { report = "people" } = useParams({ strict: false });
  const navigate = useNavigate();
  const [chosen, choose] = useState<Chosen>({ scope: lastDays(30), per: "day" });
  const now: Tab = report in TABS ? (report as Tab) : "people";
  const Shown = TABS[now];
  return (
    <Page title={words.title} name={`${words.title}: ${words.tabs[now]}`}>
      <Tabs
        value={now}
        keepMounted={false}
        px="xl"
        pt="sm"
        pb="xl"
        onChange={(to) =>
          void navigate({ to: "/p/$project/reports/$report", params: { project, report: to ?? "people" } })
        }
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
            <Shown chosen={chosen} choose={choose} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
