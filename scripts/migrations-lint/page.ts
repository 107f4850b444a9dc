// The table of rules on docs/migrations.md, between its two marks.

import { RULES } from './lint.ts';
import { NOT_JUDGED } from './rules-form.ts';

const MARKED = /(<!-- generated: rules -->\n)[\s\S]*?(<!-- end: rules -->)/;

export function withRules(page: string): string {
  if (!MARKED.test(page)) throw new Error('docs/migrations.md: expected the marks of the rules.');
  const rows = [...RULES, NOT_JUDGED].map(
    ({ id, holds, refuses, why, remedy }) =>
      `| \`${id}\`${holds === 'expand' ? ' ¹' : ''} | ${refuses} | ${why} | ${remedy} |`,
  );
  const head = ['| Rule | A migration that… | Why not | Instead |', '| --- | --- | --- | --- |'];
  const table = [...head, ...rows].join('\n');
  return page.replace(
    MARKED,
    (_all, open: string, close: string) => `${open}\n${table}\n\n${close}`,
  );
}
