// Renders the server's configuration from the `config` section of appliance.yaml: what is written there and
// what the runtime decides, nothing more, so that defaults stay the release's own. Secrets become files.

import { basename, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { SETTINGS } from '../../../config/table.ts';
import type { ApplianceFile } from '../../appliance-file/read.ts';
import { MADE_SECRETS } from '../../appliance-file/made-secrets.ts';
import { shortDigest } from './digest.ts';

export interface Rendered {
  serverYaml: string;
  /** File name below `secrets` → its text; an empty text is made at random. */
  secrets: ReadonlyMap<string, string>;
}

/** Where the server will find things: on this machine, or inside its container. */
export interface SeenByServer {
  dataDir: string;
  trustRoot: string;
  secrets: string;
}

export function renderServer(appliance: ApplianceFile, home: string, seen: SeenByServer): Rendered {
  const tree: Record<string, unknown> = {};
  const secrets = new Map<string, string>();
  set(tree, 'data_dir', seen.dataDir);
  set(tree, 'trust.root_file', seen.trustRoot);
  for (const { path, value } of appliance.written) {
    if (path === AUTHORITIES && appliance.authorities !== null) {
      const name = authoritiesName(appliance.authorities);
      secrets.set(name, appliance.authorities.trimEnd());
      set(tree, path, join(seen.secrets, name));
      continue;
    }
    if (SETTINGS.get(path)?.sensitive !== true || value === null) {
      set(tree, path, value);
      continue;
    }
    const name = secretName(appliance, home, { path, value });
    secrets.set(name, name in MADE_SECRETS ? '' : secretText(value));
    set(tree, path, { file: join(seen.secrets, name) });
  }
  const serverYaml = `# Rendered by \`sallyport apply\` from appliance.yaml. Change that one and apply again.\n${stringify(tree)}`;
  return { serverYaml, secrets };
}

const AUTHORITIES = 'outside.ca_file';

/** No secret, but placed as one: by its content, so that going back finds the old one. */
export function authoritiesName(pem: string): string {
  return `${AUTHORITIES}.${shortDigest(pem)}`;
}

function secretName(
  { secretFiles }: ApplianceFile,
  home: string,
  { path, value }: { path: string; value: unknown },
): string {
  const file = secretFiles.get(path);
  const isMade =
    file !== undefined && dirname(file) === join(home, 'secrets') && basename(file) in MADE_SECRETS;
  // A changed secret is another file, so that going back finds the old one.
  return isMade ? basename(file) : `${path}.${shortDigest(secretText(value))}`;
}

function secretText(value: unknown): string {
  return Array.isArray(value) ? value.join('\n') : String(value);
}

function set(tree: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let group = tree;
  for (const name of names) {
    group[name] ??= {};
    group = group[name] as Record<string, unknown>;
  }
  group[last] = value;
}
