// The trust root that was laid down at install: releases will be believed by it.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Check, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';

const WRITABLE_BY_OTHERS = 0o022;

export const TRUST_CHECKS: readonly Check[] = [
  {
    id: 'trust-root',
    title: 'The trust root is the one that was installed',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'Whoever replaces config/trust/root.json decides which releases this machine believes. Its digest was pinned beside it at install and is checked at every start.',
    remedy: 'Find out who changed it; then put the file of your first installation back.',
    check: async (host, { target: { home } }) => {
      if (home === null) return skip('there is no home folder');
      const folder = join(home, 'config/trust');
      const [file, pinFile] = [join(folder, 'root.json'), join(folder, 'root.sha256')];
      const [root, pin] = [await host.readText(file), await host.readText(pinFile)];
      if (root === null && pin === null) return skip('it is laid down by the first apply');
      if (root === null || pin === null)
        return fail(`${root === null ? file : pinFile} is missing`);
      const facts = await host.stat(file);
      if (facts !== null && (facts.mode & WRITABLE_BY_OTHERS) !== 0) {
        return fail(`${file} may be written by others`, `chmod go-w ${file}`);
      }
      const digest = createHash('sha256').update(root).digest('hex');
      const pinned = pin.trim().split(/\s+/)[0] ?? '';
      return digest === pinned.toLowerCase()
        ? pass(`sha256 ${digest.slice(0, 16)}…`)
        : fail(`its sha256 is ${digest.slice(0, 16)}…, pinned is ${pinned.slice(0, 16)}…`);
    },
  },
];
