// A process of its own that restores and kills itself, for real, at one named point.
// Arguments: the backup, its identity, the configuration, the point.

import { locateBox } from '../../../installer/backup/places.ts';
import { restore } from '../../../installer/backup/restore.ts';

const [file = '', identity = '', configFile = '', point = ''] = process.argv.slice(2);

await restore({
  source: { file, credential: { identities: [identity] } },
  box: locateBox({ configFiles: [configFile] }),
  dryRun: false,
  now: new Date(),
  tell: (told) => {
    const name = 'name' in told ? `${told.event} ${told.name}` : told.event;
    if (name === point) process.kill(process.pid, 'SIGKILL');
  },
});
