// What is installed already: whether this release may follow it, whether it is well, whether it is saved.

import { join } from 'node:path';
import { type Check, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import type { PreflightContext, PreflightTarget } from '../check.ts';
import type { PreflightHost } from '../host.ts';

const PROBE_TIMEOUT_MS = 5_000;
const BACKUP_AGE_MAX_MS = 24 * 3_600_000;

export const INSTALLATION_CHECKS: readonly Check[] = [
  {
    id: 'upgrade-path',
    title: 'This release may follow the one that is installed',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'Migrations only go forward and one major version at a time: an older release does not know what a newer one has written.',
    remedy:
      'Install the newest release of each major version in between, or go back with the kept previous release.',
    check: async (host, { target, release }) => {
      if (!(await isInstalled(host, target))) return skip('nothing is installed');
      const installed = await installedVersion(host, target);
      const wanted = target.runtime === 'container' ? tagOf(target.image) : release.version;
      if (installed === null || wanted === null) return skip('a version cannot be told');
      const found = `${installed} is installed, this is ${wanted}`;
      const order = compareVersions(wanted, installed);
      if (order === null) return fail(`${found}: not versions that can be compared`);
      if (order < 0) return fail(`${found}, an older one`);
      const [from, to] = [majorOf(installed), majorOf(wanted)];
      return to - from > 1 ? fail(`${found}, ${to - from} major versions on`) : pass(found);
    },
  },
  {
    id: 'running-healthy',
    title: 'What runs already is well',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'An upgrade of an appliance that is not well hides the cause, and going back would go back to what was broken.',
    remedy: 'Mend what /readyz?verbose names before the upgrade.',
    check: async (host, { config, target }) => {
      if (!(await isInstalled(host, target))) return skip('nothing is installed');
      const url = `${restAddress(config)}/readyz`;
      const answer = await host.request(url, { timeoutMs: PROBE_TIMEOUT_MS });
      if (!answer.ok)
        return fail(`${url}: ${answer.code}`, 'Start it (sallyport apply), or look into its log.');
      return answer.status === 200 ? pass(`${url} says 200`) : fail(`${url} says ${answer.status}`);
    },
  },
  {
    id: 'backup-recent',
    title: 'There is a backup from the last day',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'Before an upgrade the way back is the previous release; the way back from a lost disk is the backup. sallyport backup notes each one it has finished in state/backup.json.',
    remedy: 'Run sallyport backup first.',
    check: async (host, { target }) => {
      if (target.home === null || !(await isInstalled(host, target))) {
        return skip('nothing is installed');
      }
      const note = await host.readText(join(target.home, 'state/backup.json'));
      const at = note === null ? Number.NaN : finishedAt(note);
      if (Number.isNaN(at)) return fail('no finished backup is noted');
      const hours = Math.round((host.nowMs() - at) / 3_600_000);
      const found = `the last one is ${hours} hours old`;
      return host.nowMs() - at <= BACKUP_AGE_MAX_MS ? pass(found) : fail(found);
    },
  },
];

/** Where the REST listener is reached from this machine. */
export function restAddress({ http }: PreflightContext['config']): string {
  const host = ['0.0.0.0', '::'].includes(http.host) ? '127.0.0.1' : http.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
}

/** `current` is what the last switch of an apply left (docs/box.md). */
async function isInstalled(host: PreflightHost, { home }: PreflightTarget): Promise<boolean> {
  return home !== null && (await host.stat(join(home, 'current'))) !== null;
}

async function installedVersion(
  host: PreflightHost,
  { home, runtime }: PreflightTarget,
): Promise<string | null> {
  const current = join(home ?? '', 'current');
  if (runtime === 'container') {
    const applied = await host.readText(join(current, 'appliance.yaml'));
    return tagOf(/^\s+image:\s*['"]?([^'"\s]+)/m.exec(applied ?? '')?.[1] ?? null);
  }
  const manifest = await host.readText(join(current, 'release/package.json'));
  const { version } = JSON.parse(manifest ?? '{}') as { version?: unknown };
  return typeof version === 'string' ? version : null;
}

/** The version in an image's name; null where it is a digest or another word. */
function tagOf(image: string | null): string | null {
  return /:v?(\d+\.\d+\.\d+[^:@/]*)$/.exec(image ?? '')?.[1] ?? null;
}

function finishedAt(note: string): number {
  try {
    const { finished_at: at } = JSON.parse(note) as { finished_at?: unknown };
    return typeof at === 'string' ? Date.parse(at) : Number.NaN;
  } catch {
    return Number.NaN; // a torn note is no note
  }
}

/** Of major.minor.patch; null when either is something else. */
function compareVersions(one: string, other: string): number | null {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  if (a === null || b === null) return null;
  for (const [index, number] of a.entries()) {
    const difference = number - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] | null {
  const found = /^(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version);
  return found === null ? null : found.slice(1).map(Number);
}

function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}
