// Reads one YAML file into readings with line and column. Knows the names of a table, not whether values
// are right. A file that cannot be read at all is a problem like any other. The installer's file is read by
// the same machinery with a table of its own.

import { readFileSync, statSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument, type Node, type Pair } from 'yaml';
import { nearest } from './nearest.ts';
import { describeFound } from './problem.ts';
import { LayerBuilder, type Layer } from './reading.ts';
import { fileTrouble } from './secret-file.ts';
import { SECTIONS, SENSITIVE_PATHS, SETTINGS, type NamedSetting } from './table.ts';
import { originAt, plainValue, refuseNode, type YamlReader } from './yaml-reader.ts';
import { secretValue } from './yaml-secret.ts';
import { refuseSyntax } from './yaml-syntax.ts';

const FILE_BYTES_MAX = 1024 * 1024;
const SHOWN_PATH_MAX = 200;

type NodePair = Pair<Node, Node | null>;

const SERVER_NAMES = { settings: SETTINGS, sections: SECTIONS };

export function readYamlLayer(file: string): Layer {
  return readYamlFile(file, (contents, reader) => readGroup(contents, '', reader));
}

/** Opens the file and hands its contents over; whatever is wrong is in the layer. */
export function readYamlFile(
  file: string,
  read: (contents: Node, reader: YamlReader) => void,
): LayerBuilder {
  const layer = new LayerBuilder();
  layer.files.push(file);
  const refuse = (found: string): LayerBuilder => {
    const expected = `a YAML file of up to ${FILE_BYTES_MAX} bytes`;
    layer.refuse({ source: file, path: '', expected, found });
    layer.unreadable = true;
    return layer;
  };
  try {
    const stat = statSync(file);
    // A device or a pipe may never end.
    if (!stat.isFile()) return refuse(`something else than a file at ${file}`);
    if (stat.size > FILE_BYTES_MAX) return refuse(`${stat.size} bytes`);
    const source = readFileSync(file, 'utf8');
    readSource(source, { file, mode: stat.mode, lines: new LineCounter(), layer }, read);
    return layer;
  } catch (error) {
    return refuse(fileTrouble(file, error));
  }
}

function readSource(
  source: string,
  reader: YamlReader,
  read: (contents: Node, reader: YamlReader) => void,
): void {
  const document = parseDocument(source, {
    lineCounter: reader.lines,
    prettyErrors: false,
    uniqueKeys: false, // Checked below; the parser's own check compares every name with every other.
  });
  if (!refuseSyntax(document, source, reader)) {
    reader.layer.unreadable = true;
  } else if (document.contents !== null) {
    read(document.contents, reader);
  }
}

/** Reads the settings below a node; `path` is the node's own, empty at the top. */
export function readGroup(node: Node, path: string, reader: YamlReader): void {
  if (isMap(node)) {
    const seen = new Set<string>();
    for (const pair of node.items) readPair(pair as NodePair, { parent: path, seen }, reader);
    return;
  }
  // A group with nothing in it: all of it commented out, perhaps.
  if (isScalar(node) && node.value === null) return;
  const found = describeFound(plainValue(node, reader), holdsSecrets(path));
  refuseNode(reader, node, { path, expected: 'a group of settings', found });
}

interface Group {
  parent: string;
  /** Names of the group so far. */
  seen: Set<string>;
}

function readPair(pair: NodePair, { parent, seen }: Group, reader: YamlReader): void {
  if (reader.layer.isFull) return;
  const name = isScalar(pair.key) ? String(pair.key.value) : '?';
  const path = parent === '' ? name : `${parent}.${name}`;
  if (seen.has(name)) {
    const found = 'the same name a second time';
    refuseNode(reader, pair.key, { path, expected: 'each name once in its group', found });
    return;
  }
  seen.add(name);
  const { settings, sections } = reader.names ?? SERVER_NAMES;
  const setting = settings.get(path);
  if (setting !== undefined) {
    readSetting(pair, setting, reader);
  } else if (sections.has(path)) {
    if (pair.value !== null) readGroup(pair.value, path, reader);
  } else {
    refuseName(pair, path, reader);
  }
}

function refuseName(pair: NodePair, path: string, reader: YamlReader): void {
  const { settings, sections } = reader.names ?? SERVER_NAMES;
  const known = isMap(pair.value) ? [...sections, ...settings.keys()] : settings.keys();
  const near = nearest(path, known);
  refuseNode(reader, pair.key, {
    path: path.slice(0, SHOWN_PATH_MAX),
    expected: 'the name of a setting',
    found: 'an unknown name',
    ...(near === null ? {} : { didYouMean: near }),
  });
}

function readSetting(pair: NodePair, setting: NamedSetting, reader: YamlReader): void {
  const { problems, readings } = reader.layer;
  const before = problems.length;
  const value = setting.sensitive
    ? secretValue(pair.value, setting, reader)
    : plainValue(pair.value, reader);
  if (problems.length > before) return;
  readings.push({ path: setting.path, value, origin: originAt(reader, pair.value ?? pair.key) });
}

function holdsSecrets(path: string): boolean {
  return path === '' || SENSITIVE_PATHS.some((secret) => secret.startsWith(`${path}.`));
}
