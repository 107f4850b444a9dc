// The authorities that `outside.ca_file` names, read here because `apply` copies them to where the server looks.
// A file that cannot be used is a problem of appliance.yaml. In a cluster the chart mounts them (caBundle).

import { readFileSync } from 'node:fs';
import type { Config } from '../../config/load.ts';
import type { ConfigProblem } from '../../config/problem.ts';
import type { Layer } from '../../config/reading.ts';
import { fileTrouble } from '../../config/secret-file.ts';
import { readChain } from '../../server/platform/crypto/certificates.ts';
import type { ApplianceSettings } from './table.ts';

const PATH = 'outside.ca_file';

export function readAuthorities(
  config: Config | null,
  { runtime }: ApplianceSettings,
  server: Layer,
): { text: string | null; problem: ConfigProblem | null } {
  const file = config?.outside.ca_file ?? null;
  if (file === null) return { text: null, problem: null };
  const origin = server.readings.findLast(({ path }) => path === PATH)?.origin;
  const refuse = (expected: string, found: string): ReturnType<typeof readAuthorities> => ({
    text: null,
    problem: { ...(origin ?? { source: 'default' }), path: PATH, expected, found },
  });
  if (runtime === 'helm') {
    return refuse('helm.values.caBundle, because the pod sees no file of this machine', file);
  }
  const expected = 'a file of certificates in PEM';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return refuse(expected, fileTrouble(file, error));
  }
  try {
    if (readChain(text).length > 0) return { text, problem: null };
    return refuse(expected, `no certificate in ${file}`);
  } catch {
    // OpenSSL's own words name a byte, not a file.
    return refuse(expected, `a damaged certificate in ${file}`);
  }
}
