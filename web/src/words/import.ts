/** Words of importing, and of a project's first minutes. */
const n = new Intl.NumberFormat("en");
const plural = (count: number, one: string, many = `${one}s`) => `${n.format(count)} ${count === 1 ? one : many}`;

export const importing = {
  title: "Import",
  drop: "Drop images, a folder or a zip here",
  dropWhy: "Annotations beside them (COCO, Pascal VOC, JSON Lines) are found by themselves.",
  files: "Choose files",
  folder: "Choose a folder",
  path: "Or a path on this server",
  pathWhy: "A folder, file, glob or archive that the server may read.",
  pathStart: "Import the path",
  into: "Into the dataset",
  newDataset: "A new dataset",
  newName: "Name of the new dataset",
  defaultName: "images",
  target: "Annotations with them are",
  truth: "the truth",
  suggestions: "suggestions to be checked",
  sending: (done: number, total: number) => `Sending ${n.format(done)} of ${n.format(total)}`,
  stop: "Stop",
  bringing: (done: number, found: number) => `${n.format(done)} of ${n.format(found)} looked into`,
  scanning: "Looking at what was sent",
  cameIn: (files: number) => `${plural(files, "file")} came in`,
  detected: (format: string, annotations: number) => `${format}: ${plural(annotations, "annotation")}`,
  already: (files: number) => `${plural(files, "file")} were there already`,
  refused: (annotations: number) => `${plural(annotations, "annotation")} were left out`,
  failed: (files: number) => `${plural(files, "file")} could not be brought in`,
  notSent: (files: number) => `${plural(files, "file")} could not be sent`,
  item: "File",
  why: "Why",
  stopped: "The import was stopped. What came in stays.",
  again: "Import more",
  see: "See the files",
  nothing: "Nothing in there is an image, an annotation file or an archive.",
  samples: "Try with sample digits",
  samplesWhy: "24 pages of drawn digits, made in your browser.",
  sampleName: "sample digits",
  running: "An import is under way",
};

export const first = {
  title: (project: string) => `${project} is empty`,
  why: "Bring in some images, and work on them can begin.",
};
