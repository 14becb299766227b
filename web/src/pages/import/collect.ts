/** What somebody dropped or chose, as files with their paths: folders are walked, hidden files left out. */

export interface Found {
  /** The path within what was dropped, with / between. */
  name: string;
  file: File;
}

const hidden = (name: string): boolean => name.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");

/** From a file input, of files or of a folder. */
export function fromInput(files: FileList | null): Found[] {
  return Array.from(files ?? [], (file) => ({ name: within(file.webkitRelativePath) || file.name, file })).filter(
    (found) => !hidden(found.name),
  );
}

/** The path below the folder that was chosen: the folder's own name says nothing. */
function within(path: string): string {
  const at = path.indexOf("/");
  return at < 0 ? path : path.slice(at + 1);
}

/** From a drop. Entries must be taken before the first await: browsers empty the list then. */
export async function fromDrop(items: DataTransferItemList): Promise<Found[]> {
  const entries = Array.from(items).flatMap((item) => item.webkitGetAsEntry() ?? []);
  // What doesn't come from a disk, such as a picture dragged out of a program, has no entry.
  const loose = Array.from(items).flatMap((item) => (item.webkitGetAsEntry() === null ? (item.getAsFile() ?? []) : []));
  const only = entries.length === 1 && entries[0]?.isDirectory === true;
  const found = (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
  return [
    ...found.map(({ name, file }) => ({ name: only ? within(name) : name, file })),
    ...loose.map((file) => ({ name: file.name, file })),
  ]
    .filter((one) => !hidden(one.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function walk(entry: FileSystemEntry, folder: string): Promise<Found[]> {
  const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ name, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Found[] = [];
  for (;;) {
    // A hundred at a time: the list is at its end only when a batch is empty.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return found;
    for (const inner of batch) found.push(...(await walk(inner, name)));
  }
}
