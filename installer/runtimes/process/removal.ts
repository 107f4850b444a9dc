// Takes the process runtime away: the server, its supervisor's entry, the releases. Data, secrets, trust root
// and the journal stay. Each step looks at the machine, so a killed removal goes on where it was.

import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { Host } from '../../host/host.ts';
import type { Layout } from '../home/layout.ts';
import { removePaths } from '../home/remove-paths.ts';
import type { Supervisor } from './supervisor.ts';

export function removalOf(host: Host, layout: Layout, supervisor: Supervisor): Step[] {
  return [
    {
      name: 'stop',
      says: 'the server stops',
      isDone: async () =>
        (await supervisor.running()) === null ? isDone('nothing runs') : toDo('it runs'),
      run: () => supervisor.stop(),
    },
    {
      name: 'remove supervisor',
      says: 'nothing starts it again',
      isDone: async () =>
        (await host.files.kind(supervisor.entry)) === null
          ? isDone('no entry')
          : toDo(supervisor.entry),
      run: () => supervisor.remove(),
    },
    removePaths(host, {
      name: 'remove releases',
      says: 'the releases and rendered configurations are removed',
      paths: [layout.current, layout.previous, layout.applied, layout.releases],
    }),
  ];
}
