// Waits for a condition instead of for a time. Fails with what it waited for.

const EVERY_MS = 10;

export async function until<Value>(
  what: string,
  read: () => Value | Promise<Value>,
  // Long: a loaded machine is slow, and waiting longer never makes a wrong thing right.
  withinMs = 45_000,
): Promise<NonNullable<Value>> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const value = await read();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
