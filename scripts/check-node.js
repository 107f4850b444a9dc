// Preloaded by the npm scripts (`node --import`): an older Node says what it needs in one line instead of
// stumbling over the first `.ts` file. Plain JavaScript, so that every Node can read it.

import { requireNode } from '../config/node-version.js';

requireNode();
