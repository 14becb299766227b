import { Button } from "@mantine/core";
import { Link, Outlet } from "@tanstack/react-router";
import { useHere } from "../api/here";
import { sees, useMe } from "../api/session";
import { Empty } from "../parts/Empty";
import { Page } from "../parts/Page";
import { words } from "../words";

/** A project's pages, for those who may look into it; others are shown where their work is. */
export function Room() {
  const { project, name, role } = useHere();
  const isMember = useMe().projects.some((one) => one.id === project);
  if (!isMember || sees(role)) return <Outlet />;
  return (
    <Page title={<bdi>{name}</bdi>} name={name}>
      <Empty
        title={words.fault.notYours}
        action={<Button renderRoot={(props) => <Link {...props} to="/tasks" />}>{words.rail.tasks}</Button>}
      >
        {words.fault.notYoursWhy}
      </Empty>
    </Page>
  );
}
