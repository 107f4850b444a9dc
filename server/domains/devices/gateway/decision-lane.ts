// One connection's questions: each goes to the decision of its kind and is answered once, before its
// deadline or with what is true after it. `expired` is said only when nothing is in force and nothing will
// be. What a kind means is handed in. A question never waits behind events.

import { isAppError, toError } from '../../../shared/errors.ts';
import type { Timer, World } from '../../../shared/world.ts';
import type { Logger } from 'pino';
import type {
  Decision,
  DecisionAnswer,
  DecisionContext,
  DecisionRequest,
  DeviceContext,
} from '../parts.ts';
import { forbiddenIn } from './forbidden.ts';
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

/** A question under way: what ends it early, and the wait for its deadline. */
interface OpenAsk {
  abort: AbortController;
  timer: Timer;
}

export interface DecisionLane {
  receive(frame: AnyFrame): void;
  /** The connection is gone: nobody waits for what is still being decided. */
  close(): void;
}

export function createDecisionLane(parts: DecisionLaneParts): DecisionLane {
  const open = new Map<string, OpenAsk>();

  const receive = (frame: AnyFrame): void => {
    const ask = readAs(Ask, frame);
    if (open.has(ask.id)) return; // its answer is on its way
    const startedMs = parts.world.monotonic();
    const reply = (answer: Answer): void => {
      parts.send({ ...answer, t: 'answer', id: ask.id });
      const kind = parts.decisions[ask.kind] === undefined ? 'unknown' : ask.kind;
      const tookMs = parts.world.monotonic() - startedMs;
      parts.observe({ kind, decision: answer.decision, tookMs });
    };
    const decision = parts.decisions[ask.kind];
    if (decision === undefined) return reply(unknownKind(parts, ask.kind));
    const refusal = refuse(ask, open.size);
    if (refusal !== null) return reply(refusal);
    const deadlineMs = Math.min(ask.deadline_ms, parts.deadlineMsMax);
    const abort = new AbortController();
    const deadlineAt = parts.world.clock.now() + deadlineMs;
    const asked: Asked = {
      context: { ...parts.context(), deadlineAt, signal: abort.signal },
      request: { id: ask.id, kind: ask.kind, p: ask.p },
    };
    // Decision or deadline: whichever comes first goes on alone. A closed connection has neither.
    let isTaken = false;
    const take = (): boolean => open.has(ask.id) && !isTaken && (isTaken = true);
    const finish = (answer: Answer): void => {
      if (open.delete(ask.id)) reply(answer);
    };
    const expire = (): void => {
      abort.abort();
      void concede(decision, asked, parts).then(finish);
    };
    const timer = parts.world.timers.after(deadlineMs, () => void (take() && expire()));
    open.set(ask.id, { abort, timer });
    void settle(decision, asked, parts).then((answer) => {
      if (!take()) return;
      timer.cancel();
      // The timer itself may be late, when the process was busy.
      const isLate = parts.world.monotonic() - startedMs >= deadlineMs;
      if (answer === null || isLate) expire();
      else finish(answer);
    });
  };

  return {
    receive,
    close: () => {
      for (const { abort, timer } of open.values()) {
        timer.cancel();
        abort.abort();
      }
      open.clear();
    },
  };
}

function unknownKind({ decisions }: DecisionLaneParts, kind: string): Answer {
  const known = Object.keys(decisions).join(', ');
  return failed('unknown_kind', `Expected one of ${known}, found ${kind}.`);
}

/** Why it is not even tried. */
function refuse({ p }: Ask, openCount: number): Answer | null {
  const why = forbiddenIn(p, '/p');
  if (why !== null) return failed('invalid', why);
  if (openCount < LIMITS.asksOpen) return null;
  return failed('busy', `Expected at most ${LIMITS.asksOpen} open questions.`);
}

interface Asked {
  context: DecisionContext;
  request: DecisionRequest;
}

/** Null when it came too late to decide. */
async function settle(
  decision: Decision,
  { context, request }: Asked,
  { log }: Pick<DecisionLaneParts, 'log'>,
): Promise<Answer | null> {
  try {
    return await decision.decide(context, request);
  } catch (thrown) {
    if (isAppError(thrown, 'deadline_passed')) return null;
    if (isAppError(thrown) && thrown.kind !== 'internal')
      return failed(thrown.kind === 'unavailable' ? 'unavailable' : 'invalid', thrown.message);
    log.error({ err: toError(thrown) }, 'a decision failed');
    return failed('internal', 'Something failed on our side.');
  }
}

/** Said only once it is true. Where that cannot be written, the device asks again. */
async function concede(
  decision: Decision,
  { context, request }: Asked,
  { log }: Pick<DecisionLaneParts, 'log'>,
): Promise<Answer> {
  try {
    return await decision.giveUp(context, request);
  } catch (thrown) {
    log.warn({ err: toError(thrown) }, 'an expired question could not be closed');
    return failed('unavailable', 'The deadline passed and the end is not settled: ask again.');
  }
}

function failed(reason: string, detail: string): Answer {
  return { decision: 'error', reason, detail };
}
