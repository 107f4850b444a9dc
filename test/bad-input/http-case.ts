// One wrong request to the REST API, and what it gets.

import type { BadRequest } from './send-http.ts';
import type { Stage } from './stage.ts';

export interface HttpCase {
  title: string;
  send: BadRequest | ((stage: Stage) => BadRequest | Promise<BadRequest>);
  code: string;
  says: readonly string[];
}
