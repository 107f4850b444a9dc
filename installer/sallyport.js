#!/usr/bin/env node
// The `sallyport` command for a Node that may be too old to read TypeScript: it can at least say so.

import { requireNode } from '../config/node-version.js';

requireNode();
await import('./main.ts');
