// Progress for people or for programs: one line per event. On standard error when the backup itself is on
// standard output.

export type Tell = (event: { event: string; [name: string]: unknown }) => void;

export function narrator({ json, toStderr }: { json: boolean; toStderr: boolean }): Tell {
  const stream = toStderr ? process.stderr : process.stdout;
  return (event) => void stream.write(`${json ? JSON.stringify(event) : sentence(event)}\n`);
}

function sentence({ event, ...facts }: { event: string; [name: string]: unknown }): string {
  const told = Object.entries(facts).map(([name, value]) => `${name} ${text(value)}`);
  return [event.padEnd(9), told.join('  ')].join(' ').trimEnd();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
