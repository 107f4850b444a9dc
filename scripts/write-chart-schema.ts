// Writes values.yaml, values.schema.json, files/settings.yaml and README.md of the chart.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartFiles } from './chart/chart-files.ts';

const CHART = join(import.meta.dirname, '..', 'helm', 'sallyport');
for (const [name, text] of chartFiles()) writeFileSync(join(CHART, name), text);
