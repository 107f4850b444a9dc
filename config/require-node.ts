// The first import of every entry point: checks Node, then the entry imports the rest dynamically.
// Static imports are hoisted, so an entry may import nothing else statically.

export { requireNode } from './node-version.js';
