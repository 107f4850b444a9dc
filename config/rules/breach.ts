// What a rule between settings finds.

export interface RuleBreach {
  /** The setting to change; the problem is shown where it was written. */
  readonly path: string;
  /** Other settings the rule looked at; it stays silent while one of them is wrong by itself. */
  readonly besides: readonly string[];
  readonly expected: string;
  /** Never the value of a sensitive setting. */
  readonly found: string;
}
