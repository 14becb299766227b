import { Modal, Stack, Text } from "@mantine/core";
import { Copy } from "../../../parts/Copy";
import { words } from "../../../words";
import type { Draft } from "./useDraft";

/** What applying showed once: links for those who were invited, secrets of receivers that were made. */
export function Invited({ draft }: { draft: Draft }) {
  const links = Object.entries(draft.applying.data?.links ?? {});
  const secrets = Object.entries(draft.applying.data?.secrets ?? {});
  return (
    <Modal
      opened={links.length + secrets.length > 0}
      onClose={() => draft.applying.reset()}
      title={words.building.invited}
      size="lg"
      closeButtonProps={{ "aria-label": words.actions.close }}
    >
      <Stack>
        <Text c="dimmed">{words.building.invitedWhy}</Text>
        {[...links, ...secrets].map(([name, secret]) => (
          <Copy key={name} label={name} text={secret.startsWith("/") ? `${window.location.origin}${secret}` : secret} />
        ))}
      </Stack>
    </Modal>
  );
}
