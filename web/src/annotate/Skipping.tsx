import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { AT_ONCE } from "./keyboard";
import { annotate as words } from "../words/annotate";

/** Why an image is put aside: one of the usual reasons, or one's own. */
export function Skipping({ close, skip }: { close: () => void; skip: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  const end = (why: string): void => {
    close();
    skip(why);
  };
  return (
    <Modal
      opened
      onClose={close}
      transitionProps={AT_ONCE}
      closeButtonProps={{ "aria-label": words.desk.close }}
      title={words.skip.title}
      size="sm"
    >
      <Stack gap="xs">
        {words.skip.reasons.map((one, at) => (
          <Button
            key={one}
            variant="default"
            justify="flex-start"
            data-autofocus={at === 0 || undefined}
            onClick={() => end(one)}
          >
            {one}
          </Button>
        ))}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (reason.trim() !== "") end(reason.trim());
          }}
        >
          <Group align="flex-end" gap="sm" wrap="nowrap">
            <TextInput
              flex={1}
              size="xs"
              label={words.skip.other}
              maxLength={2000}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <Button type="submit" disabled={reason.trim() === ""}>
              {words.skip.do}
            </Button>
          </Group>
        </form>
      </Stack>
    </Modal>
  );
}
