import { ActionIcon, Menu, NumberInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { api, body } from "../../api/client";
import { useHere } from "../../api/here";
import { Refused } from "../../api/problem";
import { queries } from "../../api/queries";
import { FormModal } from "../../parts/FormDialog";
import { words as all } from "../../words";
import { queue as words } from "../../words/queue";
import type { QueuedTask } from "./queries";

const CLOSED = ["done", "skipped", "cancelled"];
const REQUEUED = ["skipped", "cancelled", "returned"];

/** What whoever looks after a queue may do about one of its tasks. */
export function TaskMenu({ task }: { task: QueuedTask }) {
  const { project } = useHere();
  const [asking, setAsking] = useState<"priority" | "cancel" | null>(null);
  const [priority, setPriority] = useState(task.priority);
  const path = { params: { path: { project, task: task.id } } };
  const changed = async () => {
    setAsking(null);
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["p", project, "queue"] }),
      queries.invalidateQueries({ queryKey: ["p", project, "status"] }),
    ]);
  };
  const at = { onSuccess: changed };
  const told = {
    onError: (error: unknown) =>
      notifications.show({ color: "red", message: error instanceof Refused ? error.message : all.fault.unreached }),
  };
  const takingBack = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/tasks/{task}/release", path)),
    onSuccess: async () => {
      await changed();
      notifications.show({ message: words.takenBack });
    },
    ...told,
  });
  const reopening = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/tasks/{task}/reopen", path)),
    ...at,
    ...told,
  });
  const prioritising = useMutation({
    mutationFn: () => body(api.PATCH("/api/v1/projects/{project}/tasks/{task}", { ...path, body: { priority } })),
    ...at,
  });
  const cancelling = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/tasks/{task}/cancel", path)),
    ...at,
  });
  const isOpen = !CLOSED.includes(task.status);
  const isHeld = task.holder_name != null && task.status !== "returned";
  if (task.status === "done") return null;
  return (
    <>
      <Menu position="bottom-end" width={220} withinPortal>
        <Menu.Target>
          <ActionIcon size={24} variant="subtle" aria-label={words.about(task.key)}>
            <Ellipsis size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {isHeld && <Menu.Item onClick={() => takingBack.mutate()}>{words.takeBack}</Menu.Item>}
          {REQUEUED.includes(task.status) && <Menu.Item onClick={() => reopening.mutate()}>{words.reopen}</Menu.Item>}
          {isOpen && <Menu.Item onClick={() => setAsking("priority")}>{words.setPriority}</Menu.Item>}
          {isOpen && (
            <Menu.Item c="var(--fail)" onClick={() => setAsking("cancel")}>
              {words.cancel}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <FormModal
        title={words.setPriority}
        why={words.setPriorityWhy}
        send={words.set}
        saving={prioritising}
        opened={asking === "priority"}
        onClose={() => setAsking(null)}
        onSend={() => prioritising.mutate()}
      >
        <NumberInput
          label={words.priority}
          data-autofocus
          min={-1_000_000}
          max={1_000_000}
          allowDecimal={false}
          value={priority}
          onChange={(to) => setPriority(Number(to) || 0)}
        />
      </FormModal>
      <FormModal
        title={words.cancel}
        why={words.cancelWhy}
        send={words.cancel}
        saving={cancelling}
        opened={asking === "cancel"}
        onClose={() => setAsking(null)}
        onSend={() => cancelling.mutate()}
      >
        <bdi style={{ overflowWrap: "anywhere" }}>{task.key}</bdi>
      </FormModal>
    </>
  );
}
