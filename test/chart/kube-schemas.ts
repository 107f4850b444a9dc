// JSON Schemas for kubeconform from what the cluster itself publishes (/openapi/v2), strict: a field that is
// not there is a mistake. No schema is ever fetched from anywhere else.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, type Cluster } from './cluster.ts';

interface Definition {
  [name: string]: unknown;
  properties?: Record<string, unknown>;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}
type Definitions = Record<string, Definition>;

/** Writes a file per kind, named as kubeconform looks for it. */
export async function writeSchemas({ config }: Cluster, folder: string): Promise<void> {
  const { definitions } = JSON.parse((await ask(config, '/openapi/v2')).text) as {
    definitions: Definitions;
  };
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = definition['x-kubernetes-group-version-kind'] ?? [];
    const [only] = kinds;
    if (kinds.length !== 1 || only === undefined) continue;
    const group = only.group === '' ? '' : `${only.group.split('.')[0]}-`;
    const file = `${only.kind}-${group}${only.version}.json`.toLowerCase();
    const schema = { $ref: `#/definitions/${name}`, definitions: closure(name, definitions) };
    writeFileSync(join(folder, file), JSON.stringify(schema));
  }
}

/** kubeconform's name for that folder. */
export function schemaLocation(folder: string): string {
  return join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

function closure(name: string, all: Definitions): Definitions {
  const found: Definitions = {};
  const wanted = [name];
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const definition = all[next];
    if (found[next] !== undefined || definition === undefined) continue;
    found[next] = strict(definition);
    for (const [, to = ''] of JSON.stringify(definition).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      wanted.push(to);
    }
  }
  return found;
}

function strict(definition: Definition): Definition {
  if (definition['format'] === 'int-or-string')
    return { anyOf: [{ type: 'string' }, { type: 'integer' }] };
  if (definition.properties === undefined) return definition;
  return { ...definition, additionalProperties: false };
}
