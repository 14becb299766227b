import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { ImageUp } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { words } from "../../words";
import { type Found, fromDrop, fromInput } from "./collect";
import classes from "./Import.module.css";
import { sampleDigits } from "./samples";

/** Where files are dropped or chosen. */
export function Drop({ onFound, samples }: { onFound: (found: Found[], samples: boolean) => void; samples: boolean }) {
  const [over, setOver] = useState(false);
  const [drawing, setDrawing] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void fromDrop(event.dataTransfer.items).then((found) => onFound(found, false));
  };
  const drag = (event: DragEvent) => {
    event.preventDefault();
    setOver(event.type === "dragover");
  };
  const input = (ref: typeof files, name: string, more: object) => (
    <input
      ref={ref}
      type="file"
      hidden
      multiple
      aria-label={name}
      onChange={(event) => {
        onFound(fromInput(event.currentTarget.files), false);
        event.currentTarget.value = "";
      }}
      {...more}
    />
  );
  return (
    <section
      className={classes["drop"]}
      data-over={over || undefined}
      onDrop={drop}
      onDragOver={drag}
      onDragLeave={drag}
    >
      <Stack align="center" gap="sm">
        <ImageUp size={32} strokeWidth={1.5} aria-hidden className="muted" />
        <Title order={2}>{words.importing.drop}</Title>
        <Text c="dimmed" ta="center">
          {words.importing.dropWhy}
        </Text>
        <Group mt="sm" justify="center">
          <Button onClick={() => files.current?.click()}>{words.importing.files}</Button>
          <Button variant="default" onClick={() => folder.current?.click()}>
            {words.importing.folder}
          </Button>
          {samples && (
            <Button
              variant="default"
              title={words.importing.samplesWhy}
              loading={drawing}
              onClick={() => {
                setDrawing(true);
                void sampleDigits()
                  .then((found) => onFound(found, true))
                  .finally(() => setDrawing(false));
              }}
            >
              {words.importing.samples}
            </Button>
          )}
        </Group>
      </Stack>
      {input(files, words.importing.files, { accept: "image/*,.zip,.tar,.tgz,.gz,.json,.jsonl,.xml,.csv,.txt" })}
      {input(folder, words.importing.folder, { webkitdirectory: "" })}
    </section>
  );
}
