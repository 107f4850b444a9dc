// The environment of the command itself, handed on to the machine's answers (proxy, KUBECONFIG, TZ).

import type { Environment } from '../../config/environment-layer.ts';

export function environment(): Environment {
  // oxlint-disable-next-line node/no-process-env -- the machine's variables, not our settings
  return process.env;
}
