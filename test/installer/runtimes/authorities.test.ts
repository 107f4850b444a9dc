// The customer's own authorities on a played machine: from the file that appliance.yaml names to the server.

import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { planSteps } from '../../../installer/engine/plan.ts';
import { certificatePair } from '../preflight/certificates.ts';
import { createRig, HOME } from '../support/rig.ts';

describe.each(['process', 'container'] as const)('authorities of the site, %s', (runtime) => {
  test('are copied for the server, and another content is another configuration', async () => {
    const rig = createRig(runtime === 'process' ? 'pidfile' : 'container');
    const file = join(mkdtempSync(join(tmpdir(), 'sallyport-ca-')), 'site.pem');
    const first = certificatePair().cert;
    writeFileSync(file, first);
    rig.want('0.1.0', { outside: { ca_file: file } });
    await rig.apply();
    const copied = [...rig.tree].filter(([path]) => path.includes('/secrets/outside.ca_file.'));
    expect(copied.map(([, entry]) => 'text' in entry && entry.text.trimEnd())).toEqual([
      first.trimEnd(),
    ]);
    const name = basename(copied[0]?.[0] ?? '');
    const seen = runtime === 'process' ? `${HOME}/secrets` : '/etc/sallyport/secrets';
    const yaml = await rig.host.files.read(`${HOME}/current/server.yaml`);
    expect(yaml).toContain(`ca_file: ${seen}/${name}`);
    writeFileSync(file, certificatePair().cert);
    expect((await planSteps((await rig.runtime()).steps)).every(({ done }) => done)).toBe(false);
  });

  test('a file that holds none is refused with its line, before anything is touched', async () => {
    const rig = createRig(runtime === 'process' ? 'pidfile' : 'container');
    rig.want('0.1.0', { outside: { ca_file: '/nowhere/site.pem' } });
    await expect(rig.apply()).rejects.toThrow(/outside\.ca_file.*no file at \/nowhere\/site\.pem/);
    expect(rig.host.recording.effects).toEqual([]);
  });
});

test('for Helm the way is the chart’s caBundle', async () => {
  const rig = createRig('helm');
  rig.want('0.1.0', { outside: { ca_file: '/etc/ssl/site.pem' } });
  await expect(rig.apply()).rejects.toThrow(/outside\.ca_file.*helm\.values\.caBundle/);
});
