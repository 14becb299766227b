import { ActionIcon, Button, Group, Popover, Slider, Stack, Text } from "@mantine/core";
import { Crosshair, Maximize, SunMedium, ZoomIn, ZoomOut } from "lucide-react";
import type { Engine } from "../canvas/engine";
import type { Point } from "../canvas/shapes";
import type { View } from "../canvas/view";
import { annotate as words } from "../words/annotate";
import type { Desk } from "./desk";
import { keys } from "./keyboard";
import classes from "./Screen.module.css";
import { Told } from "./Told";
import { useSignal } from "./useSignal";
import { PLAIN } from "./tools";

interface FootProps {
  desk: Desk;
  engine: Engine;
  settings: boolean;
  openSettings: (open: boolean) => void;
}

const percent = ({ scale }: View): string => `${Math.round(scale * 100)} %`;
const place = (at: Point | null): string => (at ? `${at.x.toFixed(0)}, ${at.y.toFixed(0)}` : "");

/** Zoom, where the pointer is, and one hint for the tool. */
export function Foot({ desk, engine, settings, openSettings }: FootProps) {
  const hint = useSignal(engine.hint);
  const prefs = useSignal(desk.prefs);
  return (
    <footer className={classes["foot"]}>
      <Small label={words.desk.zoom + " -"} onClick={() => keys.run("zoom-out")} icon={<ZoomOut size={14} />} />
      <Told signal={engine.view} text={percent} style={{ minWidth: 40, textAlign: "right" }} />
      <Small label={words.desk.zoom + " +"} onClick={() => keys.run("zoom-in")} icon={<ZoomIn size={14} />} />
      <Small label={keys.title("fit")} onClick={() => keys.run("fit")} icon={<Maximize size={14} />} />
      <Popover opened={settings} onChange={openSettings} position="top-start" trapFocus>
        <Popover.Target>
          <ActionIcon
            size={24}
            variant="subtle"
            color="gray"
            aria-label={words.desk.imageSettings}
            title={words.desk.imageSettings}
            onClick={() => openSettings(!settings)}
          >
            <SunMedium size={14} />
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown>
          <ImageSettings desk={desk} />
        </Popover.Dropdown>
      </Popover>
      <Small
        label={words.desk.crosshair}
        pressed={prefs.crosshair}
        onClick={() => keys.run("crosshair")}
        icon={<Crosshair size={14} />}
      />
      <Told signal={engine.cursor} text={place} className={classes["at"]} />
      <span className={classes["hint"]}>{hint}</span>
    </footer>
  );
}

interface SmallProps {
  label: string;
  icon: React.ReactNode;
  pressed?: boolean;
  onClick: () => void;
}

function Small({ label, icon, pressed, onClick }: SmallProps) {
  return (
    <ActionIcon
      size={24}
      variant={pressed ? "light" : "subtle"}
      color={pressed ? "accent" : "gray"}
      aria-label={label}
      aria-pressed={pressed}
      title={label}
      onClick={onClick}
    >
      {icon}
    </ActionIcon>
  );
}

function ImageSettings({ desk }: { desk: Desk }) {
  const prefs = useSignal(desk.prefs);
  const parts = [
    ["brightness", words.desk.brightness, 0.2, 3],
    ["contrast", words.desk.contrast, 0.2, 3],
    ["gamma", words.desk.gamma, 0.2, 3],
    ["radius", words.desk.brushSize, 0.5, 200],
  ] as const;
  return (
    <Stack gap="xs" w={240}>
      {parts.map(([name, label, min, max]) => (
        <div key={name}>
          <Group justify="space-between">
            <Text size="sm">{label}</Text>
            <Text size="sm" c="dimmed">
              {Math.round(prefs[name] * 100) / 100}
            </Text>
          </Group>
          <Slider
            size="sm"
            min={min}
            max={max}
            step={name === "radius" ? 0.5 : 0.05}
            label={null}
            thumbLabel={label}
            value={prefs[name]}
            onChange={(value) => desk.set({ [name]: value })}
          />
        </div>
      ))}
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => desk.set({ brightness: PLAIN.brightness, contrast: PLAIN.contrast, gamma: PLAIN.gamma })}
      >
        {words.desk.reset}
      </Button>
    </Stack>
  );
}
