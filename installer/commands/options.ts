// Options that the commands of an installed appliance share.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, Option } from 'commander';

/** The folder this command was started from: a release, or a checkout. */
export const OWN_RELEASE = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const SOAK_MS = 3_000;
/** A gallery of 100,000 templates is read at the start; a machine may be slow. */
const START_LIMIT_MS = 90_000;
const WAIT_MS_MAX = 3_600_000;

export interface CommonOptions {
  file: string;
  json: boolean;
}

export interface ReleaseOptions extends CommonOptions {
  release: string;
}

export function fileOption(): Option {
  return new Option('--file <file>', 'the appliance file').default('appliance.yaml');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON on standard output').default(false);
}

export function dryRunOption(): Option {
  return new Option('--dry-run', 'print the plan and change nothing').default(false);
}

export function releaseOption(): Option {
  return new Option('--release <dir>', 'the folder of the release to install').default(
    OWN_RELEASE,
    'the one this command belongs to',
  );
}

export function soakOption(): Option {
  return new Option('--soak-ms <ms>', 'how long a new release must stay well')
    .default(SOAK_MS)
    .argParser((text) => millisecondsOf(text, 0));
}

export function startLimitOption(): Option {
  return new Option('--start-limit-ms <ms>', 'how long a new release may take to get ready')
    .default(START_LIMIT_MS)
    .argParser((text) => millisecondsOf(text, 1_000));
}

/** For commands that only look: nothing is started, so nothing is waited for. */
export const NO_WAIT = { soakMs: 0, startLimitMs: 0 } as const;

function millisecondsOf(text: string, min: number): number {
  const ms = Number(text);
  if (Number.isSafeInteger(ms) && ms >= min && ms <= WAIT_MS_MAX) return ms;
  throw new InvalidArgumentError(`Expected milliseconds from ${min} to ${WAIT_MS_MAX}.`);
}
