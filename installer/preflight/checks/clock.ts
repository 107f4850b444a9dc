// The clock: limits, expiries and certificates are instants, and a wrong clock makes all of them wrong.

import { type Check, EVERYWHERE, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { PreflightHost } from '../host.ts';
import { sqliteFile } from '../on-machine.ts';

/** Nothing of this product is older. */
const FLOOR_MS = Date.parse('2026-11-01T00:00:00Z');
/** A clock set back this little is corrected by itself. */
const TOLERANCE_MS = 60_000;

export const CLOCK_CHECKS: readonly Check[] = [
  {
    id: 'clock-sane',
    title: 'The clock is not behind what has already happened',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'A machine whose battery is empty starts in the past: certificates are not valid yet, signed releases look as if they came from the future, and a one-time code never expires.',
    remedy:
      'Set the clock (timedatectl set-time, or let it synchronise) and check the battery of the machine.',
    check: async (host, context) => {
      const now = host.nowMs();
      const latest = await latestKnown(host, context);
      const found = `it is ${new Date(now).toISOString()}`;
      return now + TOLERANCE_MS >= latest.ms
        ? pass(found)
        : fail(`${found}, but ${latest.what} is from ${new Date(latest.ms).toISOString()}`);
    },
  },
  {
    id: 'clock-synchronised',
    title: 'The clock is synchronised',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'Providers refuse requests and webhooks that are minutes off, and an auditor compares times of several machines.',
    remedy:
      'Switch time synchronisation on (timedatectl set-ntp true, or chrony with the time servers of your site).',
    check: async (host) => {
      const asked = await host.run('timedatectl', [
        'show',
        '--property=NTPSynchronized',
        '--value',
      ]);
      const answer = asked.stdout.trim();
      if (asked.code === 0 && answer === 'yes') return pass('synchronised, says timedatectl');
      const chrony = await host.run('chronyc', ['-n', 'tracking']);
      if (chrony.code === 0) {
        const status = /^Leap status\s*:\s*(.+)$/m.exec(chrony.stdout)?.[1] ?? 'unknown';
        return status === 'Normal' ? pass('synchronised, says chrony') : fail(`chrony: ${status}`);
      }
      return asked.code === 0 && answer === 'no'
        ? fail('not synchronised, says timedatectl')
        : skip('neither timedatectl nor chronyc answers here');
    },
  },
  {
    id: 'time-zone',
    title: 'The time zone of the environment is a known one',
    severity: 'warn',
    runtimes: ['process'],
    doc: 'Days of limits and of reports begin at midnight somewhere. A misspelt TZ silently means UTC.',
    remedy: 'Set TZ to a name of the time zone database such as Europe/Berlin, or remove it.',
    check: async ({ env }) => {
      const zone = env['TZ'] ?? '';
      if (zone === '') return pass('TZ is not set; the zone is that of the machine');
      return isZone(zone.replace(/^:/, '')) ? pass(`TZ is ${zone}`) : fail(`TZ is ${zone}`);
    },
  },
];

async function latestKnown(
  host: PreflightHost,
  context: PreflightContext,
): Promise<{ ms: number; what: string }> {
  let latest = { ms: FLOOR_MS, what: 'this product' };
  const files = [
    `${context.release.root}/package.json`,
    ...(context.target.home === null ? [] : [`${context.target.home}/state/journal.ndjson`]),
    sqliteFile(context),
  ];
  for (const file of files) {
    const facts = file === null ? null : await host.stat(file);
    if (facts !== null && facts.modifiedMs > latest.ms) {
      latest = { ms: facts.modifiedMs, what: file ?? '' };
    }
  }
  return latest;
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // RangeError: not a zone
  }
}
