// Chapter 8: a verifier that imports neither side joins both databases row by row.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Stage } from './cast.ts';

const run = promisify(execFile);

export async function reconcile(stage: Stage): Promise<void> {
  const { narrator, environment, root } = stage;
  narrator.chapter('Reconciliation');
  const { database, twins } = environment;
  const ours =
    database.kind === 'sqlite'
      ? ['--sqlite', database.file]
      : [
          '--postgres',
          `${database.host}:${database.port}/${database.name}`,
          '--user',
          database.user,
          '--password-file',
          database.passwordFile,
          '--organization',
          stage.organizationId,
        ];
  const script = join(root, 'scripts/verify-ledger.ts');
  const output = await narrator.step('The verifier joins both databases', async () => {
    const { stdout } = await run(process.execPath, [
      script,
      '--stripe',
      twins.stripe.database,
      ...ours,
    ]);
    return stdout.trim().split('\n');
  });
  for (const line of output) narrator.note(line);
  if (output.at(-1) !== 'ledger = provider ledger') {
    throw new Error('The verifier did not end with "ledger = provider ledger".');
  }
}
