import { Button, Group, Text, Textarea } from "@mantine/core";
import { MapPin } from "lucide-react";
import type { Engine } from "../canvas/engine";
import { annotate as words } from "../words/annotate";
import type { Desk } from "./desk";
import classes from "./Screen.module.css";
import type { Sheet } from "./sheet";
import { useSignal } from "./useSignal";

const when = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** What was said about the task: pinned to shapes or about the whole image. */
export function Comments({ desk, sheet, engine }: { desk: Desk; sheet: Sheet; engine: Engine | null }) {
  const notes = useSignal(sheet.notes);
  useSignal(sheet.document.state);
  const remarks = useSignal(sheet.remarks);
  const text = useSignal(sheet.remark);
  useSignal(sheet.scene.selection);
  const { sole } = sheet.scene;
  const pins = pinned(sheet);
  const send = (): void => {
    if (text.trim() === "") return;
    desk.saving.say(sheet, text, sole?.id ?? null);
    sheet.remark.set("");
  };
  return (
    <div className={classes["scroll"]}>
      {notes.length + remarks.length === 0 && <p className="muted">{words.comments.none}</p>}
      {notes.map((note) => {
        const shape = note.annotation == null ? undefined : sheet.document.get(note.annotation);
        const pin = pins.findIndex((one) => one.note === note.id);
        return (
          <div key={note.id} style={{ marginBottom: 12 }}>
            <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              {pin >= 0 && <strong>{pin + 1}. </strong>}
              <bdi>{note.text}</bdi>
            </Text>
            <Group gap="sm">
              <Text size="xs" c="dimmed">
                {when.format(new Date(note.at))}
              </Text>
              {shape && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  leftSection={<MapPin size={12} aria-hidden />}
                  onClick={() => {
                    sheet.scene.select(shape.id);
                    engine?.reveal(shape);
                  }}
                >
                  {words.comments.goTo}
                </Button>
              )}
              {note.annotation != null && !shape && (
                <Text size="xs" c="dimmed">
                  {words.comments.gone}
                </Text>
              )}
            </Group>
          </div>
        );
      })}
      {remarks.map((one) => (
        <Text key={one.id} size="sm" c="dimmed" mb="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          <bdi>{one.text}</bdi> ({words.comments.waits})
        </Text>
      ))}
      <Textarea
        size="xs"
        autosize
        minRows={2}
        maxLength={10_000}
        aria-label={words.comments.add}
        placeholder={words.comments.placeholder}
        description={sole ? words.comments.pinned : undefined}
        value={text}
        onChange={(event) => sheet.remark.set(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
        }}
        data-comment
      />
      <Group justify="flex-end" mt="xs">
        <Button size="compact-sm" variant="default" disabled={text.trim() === ""} onClick={send}>
          {words.comments.add}
        </Button>
      </Group>
    </div>
  );
}

/** The comments that are pinned to shapes that are there, in order. */
export function pinned(sheet: Sheet): { note: number; annotation: string }[] {
  return sheet.notes.get().flatMap((note) => {
    const id = note.annotation;
    return id != null && sheet.document.get(id) ? [{ note: note.id, annotation: id }] : [];
  });
}
