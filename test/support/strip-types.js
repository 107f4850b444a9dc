// jest's transformer for the product's own sources: exactly what Node does when it runs them, types
// blanked out and every other character left in its place. So tests run the code that production runs,
// and coverage of tests and of child processes speak of the same positions and can be added up.

import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
  getCacheKey: (source) =>
    createHash('sha256').update(process.version).update(source).digest('hex').slice(0, 32),
};
