// Where the things of one box lie that belong into its backup: told by `appliance.yaml` (a box that was
// installed) or by the server's own configuration files (a checkout, a container). The configuration
// itself is read by the one reader of settings, so a wrong line is reported as everywhere.

import { basename, join, resolve } from 'node:path';
import { type Config, loadConfig } from '../../config/load.ts';
import { homeOf, readApplianceFile } from '../appliance-file/read.ts';
import { ExitError } from '../exit-codes.ts';
import type { FilePart } from './format.ts';

export interface BoxSource {
  applianceFile?: string;
  configFiles: readonly string[];
}

export interface Place {
  part: FilePart;
  /** A file, or a folder with everything below it. */
  path: string;
  /** The name of a single file within the backup. */
  name: string | null;
}

export interface Box {
  config: Config;
  /** The folder of the installation; null where there is none. */
  home: string | null;
  places: readonly Place[];
}

/** @throws ConfigError with every mistake; ExitError `badInput`. */
export function locateBox({ applianceFile, configFiles }: BoxSource): Box {
  if (applianceFile === undefined) {
    const config = loadConfig({ files: configFiles });
    const shown = configFiles.map((file): Place => ({
      part: 'config',
      path: resolve(file),
      name: basename(file),
    }));
    return { config, home: null, places: [...dataPlaces(config), ...shown] };
  }
  if (configFiles.length > 0) {
    throw new ExitError('badInput', 'Expected --file or --config, found both.');
  }
  const { file, config, settings } = readApplianceFile(applianceFile);
  const home = homeOf(settings);
  if (home === null) {
    throw new ExitError(
      'badInput',
      `${file}: runtime: expected process or container, found helm. In a cluster the command runs in the pod, with --config.`,
    );
  }
  return {
    config,
    home,
    places: [
      ...dataPlaces(config),
      { part: 'config', path: file, name: 'appliance.yaml' },
      { part: 'config', path: join(home, 'config'), name: null },
      { part: 'secrets', path: join(home, 'secrets'), name: null },
    ],
  };
}

function dataPlaces({ data_dir: data, keys, bootstrap, gateway }: Config): Place[] {
  const { cert_file: cert, key_file: key } = gateway.tls;
  const tls = [
    { path: cert, name: 'certificate.pem' },
    { path: key, name: 'key.pem' },
  ].flatMap(({ path, name }): Place[] => (path === null ? [] : [{ part: 'tls', path, name }]));
  return [
    { part: 'keys', path: keys.file.path, name: 'keys.json' },
    { part: 'authority', path: join(data, 'gateway'), name: null },
    { part: 'api_key', path: bootstrap.api_key_file, name: 'bootstrap-api-key' },
    ...tls,
  ];
}
