// A secret in a YAML file: written in place, or `{ file: path }` beside the file, or a list of both.

import { dirname, resolve } from 'node:path';
import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { openness, readSecretFile } from './secret-file.ts';
import type { NamedSetting } from './table.ts';
import { plainValue, refuseNode, type YamlReader } from './yaml-reader.ts';

export function secretValue(node: Node | null, setting: NamedSetting, reader: YamlReader): unknown {
  if (isSeq(node)) return node.items.map((item) => secretText(item as Node, setting, reader));
  const value = secretText(node, setting, reader);
  // A list may also lie in one file, an item on each line.
  const isLines = setting.format.isList && isMap(node) && typeof value === 'string';
  return isLines ? setting.format.fromText(value) : value;
}

function secretText(node: Node | null, setting: NamedSetting, reader: YamlReader): unknown {
  if (!isMap(node)) {
    const value = plainValue(node, reader);
    if (value !== null) reader.layer.warn(openness(reader.file, reader.mode));
    return value;
  }
  const named = fileNamed(node);
  if (named === null) {
    const expected = '{ file: path } or the secret';
    const found = 'a group of settings that is not that';
    refuseNode(reader, node, { path: setting.path, expected, found });
    return null;
  }
  const file = resolve(dirname(reader.file), named);
  reader.layer.files.push(file);
  const secret = reader.readSecret?.(file, setting.path) ?? readSecretFile(file);
  if (!secret.ok) {
    const { expected, found } = secret;
    refuseNode(reader, node, { path: setting.path, expected, found });
    return null;
  }
  reader.layer.warn(secret.warning);
  return secret.text;
}

function fileNamed(map: YAMLMap): string | null {
  const only = map.items.length === 1 ? map.items[0] : undefined;
  if (!isScalar(only?.key) || only.key.value !== 'file' || !isScalar(only.value)) return null;
  const named = only.value.value;
  return typeof named === 'string' && named !== '' ? named : null;
}
