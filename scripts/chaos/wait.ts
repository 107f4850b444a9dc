// Waiting for a condition, never for an amount of time: looked at again and again until it holds or the
// limit is over.

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Whether the condition came to hold within the limit. A look that throws counts as not yet. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  { timeoutMs, everyMs }: { timeoutMs: number; everyMs: number },
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await attempt(holds)) return true;
    if (performance.now() >= deadline) return false;
    await sleep(everyMs);
  }
}

async function attempt(holds: () => Promise<boolean> | boolean): Promise<boolean> {
  try {
    return await holds();
  } catch {
    return false; // whom we ask may be dead at this moment
  }
}
