// Writes docs/preflight.md from the checks.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPreflightPage } from '../installer/preflight/page.ts';

writeFileSync(join(import.meta.dirname, '../docs/preflight.md'), renderPreflightPage());
