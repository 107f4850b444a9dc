// The words of the catalogue: a case sends something wrong through a real edge and says what it must get
// back. What is documented is the answer that really came, in `docs/bad-input.md`.

import type { Stage } from './stage.ts';

export const EDGES = ['config', 'http', 'import', 'webhook', 'frame'] as const;
export type Edge = (typeof EDGES)[number];

export interface BadAnswer {
  /** `exit 2`, `422 validation_failed`, `close 4501`. */
  code: string;
  message: string;
}

export interface BadCase {
  id: string;
  edge: Edge;
  /** What is wrong, in words. */
  title: string;
  send(stage: Stage): Promise<BadAnswer>;
  /** Needs a device that is welcome; its line is opened before the first checksum. */
  welcome?: boolean;
  expect: {
    code: string;
    /** All in the message: the field, what was expected and what was found, as far as each may be told. */
    says: readonly string[];
  };
  /** Tables that keep something on purpose, with the reason; all others must be as before. */
  leaves?: Readonly<Record<string, string>>;
}

/** Names that differ from run to run, for the page and for comparing the two databases. */
export function withoutChance(text: string): string {
  return text
    .replaceAll(/\b([a-z]{3})_[0-9abcdefghjkmnpqrstvwxyz]{26}\b/g, '$1_…')
    .replaceAll(/\/[^\s"':]*\/(sallyport|twin)-[^\s"':]*\//g, '…/')
    .replaceAll(/\b20\d\d-\d\d-\d\dT[\d:]+\.\d{3}Z/g, '<now>')
    .replaceAll(/\b1[0-9]{12}\b/g, '<ms>')
    .replaceAll(/\b[0-9a-f]{16}\b/g, '<epoch>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>');
}
