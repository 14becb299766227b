import { ActionIcon, Menu } from "@mantine/core";
import { Ellipsis } from "lucide-react";
import { words } from "../../../words";
import type { Thing } from "../graph";
import { Additions, type Building, sectionOf } from "./AddMenu";

interface NodeMenuProps {
  thing: Thing;
  building: Building;
  /** Offer here also what may come next. */
  adds?: boolean;
  className?: string | undefined;
}

/** What may be done with a node in the draft. */
export function NodeMenu({ thing, building, adds = false, className }: NodeMenuProps) {
  const { name } = thing.value;
  const section = sectionOf(thing);
  return (
    <Menu position="bottom-end" width={260} withinPortal>
      <Menu.Target>
        <ActionIcon
          size={adds ? 24 : 30}
          variant="subtle"
          className={className ?? ""}
          aria-label={words.building.with(name)}
        >
          <Ellipsis size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {adds && <Additions thing={thing} building={building} />}
        {section !== "datasets" && (
          <Menu.Item onClick={() => building.change({ section, name })}>{words.building.change}</Menu.Item>
        )}
        {building.isRemoved(section, name) ? (
          <Menu.Item onClick={() => building.spare(section, name)}>{words.building.spare}</Menu.Item>
        ) : (
          <Menu.Item c="var(--fail)" onClick={() => building.remove(section, name)}>
            {words.building.remove}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
