// Lines for people, where a person watches: the evaluation on a terminal. Never for a customer's log.

import type { DestinationStream } from 'pino';

const HIDDEN: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'role', 'version', 'commit']);

export function prettyDestination(write: (text: string) => void): DestinationStream {
  return {
    write: (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      const rest = Object.entries(entry).filter(([key]) => !HIDDEN.has(key));
      const facts = rest.map(([key, value]) => `${key}=${factOf(value)}`).join(' ');
      const time = String(entry['time']).slice(11, 23);
      write(
        `${time} ${String(entry['level']).padEnd(5)} ${entry['msg'] === undefined ? '' : factOf(entry['msg'])} ${facts}\n`,
      );
    },
  };
}

function factOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
