// Questions of the terminal: the id is minted and on the disk before the first byte is sent, the same
// question is repeated after a lost line, and an answer after the deadline is void: nothing opens.

import { randomBytes } from 'node:crypto';
import type { Frame, Link } from './link.ts';
import type { Operation, Store } from './store.ts';

export type Told = (line: Record<string, unknown>) => void;

export type Operations = {
  ask(kind: string, body: Record<string, unknown>, deadlineMs: number): string;
  /** Repeats what has no answer. */
  welcomed(): void;
  answered(frame: Frame): void;
  lost(): void;
  open(): number;
};

/** As many as the gateway takes at once (§7). */
const OPEN_MAX = 4;

export function createOperations(store: Store, link: Link, tell: Told): Operations {
  /** Since when, by the monotonic clock, of those that were asked in this life of the process. */
  const askedMs = new Map<string, number>();
  const onTheWay = new Set<string>();

  const pump = (): void => {
    if (!link.isUp() || onTheWay.size >= OPEN_MAX) return;
    for (const operation of store.openOperations()) {
      if (onTheWay.size >= OPEN_MAX) return;
      if (onTheWay.has(operation.id)) continue;
      const { id, kind, deadlineMs, body } = operation;
      if (!link.send({ t: 'ask', id, kind, deadline_ms: deadlineMs, p: body })) return;
      onTheWay.add(id);
    }
  };

  return {
    ask: (kind, body, deadlineMs) => {
      const id = `opr_t_${randomBytes(16).toString('hex')}`;
      const operation: Operation = { id, kind, body, deadlineMs, at: Date.now() };
      const since = performance.now();
      store.keepOperation(operation);
      askedMs.set(id, since);
      tell({ ev: 'asked', id });
      pump();
      return id;
    },
    welcomed: pump,
    answered: (frame) => {
      const { t: _t, id: told, ...answer } = frame;
      const id = String(told);
      onTheWay.delete(id);
      const isTransient =
        answer['decision'] === 'error' &&
        ['busy', 'unavailable', 'internal'].includes(String(answer['reason']));
      if (isTransient) {
        tell({ ev: 'unanswered', id, reason: answer['reason'], detail: answer['detail'] });
        setTimeout(pump, 200);
        return;
      }
      if (store.keepAnswer(id, answer)) tell(answerLine(id, answer, askedMs.get(id)));
      askedMs.delete(id);
      pump();
    },
    lost: () => onTheWay.clear(),
    open: () => store.openOperations().length,
  };
}

function answerLine(
  id: string,
  answer: Record<string, unknown>,
  since: number | undefined,
): Record<string, unknown> {
  // After a restart nobody stands at the door any more.
  const ms = since === undefined ? null : Math.round((performance.now() - since) * 10) / 10;
  return { ev: 'answer', id, ...answer, ms };
}
