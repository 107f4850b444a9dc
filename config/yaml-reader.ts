// What the readers of one YAML file share: the file, its lines, what was found in it so far.

import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import type { Origin } from './problem.ts';
import type { LayerBuilder } from './reading.ts';
import type { SecretFile } from './secret-file.ts';
import type { NamedSetting } from './table.ts';

export interface YamlReader {
  readonly file: string;
  /** The file's permission bits. */
  readonly mode: number;
  readonly lines: LineCounter;
  readonly layer: LayerBuilder;
  /** Other names than the server's settings. */
  readonly names?: {
    readonly settings: ReadonlyMap<string, NamedSetting>;
    readonly sections: ReadonlySet<string>;
  };
  /** Another way to read the file a secret lies in. */
  readonly readSecret?: (file: string, path: string) => SecretFile;
}

interface Refusal {
  path: string;
  expected: string;
  found: string;
  didYouMean?: string;
}

export function refuseNode(reader: YamlReader, node: Node, refusal: Refusal): void {
  reader.layer.refuse({ ...originAt(reader, node), ...refusal });
}

export function originAt(reader: YamlReader, node: Node | number): Origin {
  const offset = typeof node === 'number' ? node : (node.range?.[0] ?? 0);
  const { line, col } = reader.lines.linePos(offset);
  return { source: reader.file, line, column: col };
}

/** A value without anchors: an alias is refused, so that a file cannot unfold without bound. */
export function plainValue(node: Node | null, reader: YamlReader): unknown {
  if (node === null) return null;
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item) => plainValue(item as Node, reader));
  if (isMap(node)) return {};
  if (isAlias(node)) {
    refuseNode(reader, node, { path: '', expected: 'values written out', found: 'an alias' });
  }
  return null;
}
