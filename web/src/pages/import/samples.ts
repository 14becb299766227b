/** Sample images, drawn here: pages of digits to try things out with. The same numbers draw the same pages. */
import type { Found } from "./collect";

const PAGES = 24;
const [WIDTH, HEIGHT, CELL] = [480, 360, 80];
const INKS = ["#1c224a", "#24242a", "#163c6e"];
const HANDS = ["'Comic Sans MS', cursive", "Georgia, serif", "'Segoe Print', cursive", "'Courier New', monospace"];

export async function sampleDigits(): Promise<Found[]> {
  const found: Found[] = [];
  for (let page = 1; page <= PAGES; page++) {
    const blob = await draw(randomFrom(page));
    const name = `digits-${String(page).padStart(2, "0")}.png`;
    found.push({ name, file: new File([blob], name, { type: "image/png" }) });
  }
  return found;
}

function draw(random: () => number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d");
  if (pen === null) throw new Error("this browser draws no pictures");
  pen.fillStyle = "#faf7ee";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.fillStyle = "#d6dee8";
  for (let y = CELL - 6; y < HEIGHT; y += CELL) pen.fillRect(0, y, WIDTH, 1);
  pen.fillStyle = pick(INKS, random);
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const cells = Array.from({ length: (WIDTH / CELL) * Math.floor(HEIGHT / CELL) }, (_, at) => at);
  cells.sort(() => random() - 0.5);
  for (const cell of cells.slice(0, 5 + Math.floor(random() * 8))) {
    pen.save();
    pen.translate(((cell % (WIDTH / CELL)) + 0.5) * CELL, (Math.floor(cell / (WIDTH / CELL)) + 0.5) * CELL);
    pen.rotate((random() - 0.5) * 0.5);
    pen.globalAlpha = random() < 0.12 ? 0.45 : 1;
    pen.font = `${42 + random() * 24}px ${pick(HANDS, random)}`;
    pen.fillText(String(Math.floor(random() * 10)), 0, 0);
    pen.restore();
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error("no picture")) : resolve(blob)), "image/png");
  });
}

const pick = (of: readonly string[], random: () => number): string => of[Math.floor(random() * of.length)] ?? "";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
