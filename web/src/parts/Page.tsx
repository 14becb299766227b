import { Group, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { words } from "../words";
import classes from "./Page.module.css";

interface PageProps {
  title: ReactNode;
  /** What the browser's tab says, when the title is more than text. */
  name?: string;
  /** What one can do here, at the right of the title. */
  actions?: ReactNode;
  /** Fill the window's height in place of growing with the content. */
  fill?: boolean;
  children: ReactNode;
}

/** A page's title, its actions, and what is on it. */
export function Page({ title, name, actions, fill = false, children }: PageProps) {
  const tab = name ?? (typeof title === "string" ? title : "");
  useEffect(() => {
    document.title = tab === "" ? words.product : `${tab} - ${words.product}`;
  }, [tab]);
  return (
    <div className={classes["page"]} data-fill={fill || undefined}>
      <Group component="header" className={classes["head"]} justify="space-between" gap="lg" wrap="nowrap">
        <Title order={1} className={classes["title"]}>
          {title}
        </Title>
        <Group gap="sm" wrap="nowrap">
          {actions}
        </Group>
      </Group>
      {children}
    </div>
  );
}
