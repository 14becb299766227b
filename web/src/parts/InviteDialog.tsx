import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import type { Role } from "../api/session";
import { words } from "../words";
import { Copy } from "./Copy";
import { Fault } from "./Fault";
import { Notice } from "./Notice";

const LOOPBACK = /^(localhost|127\.|\[::1\])/;

interface InviteDialogProps {
  project: number;
  opened: boolean;
  onClose: () => void;
}

/** Make a link by which people join; says when nobody but this machine could follow it. */
export function InviteDialog({ project, opened, onClose }: InviteDialogProps) {
  const [role, setRole] = useState<Role>("annotator");
  const { data: health } = useQuery({ queryKey: ["health"], queryFn: () => body(api.GET("/api/v1/health")) });
  const inviting = useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/projects/{project}/invites", { params: { path: { project } }, body: { role } })),
  });
  const base = (health?.public_url ?? window.location.origin).replace(/\/$/, "");
  const close = () => {
    inviting.reset();
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={words.invite.title}
      closeButtonProps={{ "aria-label": words.actions.close }}
    >
      <Stack>
        <Fault error={inviting.error} />
        {LOOPBACK.test(base.replace(/^https?:\/\//, "")) && (
          <Notice title={words.invite.loopback}>
            <Text>{words.invite.loopbackWhy}</Text>
            <code>penstock up --host 0.0.0.0</code>
          </Notice>
        )}
        {inviting.data?.secret == null ? (
          <>
            <Select
              label={words.invite.role}
              allowDeselect={false}
              value={role}
              onChange={(to) => setRole((to ?? "annotator") as Role)}
              data={words.invite.roles}
            />
            <Group justify="flex-end">
              <Button loading={inviting.isPending} onClick={() => inviting.mutate()}>
                {words.invite.make}
              </Button>
            </Group>
          </>
        ) : (
          <Copy label={words.invite.link} text={`${base}/join/${inviting.data.secret}`} />
        )}
      </Stack>
    </Modal>
  );
}
