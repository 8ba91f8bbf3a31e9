/** Pauses between tries: doubled, capped, and jittered so that screens do not return in step. */

export function pauseAfter(failures: number, random: () => number = Math.random): number {
  const full = Math.min(500 * 2 ** Math.max(failures - 1, 0), 15_000)
  return full * (0.5 + random() / 2)
}
