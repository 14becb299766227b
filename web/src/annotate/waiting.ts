/** Waiting, without a server. */

export const soon = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Once the next frame is painted; soon, where nobody sees any. */
export const painted = (): Promise<unknown> =>
  Promise.race([new Promise((done) => requestAnimationFrame(() => setTimeout(done))), soon(100)]);
