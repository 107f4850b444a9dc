// Writes the table of rules in docs/migrations.md from the linter's own data.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withRules } from './migrations-lint/page.ts';

const file = join(import.meta.dirname, '../docs/migrations.md');
writeFileSync(file, withRules(readFileSync(file, 'utf8')));
