// What is wrong with a configuration, in words that let a person mend it. Values of sensitive settings
// never get into a problem: what was found is described here and nowhere else.

/** Where a value was written. Line and column are known for YAML files only. */
export interface Origin {
  /** A file name, `environment SALLYPORT_HTTP_PORT`, `option` or `default`. */
  readonly source: string;
  readonly line?: number;
  readonly column?: number;
}

export interface ConfigProblem extends Origin {
  /** The dotted path of the setting, or empty where a whole file is meant. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** The nearest name that exists. */
  readonly didYouMean?: string;
}

/** Thrown with every problem of a configuration at once; the message lists them line by line. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
  /** Files that were read, or would have been. */
  readonly files: readonly string[];

  constructor(
    problems: readonly ConfigProblem[],
    { warnings = [], files = [] }: { warnings?: readonly string[]; files?: readonly string[] } = {},
  ) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`The configuration has ${count}:\n${problems.map(problemLine).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
    this.warnings = warnings;
    this.files = files;
  }
}

/** `site.yaml:3:5 http.prot: expected a known setting, found an unknown one; did you mean http.port?` */
export function problemLine(problem: ConfigProblem): string {
  const path = problem.path === '' ? '' : ` ${problem.path}`;
  const hint = problem.didYouMean === undefined ? '' : `; did you mean ${problem.didYouMean}?`;
  return `${originText(problem)}${path}: expected ${problem.expected}, found ${problem.found}${hint}`;
}

export function originText(origin: Origin): string {
  if (origin.line === undefined) return origin.source;
  return `${origin.source}:${origin.line}:${origin.column ?? 1}`;
}

const SHOWN_CHARACTERS_MAX = 80;

/** A value in words. Of a sensitive one only its kind is told. */
export function describeFound(value: unknown, sensitive: boolean): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') {
    if (value === '') return 'an empty text';
    return sensitive ? 'a text (not shown)' : `the text ${shorten(JSON.stringify(value))}`;
  }
  if (Array.isArray(value)) {
    const items = `a list of ${value.length}`;
    return sensitive ? items : `${items}: ${shorten(JSON.stringify(value))}`;
  }
  if (typeof value === 'object') return 'a group of settings';
  return sensitive
    ? `a ${typeof value} (not shown)`
    : `the ${typeof value} ${typeof value === 'number' ? value : JSON.stringify(value)}`;
}

function shorten(text: string): string {
  if (text.length <= SHOWN_CHARACTERS_MAX) return text;
  return `${text.slice(0, SHOWN_CHARACTERS_MAX)}… (${text.length} characters)`;
}
