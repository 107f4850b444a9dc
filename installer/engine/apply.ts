// Runs the steps that are not done, in order, each journalled before and after. A failure takes back what
// this run (or the killed one it goes on from) did, newest first, and starts again what served before. Where
// that does not work the run is stuck: the journal stays open, and the next run goes on from there.

import { join } from 'node:path';
import { ExitError } from '../exit-codes.ts';
import type { Host } from '../host/host.ts';
import { type AcceptedRisk, type Journal, openJournal } from './journal.ts';
import { takeLock } from './lock.ts';
import { planSteps } from './plan.ts';
import type { Remembered, Step } from './step.ts';

export interface StepEvent {
  event: 'step';
  step: string;
  says: string;
  state: 'done before' | 'running' | 'done' | 'failed' | 'undone';
  ms: number;
  detail: string;
}

export interface Undertaking {
  verb: string;
  /** What it works towards, for the journal: a release and a configuration. */
  target: string;
  steps: readonly Step[];
  /** A folder for journal and lock. */
  stateDir: string;
  /** Starts again what served before the run, after everything was taken back. */
  settle: () => Promise<void>;
  /** False where there is no way back (uninstall). */
  canGoBack: boolean;
  onEvent: (event: StepEvent) => void;
  /** What somebody answers for; kept in the journal. */
  risks?: readonly AcceptedRisk[];
  /** Only where a run was begun before; nothing is made for it, not even a folder. */
  needsInstall?: boolean;
  /** Once all is done nothing is remembered: the state folder is emptied, journal and lock last. */
  forgets?: boolean;
}

const JOURNAL = 'journal.ndjson';
const LOCK = 'lock';

export type Outcome = 'nothing to do' | 'done';

/** @throws ExitError `locked`, `notInstalled`, `takenBack` or `stuck`. */
export async function undertake(host: Host, undertaking: Undertaking): Promise<Outcome> {
  const { stateDir, needsInstall = false, forgets = false } = undertaking;
  const journal = openJournal(host, join(stateDir, JOURNAL));
  if (needsInstall) await requireInstall(host, stateDir);
  if (!forgets && (await nothingToDo(journal, undertaking))) return 'nothing to do';
  if (!needsInstall && (await host.files.kind(stateDir)) === null) {
    await host.files.makeFolder(stateDir, 0o700);
  }
  const lock = await takeLock(host, join(stateDir, LOCK));
  try {
    // Looked at again: the run that held the lock may have done it.
    if (needsInstall) await requireInstall(host, stateDir);
    const isDone = await nothingToDo(journal, undertaking);
    if (!isDone) await run(host, journal, undertaking);
    if (forgets) await forget(host, stateDir);
    return isDone && !forgets ? 'nothing to do' : 'done';
  } finally {
    await lock.release();
  }
}

/** A folder is ours when a run of ours was begun in it. @throws ExitError `notInstalled`. */
export async function requireInstall(host: Host, stateDir: string): Promise<void> {
  const file = join(stateDir, JOURNAL);
  if (await openJournal(host, file).hasBegun()) return;
  throw new ExitError(
    'notInstalled',
    `Nothing is installed: expected the journal of an install at ${file}, found none. Nothing was touched.`,
  );
}

/** The journal after everything it tells of; the lock is released by its owner. */
async function forget(host: Host, stateDir: string): Promise<void> {
  for (const name of await host.files.list(stateDir)) {
    if (name !== JOURNAL && name !== LOCK) await host.files.remove(join(stateDir, name));
  }
  await host.files.remove(join(stateDir, JOURNAL));
}

async function nothingToDo(journal: Journal, { steps }: Undertaking): Promise<boolean> {
  if ((await journal.unfinished()) !== null) return false;
  return (await planSteps(steps)).every((step) => step.done);
}

async function run(host: Host, journal: Journal, undertaking: Undertaking): Promise<void> {
  const unfinished = await journal.unfinished();
  const { verb, target, risks = [] } = undertaking;
  await journal.tell({ event: 'begin', verb, target, ...(risks.length === 0 ? {} : { risks }) });
  const began = new Map<string, Remembered>(unfinished?.before);
  const open = new Set<string>(unfinished?.open);
  const work: Work = { host, journal, undertaking, began, open };
  for (const step of undertaking.steps) {
    try {
      await take(step, work);
    } catch (error) {
      await giveUp(step, error, work);
    }
  }
  await journal.tell({ event: 'end', outcome: 'done' });
}

interface Work {
  host: Host;
  journal: Journal;
  undertaking: Undertaking;
  /** Steps begun since the last finished run, with what they remembered. */
  began: Map<string, Remembered>;
  /** Of those, the ones not known to be done. */
  open: Set<string>;
}

async function take(step: Step, work: Work): Promise<void> {
  const { host, journal, undertaking, began, open } = work;
  const startedAtMs = host.clock.nowMs();
  const tell = (state: StepEvent['state'], detail: string): void =>
    undertaking.onEvent(eventOf(step, { state, detail, ms: host.clock.nowMs() - startedAtMs }));
  const { done, found } = await step.isDone();
  if (done && !open.has(step.name)) {
    tell('done before', found);
    return;
  }
  tell('running', found);
  const before = began.get(step.name) ?? (await step.remember?.()) ?? null;
  if (!began.has(step.name)) began.set(step.name, before);
  await journal.tell({ event: 'before', step: step.name, before });
  // Killed after its last effect: only whether it is well is not known.
  if (!done) await step.run();
  await step.verify?.();
  await journal.tell({ event: 'done', step: step.name });
  open.delete(step.name);
  tell('done', found);
}

async function giveUp(failed: Step, error: unknown, work: Work): Promise<never> {
  const { journal, undertaking, began } = work;
  const message = messageOf(error);
  undertaking.onEvent(eventOf(failed, { state: 'failed', detail: message, ms: 0 }));
  const reason = `Step ${failed.name} failed: ${message}`;
  if (!undertaking.canGoBack) {
    throw new ExitError('stuck', `${reason}\nRun the same command again; it goes on there.`, {
      cause: error,
    });
  }
  const begun = undertaking.steps.filter((step) => began.has(step.name));
  for (const step of begun.toReversed()) {
    await undoStep(step, work).catch((undoError: unknown) => {
      throw stuck(reason, `undoing ${step.name}: ${messageOf(undoError)}`, undoError);
    });
  }
  if (begun.some((step) => step.disturbs === true)) {
    await undertaking.settle().catch((settleError: unknown) => {
      throw stuck(reason, `starting what served before: ${messageOf(settleError)}`, settleError);
    });
  }
  await journal.tell({ event: 'end', outcome: `taken back: ${failed.name}` });
  throw new ExitError('takenBack', `${reason}\nEverything is as it was before.`, { cause: error });
}

async function undoStep(step: Step, { journal, undertaking, began }: Work): Promise<void> {
  await step.undo?.(began.get(step.name) ?? null);
  await journal.tell({ event: 'undone', step: step.name });
  if (step.undo !== undefined) {
    undertaking.onEvent(eventOf(step, { state: 'undone', detail: '', ms: 0 }));
  }
}

function stuck(reason: string, what: string, cause: unknown): ExitError {
  return new ExitError(
    'stuck',
    `${reason}\nGoing back failed too, at ${what}\nMend that and run the same command again; it goes on there.`,
    { cause },
  );
}

function eventOf(step: Step, rest: Pick<StepEvent, 'state' | 'detail' | 'ms'>): StepEvent {
  return { event: 'step', step: step.name, says: step.says, ...rest };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
