// What one step of an install is. A step may be run twice, and may be killed anywhere in between: `isDone`
// looks at the machine, never at what was remembered, wherever the machine can tell.

/** What the journal can hold. */
export type Remembered = string | number | boolean | null | { [name: string]: Remembered };

export interface StepState {
  done: boolean;
  /** What was found, in words: of a step to do, what differs. */
  found: string;
}

export interface Step {
  /** Short and unique; the journal knows the step by it. */
  readonly name: string;
  /** What it does, for people. */
  readonly says: string;
  /** From this step on what serves may be disturbed, so that going back must start it again. */
  readonly disturbs?: boolean;
  /** Only looks. */
  isDone(): Promise<StepState>;
  /** Only looks: what `undo` will need. Kept in the journal before `run`. */
  remember?(): Promise<Remembered>;
  run(): Promise<void>;
  /** Throws when what `run` did is not well. */
  verify?(): Promise<void>;
  /** Leaves things as `remember` found them; safe to run twice. */
  undo?(before: Remembered): Promise<void>;
}

export function isDone(found: string): StepState {
  return { done: true, found };
}

export function toDo(found: string): StepState {
  return { done: false, found };
}
