// `sallyport config docs`: writes the reference page of the settings.

import { writeFileSync } from 'node:fs';
import { renderReference } from '../../config/reference.ts';

export function writeConfigDocs(out: string): void {
  if (out === '-') {
    process.stdout.write(renderReference());
    return;
  }
  writeFileSync(out, renderReference());
  process.stdout.write(`${out} is written.\n`);
}
