// The runtime that appliance.yaml names. Helm's is loaded only where it is used, with its client.

import type { ApplianceFile } from '../appliance-file/read.ts';
import type { Host } from '../host/host.ts';
import { processRuntime } from './process/process-runtime.ts';
import type { Runtime, RuntimeOptions } from './runtime.ts';

export async function createRuntime(
  host: Host,
  appliance: ApplianceFile,
  options: RuntimeOptions,
): Promise<Runtime> {
  switch (appliance.settings.runtime) {
    case 'process':
      return processRuntime(host, appliance, options);
    case 'container': {
      const { containerRuntime } = await import('./container/container-runtime.ts');
      return containerRuntime(host, appliance, options);
    }
    case 'helm': {
      const { helmRuntime } = await import('./helm/helm-runtime.ts');
      return helmRuntime(host, appliance, options);
    }
  }
}
