// The four files of the chart that are written from data: values.yaml, its schema, the list of settings
// for the templates and the README's table.

import { SETTINGS } from '../../config/table.ts';
import { CHART_VALUES } from './chart-values.ts';
import { settingsForTemplates } from './config-values.ts';
import { README_HEAD } from './readme-head.ts';
import { leavesOf, type Group, type Value, type ValuesTree } from './value.ts';

const WIDTH = 110;

/** File names below helm/sallyport with their whole text. */
export function chartFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['values.yaml', `${VALUES_HEAD}\n${yamlOf(CHART_VALUES, '')}`],
    ['values.schema.json', `${JSON.stringify(schemaOfValues(), null, 2)}\n`],
    ['files/settings.yaml', `# ${GENERATED}\n${JSON.stringify(settingsForTemplates(), null, 2)}\n`],
    ['README.md', `${README_HEAD}${readmeTable()}`],
  ]);
}

const GENERATED =
  'Written by `npm run write:chart` from scripts/chart and the config table. Do not edit.';
const VALUES_HEAD = `# Default values. ${GENERATED}
# An unknown key anywhere is refused. Every setting of \`config\`: docs/configuration.md.
`;

/** No value of ours, so it has no default: a parent chart's condition is handed on to its subchart. */
const CONDITION = {
  description: 'Read by the `condition` of a parent chart; this chart itself does not look at it.',
  type: 'boolean',
};

function schemaOfValues(): Record<string, unknown> {
  const root = schemaOfGroup({ kind: 'group', doc: GENERATED, values: CHART_VALUES, open: false });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the Sallyport chart',
    ...root,
    properties: { enabled: CONDITION, ...(root['properties'] as object) },
  };
}

function schemaOfGroup({ doc, values, open }: Group): Record<string, unknown> {
  const properties = Object.entries(values).map(([name, entry]) => [
    name,
    entry.kind === 'group' ? schemaOfGroup(entry) : { description: entry.doc, ...entry.schema },
  ]);
  return {
    description: doc,
    type: 'object',
    additionalProperties: open,
    properties: Object.fromEntries(properties) as unknown,
  };
}

function yamlOf(tree: ValuesTree, indent: string): string {
  const entries = Object.entries(tree).map(([name, entry]) => {
    const comment = commentOf(entry, indent);
    return entry.kind === 'group'
      ? `${comment}${indent}${name}:\n${yamlOf(entry.values, `${indent}  `)}`
      : `${comment}${indent}${name}:${yamlValue(entry.default, indent)}\n`;
  });
  return entries.join(indent === '' ? '\n' : '');
}

function yamlValue(initial: unknown, indent: string): string {
  const isTree = typeof initial === 'object' && initial !== null && !Array.isArray(initial);
  if (!isTree || Object.keys(initial).length === 0) return ` ${scalar(initial)}`;
  return Object.entries(initial)
    .map(([name, inner]) => `\n${indent}  ${name}:${yamlValue(inner, `${indent}  `)}`)
    .join('');
}

function scalar(initial: unknown): string {
  if (typeof initial !== 'string') return JSON.stringify(initial);
  return /^[a-zA-Z][\w./-]*$/.test(initial) ? initial : `'${initial}'`;
}

function commentOf(entry: Value | Group, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of entry.doc.split(' ')) {
    if (`${indent}# ${line} ${word}`.length > WIDTH && line !== '') {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((text) => `${indent}# ${text}\n`).join('');
}

function readmeTable(): string {
  const rows = leavesOf(CHART_VALUES).map(([path, entry]) => {
    const doc = entry.doc.replaceAll('|', '\\|').replaceAll('<', '&lt;');
    return `| \`${path}\` | \`${JSON.stringify(entry.default)}\` | ${doc} |`;
  });
  return `## Values

\`config\` takes the ${SETTINGS.size} settings of docs/configuration.md but for secrets and places.

| Value | Default | Meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}
