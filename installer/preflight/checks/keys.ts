// The key-encryption keys: without them the data is unreadable for ever, with them in strange hands it is
// readable for everybody.

import { type Check, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import { keyFile, sqliteFile } from '../on-machine.ts';

const OTHERS_MASK = 0o077;
const FORMAT = 'sallyport-keys/1';

export const KEYS_CHECKS: readonly Check[] = [
  {
    id: 'keys-present',
    title: 'Where there is data there are its keys',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'Every template is sealed under a key that is sealed under the file of keys. A server that finds a database but no keys would make new ones, which open nothing.',
    remedy:
      'Put the key file of this database back (sallyport restore, or your own copy of it) before anything starts.',
    check: async (host, context) => {
      const [keys, database] = [keyFile(context), sqliteFile(context)];
      if (keys === null || database === null) {
        return skip('keys or data do not lie on this machine');
      }
      const [hasKeys, hasData] = [await host.stat(keys), await host.stat(database)];
      if (hasData === null) return pass('there is no data yet');
      return hasKeys === null
        ? fail(`${database} is there, but ${keys} is not`)
        : pass(`${keys} is beside ${database}`);
    },
  },
  {
    id: 'keys-mode',
    title: 'The key file is whole, and readable by its owner alone',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'The server refuses a key file that others may read, and one that is damaged.',
    remedy: 'chmod 600 the key file, or put an undamaged copy of it back.',
    check: async (host, context) => {
      const file = keyFile(context);
      const facts = file === null ? null : await host.stat(file);
      if (file === null || facts === null) return skip('there is no key file yet');
      if ((facts.mode & OTHERS_MASK) !== 0) {
        return fail(`${file} has mode ${facts.mode.toString(8)}`, `chmod 600 ${file}`);
      }
      const text = await host.readText(file);
      if (text === null) return fail(`${file} cannot be read by user ${host.machine().uid}`);
      return isKeyFile(text) ? pass(file) : fail(`${file} is not a key file of this product`);
    },
  },
];

function isKeyFile(text: string): boolean {
  try {
    const { format, keys } = JSON.parse(text) as { format?: unknown; keys?: unknown };
    return format === FORMAT && Array.isArray(keys) && keys.length > 0;
  } catch {
    return false; // not JSON
  }
}
