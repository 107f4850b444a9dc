// Tells the story: one line per step with what happened and how long it took. A step that fails ends
// the story with its error; a condition that does not come true in time says what was seen last.

export interface Narrator {
  chapter(title: string): void;
  /** Runs the step, prints its line, returns its value. `tell` makes the line from the value. */
  step<T>(title: string, run: () => Promise<T>, tell?: (value: T) => string): Promise<T>;
  note(text: string): void;
}

export function createNarrator(write: (line: string) => void): Narrator {
  let chapters = 0;
  return {
    chapter: (title) => {
      chapters += 1;
      write(`\n${chapters}. ${title}`);
    },
    note: (text) => write(`     ${text}`),
    step: async (title, run, tell) => {
      const startedAt = performance.now();
      try {
        const value = await run();
        const told = tell?.(value) ?? '';
        write(line('✓', told === '' ? title : `${title}: ${told}`, performance.now() - startedAt));
        return value;
      } catch (error) {
        write(line('✗', title, performance.now() - startedAt));
        throw error;
      }
    },
  };
}

function line(mark: string, text: string, tookMs: number): string {
  const took = tookMs < 10_000 ? `${tookMs.toFixed(1)} ms` : `${(tookMs / 1000).toFixed(1)} s`;
  return `   ${mark} ${text.padEnd(92)} ${took.padStart(11)}`;
}

export interface Wait<T> {
  what: string;
  read: () => Promise<T>;
  until: (value: T) => boolean;
  timeoutMs?: number;
}

/** Polls until the condition holds; polling is the story's own business, the server is not told. */
export async function waitFor<T>({ what, read, until, timeoutMs = 30_000 }: Wait<T>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (until(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs} ms for ${what}; last seen: ${JSON.stringify(value)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
