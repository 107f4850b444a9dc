// Facts that never change once they are committed (the root of an organization, its lane to a destination):
// a process asks for each of them once. A database that is opened again is asked again.

import type { Databases } from './database.ts';

/** Whoever sets one in a transaction does so after its commit: what is rolled back never was. */
export function remembered<T>(): (databases: Databases) => Map<string, T> {
  const known = new WeakMap<Databases, Map<string, T>>();
  return (databases) => {
    const facts = known.get(databases) ?? new Map<string, T>();
    known.set(databases, facts);
    return facts;
  };
}
