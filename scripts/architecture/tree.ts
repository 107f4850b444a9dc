// The tree of folders for docs/architecture.md. What a folder is for is the first sentence of a file that
// speaks for it: the header comment of its main file, or the README's first paragraph. Where no file does,
// the folder's files are named, which says no more than is true.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SPEAKERS } from './speakers.ts';

/** How many folders deep each branch is told. */
const DEPTH: Readonly<Record<string, number>> = { server: 3, test: 2 };
const DEPTH_DEFAULT = 2;
const NO_SOURCES = new Set(['node_modules', 'coverage', 'data', 'tmp', 'docs']);
const FILES_NAMED_MAX = 4;

export function renderTree(root: string): string {
  const tops = foldersIn(root).filter((name) => !NO_SOURCES.has(name));
  return tops.flatMap((top) => branch(root, top, (DEPTH[top] ?? DEPTH_DEFAULT) - 1)).join('\n');
}

function branch(root: string, folder: string, deeper: number): string[] {
  const parts = folder.split('/');
  const indent = '  '.repeat(parts.length - 1);
  const line = `${indent}- \`${parts.at(-1)}/\` – ${purposeOf(root, folder)}`;
  if (deeper === 0) return [line];
  const inner = foldersIn(join(root, folder)).map((name) => `${folder}/${name}`);
  return [line, ...inner.flatMap((each) => branch(root, each, deeper - 1))];
}

export function purposeOf(root: string, folder: string): string {
  const said = speakersOf(folder)
    .filter((file) => existsSync(join(root, file)))
    .map((file) => firstSentence(file, readFileSync(join(root, file), 'utf8')))
    .filter((sentence) => sentence !== '');
  const named = SPEAKERS[folder];
  if (named !== undefined && said.length > 0) return said.join(' ');
  return said[0] ?? filesOf(join(root, folder));
}

function speakersOf(folder: string): readonly string[] {
  const name = folder.split('/').at(-1) ?? folder;
  const usual = ['index.ts', 'main.ts', `${name}.ts`, 'README.md'];
  return SPEAKERS[folder] ?? usual.map((file) => `${folder}/${file}`);
}

export function firstSentence(file: string, text: string): string {
  const words = file.endsWith('.md') ? firstParagraph(text) : headerComment(text);
  const sentence = /^.*?[.:](?= [A-Z`]|$)/.exec(words)?.[0] ?? words;
  return sentence
    .replace(/:$/, '.')
    .replace(/^The only door of [^:]+: /, '')
    .trim();
}

function headerComment(text: string): string {
  const lines = text.split('\n');
  const start = lines[0]?.startsWith('#!') ? 1 : 0;
  const end = lines.findIndex((line, at) => at >= start && !line.startsWith('//'));
  return lines
    .slice(start, end === -1 ? undefined : end)
    .map((line) => line.slice(2).trim())
    .join(' ');
}

function firstParagraph(text: string): string {
  const paragraphs = text.split(/\n\s*\n/).map((paragraph) => paragraph.trim());
  return paragraphs.find((paragraph) => /^[A-Z`]/.test(paragraph))?.replaceAll('\n', ' ') ?? '';
}

function filesOf(folder: string): string {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => `\`${name}\``)
    .toSorted();
  const more = files.length > FILES_NAMED_MAX ? ', …' : '';
  return files.length === 0 ? 'folders only' : files.slice(0, FILES_NAMED_MAX).join(', ') + more;
}

/** Folders that hold at least one file at any depth; git knows no others, nor what a bench wrote into `out`. */
function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|out$)/.test(entry.name))
    .filter((entry) => holdsFiles(join(folder, entry.name)))
    .map(({ name }) => name)
    .toSorted();
}

function holdsFiles(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some(
    (entry) => entry.isFile() || (entry.isDirectory() && holdsFiles(join(folder, entry.name))),
  );
}
