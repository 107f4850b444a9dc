// What no frame may carry, whatever its schema allows: card numbers, and text that no database can hold. The
// answer names the field and never its value.

import { inspectJson } from '../../../platform/http/card-numbers.ts';
import { type AnyFrame, malformed } from './parse.ts';

/** `/pointer: Expected …, found one.`, or null. */
export function forbiddenIn(value: unknown, prefix: string): string | null {
  const verdict = inspectJson(value);
  switch (verdict.kind) {
    case 'card':
      return `${prefix}${verdict.pointer}: Expected anything but a card number, found one.`;
    case 'nul':
      return `${prefix}${verdict.pointer}: Expected text without NUL, found one.`;
    case 'too_deep':
      return `${prefix}: Expected fewer levels of nesting, found more.`;
    case 'clean':
      return null;
  }
}

/** Of a greeting. Its keys, positions and signatures are digits by nature. */
const WORDS = ['fw', 'model', 'serial', 'caps', 'boot'] as const;

/** Before the schema looks: what it says of a wrong field may tell what was found there. */
export function refuseForbiddenWords(frame: AnyFrame): void {
  const why = forbiddenIn(Object.fromEntries(WORDS.map((word) => [word, frame[word]])), '');
  if (why !== null) throw malformed(`${frame.t}: ${why}`);
}
