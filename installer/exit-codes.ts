// The exit codes of `sallyport`, published: docs/box.md and docs/install.md carry this table, and a test
// holds them to it. A code never changes its meaning.

export const EXIT_CODES = {
  done: { code: 0, means: 'done, or nothing to do' },
  unexpected: {
    code: 1,
    means: 'something unexpected failed; what, is on standard error',
  },
  badInput: {
    code: 2,
    means: 'bad input: a flag, `appliance.yaml`, the configuration. Nothing was touched',
  },
  preflight: {
    code: 3,
    means: 'a preflight check of severity `fail` failed. Nothing was touched',
  },
  takenBack: {
    code: 4,
    means:
      'the new release was refused or failed; what served before serves, the data is as it was',
  },
  stuck: {
    code: 5,
    means:
      'stopped half-way and could not go back; the message names the step and the remedy. `apply` goes on from there',
  },
  locked: { code: 6, means: 'another run holds the lock' },
  notInstalled: { code: 7, means: 'nothing is installed' },
} as const;

export type ExitName = keyof typeof EXIT_CODES;

/** The table as the pages show it. */
export function exitCodeTable(): string {
  const rows = Object.values(EXIT_CODES).map(({ code, means }) => `| ${code} | ${means} |`);
  return ['| Exit code | Means |', '| --- | --- |', ...rows].join('\n');
}

/** Ends a command with a published code; the message is for a person. */
export class ExitError extends Error {
  readonly exit: ExitName;

  constructor(exit: ExitName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ExitError';
    this.exit = exit;
  }
}
