import { Button, Group, Modal, NativeSelect, Stack, Text, Textarea } from "@mantine/core";
import { X } from "lucide-react";
import { useState } from "react";
import type { Remark, Sheet } from "../annotate/sheet";
import { useSignal } from "../annotate/useSignal";
import { AT_ONCE } from "../annotate/keyboard";
import { annotate as words } from "../words/annotate";

interface ReturningProps {
  sheet: Sheet;
  close: () => void;
  sendBack: (notes: readonly Remark[]) => void;
}

/** Why a task goes back: comments, each about the image or pinned to the shapes that were selected. */
export function Returning({ sheet, close, sendBack }: ReturningProps) {
  const { remarks, text } = useSignal(sheet.returning);
  const say = (more: { remarks?: readonly Remark[]; text?: string }): void =>
    sheet.returning.update((old) => ({ ...old, ...more }));
  const [pin, setPin] = useState(() => sheet.scene.sole?.id ?? null);
  const shapes = sheet.annotations.filter((one) => one.kind !== "tag");
  const nameOf = (id: string): string => {
    const of = sheet.document.get(id);
    return of ? sheet.style(of).name : "";
  };
  const all = text.trim() === "" ? remarks : [...remarks, { text: text.trim(), annotation: pin }];
  const add = (): void => {
    say({ remarks: all, text: "" });
    setPin(null);
  };
  return (
    <Modal
      opened
      onClose={close}
      transitionProps={AT_ONCE}
      closeButtonProps={{ "aria-label": words.desk.close }}
      title={words.returning.title}
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {words.returning.why}
        </Text>
        {remarks.map((one, at) => (
          <Group key={at} wrap="nowrap" justify="space-between">
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {one.text}{" "}
              <span className="muted">
                {one.annotation ? words.returning.pinned(nameOf(one.annotation)) : words.returning.whole}
              </span>
            </Text>
            <Button
              size="compact-xs"
              variant="subtle"
              aria-label={`${words.returning.add} ${at + 1}`}
              onClick={() => say({ remarks: remarks.filter((_, i) => i !== at) })}
            >
              <X size={14} aria-hidden />
            </Button>
          </Group>
        ))}
        <Textarea
          data-autofocus
          autosize
          minRows={2}
          maxLength={10_000}
          aria-label={words.comments.add}
          description={pin ? words.returning.pinned(nameOf(pin)) : words.returning.whole}
          value={text}
          onChange={(event) => say({ text: event.currentTarget.value })}
        />
        <Group gap="xs">
          {shapes.length > 0 && (
            <NativeSelect
              size="xs"
              aria-label={words.comments.pinned}
              value={pin ?? ""}
              onChange={(event) => setPin(event.currentTarget.value || null)}
              style={{ maxWidth: 220 }}
              data={[
                { value: "", label: words.returning.whole },
                ...shapes.map((one, at) => ({ value: one.id, label: `${at + 1}. ${nameOf(one.id)}` })),
              ]}
            />
          )}
          <Button variant="default" size="compact-sm" disabled={text.trim() === ""} onClick={add}>
            {words.returning.add}
          </Button>
        </Group>
        <Group justify="flex-end">
          <Button
            disabled={all.length === 0}
            onClick={() => {
              close();
              sendBack(all);
            }}
          >
            {words.returning.do}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
