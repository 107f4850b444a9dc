// `sallyport config docs`: the reference page of the settings, made from the table. It needs no file of the
// documentation, so it works in the image too.

import { writeFileSync } from 'node:fs';
import { renderReference } from '../../config/reference.ts';
import { ExitError } from '../exit-codes.ts';

export function writeConfigDocs(out: string): void {
  if (out === '-') {
    process.stdout.write(renderReference());
    return;
  }
  try {
    writeFileSync(out, renderReference());
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ExitError(
      'badInput',
      `--out: expected a file in a folder that is there and may be written, found ${code} at ${out}. Without --out the page is printed.`,
      { cause: error },
    );
  }
  process.stdout.write(`${out} is written.\n`);
}
