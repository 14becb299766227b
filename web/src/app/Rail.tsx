import { Menu, Tooltip, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { Link, useLocation } from "@tanstack/react-router";
import {
  Check,
  ChevronsUpDown,
  CircleUser,
  Folder,
  Inbox as InboxIcon,
  PanelLeftClose,
  PanelLeftOpen,
  Plus,
  Search,
  SquarePen,
} from "lucide-react";
import { signOut, useMe, works } from "../api/session";
import { words } from "../words";
import classes from "./Frame.module.css";
import { PAGES } from "./places";

const SCHEMES = ["auto", "light", "dark"] as const;
const ICON = 18;

interface RailProps {
  project: number | undefined;
  folded: boolean;
  fold: (to: boolean) => void;
}

/** Where one can go: the project, its pages, and oneself below. */
export function Rail({ project, folded, fold }: RailProps) {
  const me = useMe();
  const unread = me.unread ?? 0;
  const place = me.projects.find((one) => one.id === project);
  const room = useLocation({ select: ({ pathname }) => pathname.split("/")[3] ?? "" });
  const tip = (label: string) => ({ label, position: "right" as const, disabled: !folded });
  return (
    <nav className={classes["rail"]} data-folded={folded || undefined} aria-label={words.rail.label}>
      <Projects project={project} />
      {place !== undefined &&
        PAGES.filter((page) => page.jumpOnly !== true && page.shown(place.role)).map((page) => (
          <Tooltip key={page.to} {...tip(page.name)}>
            <Link
              to={page.to}
              params={{ project: place.id }}
              className={classes["item"]}
              aria-label={page.name}
              {...(page.holds?.includes(room) === true ? { "data-status": "active" } : {})}
            >
              <page.icon size={ICON} aria-hidden />
              <span>{page.name}</span>
            </Link>
          </Tooltip>
        ))}
      <div className={classes["space"]} />
      {me.projects.some((one) => works(one.role)) && (
        <Tooltip {...tip(words.rail.tasks)}>
          <Link to="/tasks" className={classes["item"]} aria-label={words.rail.tasks}>
            <SquarePen size={ICON} aria-hidden />
            <span>{words.rail.tasks}</span>
          </Link>
        </Tooltip>
      )}
      <Tooltip {...tip(words.rail.inbox)}>
        <Link
          to="/inbox"
          className={classes["item"]}
          aria-label={folded ? words.rail.inbox : undefined}
          title={unread > 0 ? words.rail.unread(unread) : undefined}
        >
          <InboxIcon size={ICON} aria-hidden />
          <span>{words.rail.inbox}</span>
          {unread > 0 && <b className={classes["badge"]}>{unread}</b>}
        </Link>
      </Tooltip>
      <Tooltip {...tip(words.rail.jump)}>
        <UnstyledButton
          className={classes["item"]}
          onClick={() => spotlight.open()}
          aria-label={folded ? words.rail.jump : undefined}
        >
          <Search size={ICON} aria-hidden />
          <span>{words.rail.jump}</span>
          <kbd>Ctrl K</kbd>
        </UnstyledButton>
      </Tooltip>
      <Person />
      <Tooltip {...tip(words.rail.unfold)}>
        <UnstyledButton
          className={classes["item"]}
          onClick={() => fold(!folded)}
          aria-label={folded ? words.rail.unfold : words.rail.fold}
        >
          {folded ? <PanelLeftOpen size={ICON} aria-hidden /> : <PanelLeftClose size={ICON} aria-hidden />}
          <span>{words.rail.fold}</span>
        </UnstyledButton>
      </Tooltip>
    </nav>
  );
}

function Projects({ project }: { project: number | undefined }) {
  const me = useMe();
  const name = me.projects.find((one) => one.id === project)?.name ?? words.rail.projects;
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <UnstyledButton
          className={`${classes["item"] ?? ""} ${classes["project"] ?? ""}`}
          aria-label={`${words.rail.switchProject}: ${name}`}
          title={name}
        >
          <Folder size={ICON} aria-hidden />
          <span>{name}</span>
          <ChevronsUpDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{words.rail.projects}</Menu.Label>
        {me.projects.map((one) => (
          <Menu.Item
            key={one.id}
            component="a"
            href={`/p/${one.id}/pipeline`}
            rightSection={one.id === project ? <Check size={14} /> : undefined}
          >
            {one.name}
          </Menu.Item>
        ))}
        {me.owner && (
          <>
            <Menu.Divider />
            <Menu.Item component="a" href="/start" leftSection={<Plus size={14} />}>
              {words.rail.newProject}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function Person() {
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="right-end" width={220}>
      <Menu.Target>
        <UnstyledButton className={classes["item"]} aria-label={`${words.rail.you}: ${me.person.name}`}>
          <CircleUser size={ICON} aria-hidden />
          <span>{me.person.name}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.person.email ?? me.person.name}</Menu.Label>
        <Menu.Label>{words.scheme.label}</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Menu.Item
            key={scheme}
            onClick={() => setColorScheme(scheme)}
            rightSection={colorScheme === scheme ? <Check size={14} /> : undefined}
          >
            {words.scheme[scheme]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item renderRoot={(props) => <Link {...props} to="/you" />}>{words.rail.account}</Menu.Item>
        <Menu.Item onClick={() => void signOut()}>{words.signIn.out}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
