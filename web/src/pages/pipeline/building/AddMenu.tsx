import { ActionIcon, Menu } from "@mantine/core";
import { Plus } from "lucide-react";
import { words } from "../../../words";
import classes from "../Pipeline.module.css";
import type { Thing } from "../graph";

export interface Building {
  addTemplate: (dataset: string) => void;
  addRoute: (template: string) => void;
  addAction: (template: string) => void;
}

/** The + on a node's right edge: what may come next, and nothing else. */
export function AddMenu({ thing, building }: { thing: Thing; building: Building }) {
  if (thing.kind === "action") return null;
  const { name } = thing.value;
  return (
    <Menu position="bottom-start" width={260} withinPortal>
      <Menu.Target>
        <ActionIcon
          size={24}
          radius="xl"
          variant="default"
          className={`${classes["plus"] ?? ""} nopan`}
          aria-label={words.building.after(name)}
        >
          <Plus size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {thing.kind === "dataset" ? (
          <Menu.Item onClick={() => building.addTemplate(name)}>{words.building.addTemplate}</Menu.Item>
        ) : (
          <>
            <Menu.Item onClick={() => building.addRoute(name)}>{words.building.addRoute}</Menu.Item>
            <Menu.Item onClick={() => building.addAction(name)}>{words.building.addAction}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
