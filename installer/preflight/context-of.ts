// From appliance.yaml to what the checks are told. Reads no more than the file and the release's own name.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS } from '../../migrations/index.ts';
import { type ApplianceFile, homeOf } from '../appliance-file/read.ts';
import type { PreflightContext, PreflightTarget } from './check.ts';

/** `releaseDir` is the folder of the release to install: the one with package.json. */
export function preflightContext(appliance: ApplianceFile, releaseDir: string): PreflightContext {
  const home = homeOf(appliance.settings);
  const manifest = JSON.parse(readFileSync(join(releaseDir, 'package.json'), 'utf8')) as {
    version: string;
  };
  return {
    target: targetOf(appliance, home),
    config: appliance.config,
    hiddenSecrets: new Set(home === null ? appliance.secretFiles.keys() : []),
    configFiles: [appliance.file],
    dataDir: home === null ? null : appliance.config.data_dir,
    release: {
      version: manifest.version,
      root: releaseDir,
      migrations: MIGRATIONS.map(({ name }) => name),
    },
  };
}

function targetOf({ settings, helmValues }: ApplianceFile, home: string | null): PreflightTarget {
  const { name, runtime, process, container, helm } = settings;
  const { replicas, persistence } = helmValues as {
    replicas?: unknown;
    persistence?: { storageClass?: unknown };
  };
  const storageClass = persistence?.storageClass;
  return {
    name,
    runtime,
    home,
    supervisor: runtime === 'process' ? process.supervisor : null,
    user: runtime === 'process' ? process.user : null,
    engine: runtime === 'container' ? container.engine : null,
    image: runtime === 'process' ? null : runtime === 'helm' ? helm.image : container.image,
    namespace: runtime === 'helm' ? helm.namespace : null,
    kubeContext: runtime === 'helm' ? helm.context : null,
    chart: runtime === 'helm' ? helm.chart : null,
    replicas: typeof replicas === 'number' ? replicas : 1,
    storageClass: typeof storageClass === 'string' && storageClass !== '' ? storageClass : null,
  };
}
