// Who else on the machine may read secrets.

import { join } from 'node:path';
import { type Check, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { PreflightHost } from '../host.ts';

const OTHERS_MASK = 0o077;
const WRITABLE_BY_OTHERS = 0o022;

export const PERMISSIONS_CHECKS: readonly Check[] = [
  {
    id: 'secrets-mode',
    title: 'Secrets are readable by their owner alone',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'Passwords and signing secrets lie in secrets/, one file each. Whoever reads them can charge cards and forge webhooks.',
    remedy: 'Take the rights of others away: chmod 600 on the files, chmod 700 on the folder.',
    check: async (host, { target: { home } }) => {
      if (home === null) return skip('there is no home folder');
      const folder = join(home, 'secrets');
      const names = await host.list(folder);
      if (names.length === 0) return skip('there are no secrets yet');
      const open = await openTo(
        host,
        names.map((name) => join(folder, name)),
        OTHERS_MASK,
      );
      return open.length === 0
        ? pass(`${names.length} files, of their owner alone`)
        : fail(`others may reach ${open.join(', ')}`);
    },
  },
  {
    id: 'config-mode',
    title: 'The configuration cannot be changed by others',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'Who can write the configuration can send payments elsewhere (providers.stripe.base_url), without knowing a secret.',
    remedy: 'Take the right to write away from group and others: chmod go-w FILE.',
    check: async (host, { configFiles }) => {
      if (configFiles.length === 0) return skip('there is no configuration file');
      const open = await openTo(host, configFiles, WRITABLE_BY_OTHERS);
      return open.length === 0
        ? pass(configFiles.join(', '))
        : fail(`others may write to ${open.join(', ')}`);
    },
  },
  {
    id: 'data-dir-mode',
    title: 'The data folder is closed to others',
    severity: 'warn',
    runtimes: ON_THIS_MACHINE,
    doc: 'Names, payments and audit lie in the database unencrypted; templates and keys are sealed. The folder is made with mode 700.',
    remedy: 'Close it: chmod 700 on the data folder.',
    check: async (host, context: PreflightContext) => {
      const { dataDir } = context;
      const folder = dataDir === null ? null : await host.stat(dataDir);
      if (folder === null) return skip('there is no data yet');
      const found = `${dataDir} has mode ${octal(folder.mode)}`;
      return (folder.mode & OTHERS_MASK) === 0 ? pass(found) : fail(found);
    },
  },
];

async function openTo(
  host: PreflightHost,
  files: readonly string[],
  mask: number,
): Promise<readonly string[]> {
  const open: string[] = [];
  for (const file of files) {
    const facts = await host.stat(file);
    if (facts !== null && (facts.mode & mask) !== 0)
      open.push(`${file} (mode ${octal(facts.mode)})`);
  }
  return open;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}
