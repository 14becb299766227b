import { Button, Group, Kbd, Modal, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { annotate as words } from "../words/annotate";
import { AT_ONCE, keys } from "./keyboard";
import { chord, isModifier, type Bound } from "./keys";
import { useSignal } from "./useSignal";

/** Every key, from the registry that binds them. A click on one binds it anew; what had the key is told first. */
export function KeySheet({ close }: { close: () => void }) {
  const all = useSignal(keys.bound);
  const [asking, setAsking] = useState<string | null>(null);
  const [taken, setTaken] = useState<{ id: string; pressed: string; by: Bound } | null>(null);
  useEffect(() => {
    if (asking === null) return undefined;
    const press = (event: KeyboardEvent): void => {
      if (isModifier(event)) return;
      event.preventDefault();
      event.stopPropagation();
      setAsking(null);
      if (event.key === "Escape" && asking !== "cancel") return;
      const pressed = chord(event);
      const [by] = keys.conflicts(pressed, asking);
      if (by) setTaken({ id: asking, pressed, by });
      else keys.bind(asking, pressed);
    };
    window.addEventListener("keydown", press, { capture: true });
    return () => window.removeEventListener("keydown", press, { capture: true });
  }, [asking]);
  const groups = [...new Set(all.map((one) => one.group))];
  return (
    <Modal
      opened
      onClose={close}
      transitionProps={AT_ONCE}
      closeButtonProps={{ "aria-label": words.desk.close }}
      title={words.keySheet.title}
      size="xl"
      closeOnEscape={asking === null}
    >
      <Group justify="space-between" mb="sm">
        <Text size="sm" c="dimmed">
          {words.keySheet.why}
        </Text>
        <Button size="compact-sm" variant="default" onClick={() => keys.reset()}>
          {words.keySheet.reset}
        </Button>
      </Group>
      {taken && (
        <Group mb="sm" role="alert">
          <Text size="sm">{words.keySheet.taken(taken.pressed, taken.by.title)}</Text>
          <Button
            size="compact-sm"
            onClick={() => {
              keys.bind(taken.id, taken.pressed);
              setTaken(null);
            }}
          >
            {words.keySheet.use}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => setTaken(null)}>
            {words.keySheet.keep}
          </Button>
        </Group>
      )}
      <div style={{ columns: "260px", columnGap: 32 }}>
        {groups.map((group) => (
          <section key={group} style={{ breakInside: "avoid-column", marginBottom: 16 }}>
            <h3 style={{ margin: "0 0 4px" }}>{group}</h3>
            {all
              .filter((one) => one.group === group)
              .map((one) => (
                <Group key={one.id} justify="space-between" wrap="nowrap" gap="sm" style={{ minHeight: 28 }}>
                  <Text size="sm">{one.title}</Text>
                  <button
                    type="button"
                    style={{ border: 0, background: "none", cursor: "pointer", whiteSpace: "nowrap" }}
                    title={one.title}
                    onClick={() => setAsking(one.id)}
                  >
                    {asking === one.id ? (
                      <Text size="sm" c="var(--accent)">
                        {words.keySheet.press}
                      </Text>
                    ) : (
                      one.keys.map((key) => (
                        <Kbd key={key} ml={4}>
                          {printed(key)}
                        </Kbd>
                      ))
                    )}
                    {one.keys.length === 0 && asking !== one.id && (
                      <Text size="sm" c="dimmed">
                        {words.keySheet.none}
                      </Text>
                    )}
                  </button>
                </Group>
              ))}
          </section>
        ))}
      </div>
    </Modal>
  );
}

const SIGNS: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

/** A chord as keyboards print it. */
const printed = (key: string): string =>
  key
    .split(/\+(?=.)/)
    .map((part) => SIGNS[part] ?? part)
    .join(" ");
