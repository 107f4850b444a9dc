// Types of node-version.js, which is plain JavaScript so that older versions of Node can run it.

export function nodeVersionProblem(version: string): string | null;
export function requireNode(): void;
