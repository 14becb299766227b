/**
 * A shelf in IndexedDB, shared by all tabs of this browser. One tab at a time sends: a row says which and until when,
 * since `navigator.locks` is missing on plain http. A tab that went to sleep with the lease only sends what another has
 * sent already, which the server knows by its id.
 */

import type { Problem } from "../../api/problem";
import type { Entry, Kept, Shelf } from "./entry";

const NAME = "penstock-outbox";
const ENTRIES = "entries";
const LEASES = "leases";

interface Lease {
  person: number;
  tab: string;
  until: number;
}

export class IndexedShelf implements Shelf {
  readonly lasts = true;

  private constructor(private readonly db: IDBDatabase) {}

  /** Rejects where the browser has no IndexedDB, or won't open it: some do so in private windows. */
  static open(factory: IDBFactory = indexedDB): Promise<IndexedShelf> {
    return new Promise((resolve, reject) => {
      const asked = factory.open(NAME, 1);
      asked.onupgradeneeded = () => {
        const entries = asked.result.createObjectStore(ENTRIES, { keyPath: "n", autoIncrement: true });
        entries.createIndex("person", "person");
        asked.result.createObjectStore(LEASES, { keyPath: "person" });
      };
      asked.onsuccess = () => {
        const db = asked.result;
        db.onversionchange = () => db.close();
        resolve(new IndexedShelf(db));
      };
      asked.onerror = () => reject(asked.error ?? new Error("IndexedDB can't be opened"));
      asked.onblocked = () => reject(new Error("IndexedDB is blocked by another tab"));
    });
  }

  async add(entry: Entry): Promise<number> {
    return (await this.within([ENTRIES], "readwrite", (stores) => stores[0]!.add(entry))) as number;
  }

  async all(person: number): Promise<Kept[]> {
    const all = await this.within([ENTRIES], "readonly", (stores) => stores[0]!.index("person").getAll(person));
    return all as Kept[];
  }

  next(person: number, tab: string, leaseMs: number): Promise<Kept | "held" | null> {
    return new Promise((resolve, reject) => {
      const tx = this.db.transaction([ENTRIES, LEASES], "readwrite");
      let found: Kept | "held" | null = null;
      tx.oncomplete = () => resolve(found);
      tx.onabort = () => reject(tx.error ?? new Error("aborted"));
      const leases = tx.objectStore(LEASES);
      const asked = leases.get(person) as IDBRequest<Lease | undefined>;
      asked.onsuccess = () => {
        const lease = asked.result;
        if (lease && lease.tab !== tab && lease.until > Date.now()) {
          found = "held";
          return;
        }
        const cursor = tx.objectStore(ENTRIES).index("person").openCursor(person);
        cursor.onsuccess = () => {
          const at = cursor.result;
          if (!at) return;
          const entry = at.value as Kept;
          if (entry.problem !== undefined) at.continue();
          else {
            found = entry;
            leases.put({ person, tab, until: Date.now() + leaseMs } satisfies Lease);
          }
        };
      };
    });
  }

  async remove(n: number): Promise<void> {
    await this.within([ENTRIES], "readwrite", (stores) => stores[0]!.delete(n));
  }

  refuse(n: number, problem: Problem): Promise<void> {
    return new Promise((resolve, reject) => {
      const tx = this.db.transaction([ENTRIES], "readwrite");
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error ?? new Error("aborted"));
      const entries = tx.objectStore(ENTRIES);
      const asked = entries.get(n) as IDBRequest<Kept | undefined>;
      asked.onsuccess = () => {
        if (asked.result) entries.put({ ...asked.result, problem });
      };
    });
  }

  claimed(claim: string, attempt: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const tx = this.db.transaction([ENTRIES], "readwrite");
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error ?? new Error("aborted"));
      const cursor = tx.objectStore(ENTRIES).openCursor();
      cursor.onsuccess = () => {
        const at = cursor.result;
        if (!at) return;
        const entry = at.value as Kept;
        if (entry.claim === claim) at.update({ ...entry, attempt });
        at.continue();
      };
    });
  }

  async letGo(tab: string): Promise<void> {
    const held = (await this.within([LEASES], "readonly", (stores) => stores[0]!.getAll())) as Lease[];
    for (const lease of held.filter((one) => one.tab === tab)) {
      await this.within([LEASES], "readwrite", (stores) => stores[0]!.delete(lease.person));
    }
  }

  /** One request in a transaction of its own; resolves when the transaction is complete, so when it is kept. */
  private within(
    names: string[],
    mode: IDBTransactionMode,
    ask: (stores: IDBObjectStore[]) => IDBRequest,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const tx = this.db.transaction(names, mode);
      const asked = ask(names.map((name) => tx.objectStore(name)));
      tx.oncomplete = () => resolve(asked.result);
      tx.onabort = () => reject(tx.error ?? asked.error ?? new Error("aborted"));
    });
  }
}
