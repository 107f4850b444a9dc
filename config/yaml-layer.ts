// Reads one YAML file into readings with line and column. Knows the names of the table, not whether values
// are right. The parser's own messages quote the source, so only their codes are used.

import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import { nearest } from './nearest.ts';
import { describeFound, type ConfigProblem, type Origin } from './problem.ts';
import { LayerBuilder, type Layer } from './reading.ts';
import { fileTrouble, openness, readSecretFile } from './secret-file.ts';
import { SECTIONS, SENSITIVE_PATHS, SETTINGS, type NamedSetting } from './table.ts';

const FILE_BYTES_MAX = 1024 * 1024;

/** State of reading one file. */
interface Reader {
  file: string;
  mode: number;
  lines: LineCounter;
  layer: LayerBuilder;
}

export function readYamlLayer(file: string): Layer {
  const layer = new LayerBuilder();
  const expected = `a YAML file of up to ${FILE_BYTES_MAX} bytes`;
  try {
    const stat = statSync(file);
    if (stat.size > FILE_BYTES_MAX) {
      unreadable(layer, { source: file, path: '', expected, found: `${stat.size} bytes` });
      return layer;
    }
    const source = readFileSync(file, 'utf8');
    readSource(source, { file, mode: stat.mode, lines: new LineCounter(), layer });
  } catch (error) {
    unreadable(layer, { source: file, path: '', expected, found: fileTrouble(file, error) });
  }
  return layer;
}

function unreadable(layer: LayerBuilder, problem: ConfigProblem): void {
  layer.unreadable = true;
  layer.problems.push(problem);
}

function readSource(source: string, reader: Reader): void {
  const document = parseDocument(source, { lineCounter: reader.lines, prettyErrors: false });
  reportSyntax(document, reader);
  const onlyDuplicates = document.errors.every((error) => error.code === 'DUPLICATE_KEY');
  reader.layer.unreadable = !onlyDuplicates;
  if (onlyDuplicates && document.contents !== null) readNode(document.contents, '', reader);
}

function reportSyntax(document: Document, reader: Reader): void {
  for (const error of [...document.errors, ...document.warnings]) {
    const [expected, found] = SYNTAX[error.code] ?? ['valid YAML', `a mistake (${error.code})`];
    const origin = originAt(reader, error.pos[0]);
    reader.layer.problems.push({ ...origin, path: '', expected, found });
  }
}

const SYNTAX: Readonly<Record<string, readonly [expected: string, found: string]>> = {
  BAD_INDENT: ['the lines of one group to start in the same column', 'another indentation'],
  DUPLICATE_KEY: ['each name once in its group', 'the same name a second time'],
  MISSING_CHAR: ['valid YAML', 'a missing character, often a quote, a bracket or a colon'],
  MULTIPLE_DOCS: ['one document', 'a second one after ---'],
  TAB_AS_INDENT: ['spaces as indentation', 'a tab'],
  TAG_RESOLVE_FAILED: ['plain values', 'a tag that is not known'],
  BAD_ALIAS: ['values written out', 'an alias'],
  UNEXPECTED_TOKEN: ['valid YAML', 'something that does not belong here'],
};

function readNode(node: Node, path: string, reader: Reader): void {
  if (isMap(node)) {
    for (const pair of node.items) readPair(pair as Pair<Node, Node | null>, path, reader);
    return;
  }
  const empty = isScalar(node) && node.value === null;
  if (empty) return; // A group with nothing in it, all of it commented out perhaps.
  report(reader, node, {
    path,
    expected: 'a group of settings',
    found: describeFound(plainValue(node, reader), holdsSecrets(path)),
  });
}

function readPair(pair: Pair<Node, Node | null>, parent: string, reader: Reader): void {
  const name = isScalar(pair.key) ? String(pair.key.value) : '?';
  const path = parent === '' ? name : `${parent}.${name}`;
  const setting = SETTINGS.get(path);
  if (setting !== undefined) {
    readSetting(pair, setting, reader);
  } else if (SECTIONS.has(path)) {
    if (pair.value !== null) readNode(pair.value, path, reader);
  } else {
    const known = isMap(pair.value) ? [...SECTIONS, ...SETTINGS.keys()] : SETTINGS.keys();
    report(reader, pair.key, {
      path,
      expected: 'the name of a setting',
      found: 'an unknown name',
      ...suggestion(nearest(path, known)),
    });
  }
}

function readSetting(pair: Pair<Node, Node | null>, setting: NamedSetting, reader: Reader): void {
  const origin = originAt(reader, (pair.value?.range ?? pair.key.range ?? [0])[0]);
  const before = reader.layer.problems.length;
  const value = setting.sensitive
    ? secretValue(pair.value, setting, reader)
    : plainValue(pair.value, reader);
  if (reader.layer.problems.length > before) return;
  reader.layer.readings.push({ path: setting.path, value, origin });
}

/** A secret is written in place, or `{ file: path }`, or is a list of both. */
function secretValue(node: Node | null, setting: NamedSetting, reader: Reader): unknown {
  if (isSeq(node)) return node.items.map((item) => secretValue(item as Node, setting, reader));
  if (!isMap(node)) return inlineSecret(node, reader);
  const only = node.items.length === 1 ? node.items[0] : undefined;
  const isFile = isScalar(only?.key) && only.key.value === 'file' && isScalar(only.value);
  const named = isFile && isScalar(only?.value) ? only.value.value : null;
  if (typeof named !== 'string' || named === '') {
    const found = 'a group of settings that is not that';
    report(reader, node, { path: setting.path, expected: '{ file: path } or the secret', found });
    return null;
  }
  return secretFromFile(node, resolve(dirname(reader.file), named), { setting, reader });
}

function secretFromFile(
  node: Node,
  file: string,
  { setting, reader }: { setting: NamedSetting; reader: Reader },
): unknown {
  const secret = readSecretFile(file);
  if (!secret.ok) {
    const { expected, found } = secret;
    report(reader, node, { path: setting.path, expected, found });
    return null;
  }
  if (secret.warning !== null) reader.layer.warnings.push(secret.warning);
  return secret.text;
}

function inlineSecret(node: Node | null, reader: Reader): unknown {
  const value = plainValue(node, reader);
  const warning = value === null ? null : openness(reader.file, reader.mode);
  if (warning !== null && !reader.layer.warnings.includes(warning)) {
    reader.layer.warnings.push(warning);
  }
  return value;
}

/** A value without anchors: an alias is refused, so that a file cannot unfold without bound. */
function plainValue(node: Node | null, reader: Reader): unknown {
  if (node === null) return null;
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item) => plainValue(item as Node, reader));
  if (isMap(node)) return {};
  if (isAlias(node)) {
    report(reader, node, { path: '', expected: 'values written out', found: 'an alias' });
  }
  return null;
}

function holdsSecrets(path: string): boolean {
  return path === '' || SENSITIVE_PATHS.some((secret) => secret.startsWith(`${path}.`));
}

interface Report {
  path: string;
  expected: string;
  found: string;
  didYouMean?: string;
}

function report(reader: Reader, node: Node, what: Report): void {
  reader.layer.problems.push({ ...originAt(reader, (node.range ?? [0])[0]), ...what });
}

function suggestion(name: string | null): { didYouMean?: string } {
  return name === null ? {} : { didYouMean: name };
}

function originAt(reader: Reader, offset: number): Origin {
  const { line, col } = reader.lines.linePos(offset);
  return { source: reader.file, line, column: col };
}
