/** The next tasks: reserved, and fetched before they are wanted. Without the server work goes on in them. */

import type { Pictures, Wanted } from "./pictures";
import * as calls from "./work";
import type { Role, Work } from "./work";

const MOST = 3;

export class Ahead {
  private works: Work[] = [];
  private readonly reserved = new Set<Role>();

  constructor(
    private readonly project: number,
    private readonly template: number,
    private readonly pictures: Pictures,
  ) {}

  /** Reserve the next tasks, to work on or to review, and fetch all that is shown of them, but of those begun. */
  async fetch(role: Role, isBegun: (task: number) => boolean): Promise<void> {
    const tasks = await calls.reserve(this.project, this.template, role, MOST).catch(() => null);
    if (tasks === null) return; // what was fetched before is all there is now
    this.reserved.add(role);
    const known = new Map(this.works.filter((work) => work.attempt.role === role).map((work) => [work.task.id, work]));
    const works: Work[] = [];
    for (const { id } of tasks.filter((one) => !isBegun(one.id))) {
      const work = known.get(id) ?? (await calls.workAhead(this.project, id, role).catch(() => null));
      if (!work?.file.width || !work.file.height) continue;
      works.push(work);
      await this.pictures.get(this.wanted(work)).catch(() => undefined);
      await calls.schemaAt(this.project, work.schema_version).catch(() => undefined);
    }
    this.works = works.filter((work) => !isBegun(work.task.id));
  }

  /** The next one whose image is here. */
  take(role: Role): Work | undefined {
    const at = this.works.findIndex((work) => work.attempt.role === role && this.pictures.ready(this.wanted(work)));
    return at < 0 ? undefined : this.works.splice(at, 1)[0];
  }

  /** It was claimed, or what is shown of tasks has changed: fetch anew. */
  forget(task?: number): void {
    this.works = this.works.filter((work) => task !== undefined && work.task.id !== task);
  }

  /** Give up what is reserved. */
  leave(): void {
    for (const role of this.reserved) calls.reserve(this.project, this.template, role, 0).catch(() => undefined);
  }

  private wanted({ file }: Work): Wanted {
    return { project: this.project, file: file.id, width: file.width, height: file.height };
  }
}
