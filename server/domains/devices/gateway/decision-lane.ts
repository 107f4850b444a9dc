// One connection's questions: each goes to the decision of its kind and is answered once, before its
// deadline or as `expired`. What a kind means is handed in. A question never waits behind events.

import { isAppError, toError } from '../../../shared/errors.ts';
import { inspectJson } from '../../../platform/http/card-numbers.ts';
import type { World } from '../../../shared/world.ts';
import type { Logger } from 'pino';
import type { Decision, DecisionAnswer, DeviceContext } from '../parts.ts';
import { Ask } from './frames.ts';
import { type AnyFrame, readAs } from './parse.ts';
import { LIMITS } from './protocol.ts';

export interface DecisionLaneParts {
  world: World;
  log: Logger;
  decisions: Readonly<Record<string, Decision>>;
  deadlineMsMax: number;
  context(): DeviceContext;
  send(frame: object): void;
  observe(answered: { kind: string; decision: string; tookMs: number }): void;
}

type Answer = Omit<DecisionAnswer, 'decision'> & { decision: string };

export interface DecisionLane {
  receive(frame: AnyFrame): void;
  /** The connection is gone: nobody waits for what is still being decided. */
  close(): void;
}

export function createDecisionLane(parts: DecisionLaneParts): DecisionLane {
  const open = new Map<string, AbortController>();

  const receive = (frame: AnyFrame): void => {
    const ask = readAs(Ask, frame);
    if (open.has(ask.id)) return; // its answer is on its way
    const startedMs = parts.world.monotonic();
    let isAnswered = false;
    const reply = (answer: Answer): void => {
      if (isAnswered) return;
      isAnswered = true;
      parts.send({ ...answer, t: 'answer', id: ask.id });
      const kind = parts.decisions[ask.kind] === undefined ? 'unknown' : ask.kind;
      const tookMs = parts.world.monotonic() - startedMs;
      parts.observe({ kind, decision: answer.decision, tookMs });
    };
    const decide = parts.decisions[ask.kind];
    if (decide === undefined) {
      const known = Object.keys(parts.decisions).join(', ');
      return reply(failed('unknown_kind', `Expected one of ${known}, found ${ask.kind}.`));
    }
    const verdict = inspectJson(ask.p);
    if (verdict.kind === 'card' || verdict.kind === 'nul') {
      const what = verdict.kind === 'card' ? 'anything but a card number' : 'text without NUL';
      return reply(failed('invalid', `/p${verdict.pointer}: Expected ${what}, found one.`));
    }
    if (open.size >= LIMITS.asksOpen)
      return reply(failed('busy', `Expected at most ${LIMITS.asksOpen} open questions.`));
    const deadlineMs = Math.min(ask.deadline_ms, parts.deadlineMsMax);
    const controller = new AbortController();
    open.set(ask.id, controller);
    const timer = parts.world.timers.after(deadlineMs, () => {
      reply({ decision: 'expired', reason: null });
      controller.abort();
    });
    const context = {
      ...parts.context(),
      deadlineAt: parts.world.clock.now() + deadlineMs,
      signal: controller.signal,
    };
    void settle(() => decide(context, { id: ask.id, kind: ask.kind, p: ask.p }), parts)
      .then(reply)
      .finally(() => {
        timer.cancel();
        open.delete(ask.id);
      });
  };

  return {
    receive,
    close: () => {
      for (const controller of open.values()) controller.abort();
    },
  };
}

async function settle(
  decide: () => Promise<DecisionAnswer>,
  { log }: Pick<DecisionLaneParts, 'log'>,
): Promise<Answer> {
  try {
    return await decide();
  } catch (thrown) {
    if (isAppError(thrown, 'deadline_passed')) return { decision: 'expired', reason: null };
    if (isAppError(thrown) && thrown.kind !== 'internal')
      return failed(thrown.kind === 'unavailable' ? 'unavailable' : 'invalid', thrown.message);
    log.error({ err: toError(thrown) }, 'a decision failed');
    return failed('internal', 'Something failed on our side.');
  }
}

function failed(reason: string, detail: string): Answer {
  return { decision: 'error', reason, detail };
}
