// For what cannot happen unless we are wrong: a failed assertion is our bug, never the caller's.

export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${what}`);
}

export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined)
    throw new Error(`Invariant broken: ${what} is missing`);
  return value;
}
