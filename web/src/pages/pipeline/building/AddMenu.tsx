import { ActionIcon, Menu } from "@mantine/core";
import { Plus } from "lucide-react";
import { words } from "../../../words";
import classes from "../Pipeline.module.css";
import type { Thing } from "../graph";
import type { Changed } from "./ChangeForm";
import type { Section } from "./steps";

/** How the pipeline is changed, for those who may. */
export interface Building {
  addTemplate: (dataset: string) => void;
  addRoute: (template: string) => void;
  addAction: (template: string) => void;
  change: (thing: Changed) => void;
  remove: (section: Section, name: string) => void;
  spare: (section: Section, name: string) => void;
  /** Whether the draft removes it. */
  isRemoved: (section: Section, name: string) => boolean;
  /** Take away the edge between a template and a dataset. */
  cut: (template: string, dataset: string, which: "watch" | "to") => void;
}

export const sectionOf = ({ kind }: Thing): Section => `${kind}s`;

/** The + on a node's right edge: what may come next, and nothing else. */
export function AddMenu({ thing, building }: { thing: Thing; building: Building }) {
  if (thing.kind === "action") return null;
  return (
    <Menu position="bottom-start" width={260} withinPortal>
      <Menu.Target>
        <ActionIcon
          size={30}
          radius="xl"
          variant="default"
          className={`${classes["plus"] ?? ""} nopan`}
          aria-label={words.building.after(thing.value.name)}
        >
          <Plus size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Additions thing={thing} building={building} />
      </Menu.Dropdown>
    </Menu>
  );
}

export function Additions({ thing, building }: { thing: Thing; building: Building }) {
  const { name } = thing.value;
  switch (thing.kind) {
    case "dataset":
      return <Menu.Item onClick={() => building.addTemplate(name)}>{words.building.addTemplate}</Menu.Item>;
    case "template":
      return (
        <>
          <Menu.Item onClick={() => building.addRoute(name)}>{words.building.addRoute}</Menu.Item>
          <Menu.Item onClick={() => building.addAction(name)}>{words.building.addAction}</Menu.Item>
        </>
      );
    case "action":
      return null;
  }
}
