// `sallyport init`: asks little and writes a commented appliance.yaml. Touches nothing else, and never
// overwrites a file unless told to.

import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError, type Command, Option } from 'commander';
import { ConfigError, type ConfigProblem, problemLine } from '../../config/problem.ts';
import { SETTINGS } from '../../config/table.ts';
import {
  type Answers,
  DEFAULT_ANSWERS,
  type Question,
  QUESTIONS,
} from '../appliance-file/answers.ts';
import { readApplianceFile } from '../appliance-file/read.ts';
import { renderApplianceFile } from '../appliance-file/template.ts';
import { ExitError } from '../exit-codes.ts';

interface InitOptions extends Partial<Record<keyof Answers, string>> {
  file: string;
  yes: boolean;
  force: boolean;
}

export function addInitCommand(program: Command): void {
  const init = program
    .command('init')
    .description('ask a few things and write appliance.yaml')
    .option('--file <file>', 'where to', 'appliance.yaml')
    .option('--yes', 'take the defaults of what is not given', false)
    .option('--force', 'overwrite the file', false);
  for (const question of QUESTIONS) init.addOption(optionOf(question));
  init.action(runInit);
}

function optionOf(question: Question): Option {
  return new Option(`--${question.flag} <value>`, question.asks).argParser((text) => {
    const trouble = question.refuse(text);
    if (trouble !== null) throw new InvalidArgumentError(trouble);
    return text;
  });
}

async function runInit(options: InitOptions): Promise<void> {
  const file = resolve(options.file);
  if (existsSync(file) && !options.force) {
    throw new ExitError('badInput', `${file} is there already; --force overwrites it.`);
  }
  if (!existsSync(dirname(file))) {
    throw new ExitError(
      'badInput',
      `--file ${file}: expected the folder ${dirname(file)}, found none.`,
    );
  }
  const answers = await answersOf(options);
  const toFillIn = writeRight(
    file,
    renderApplianceFile({ ...answers, home: resolve(answers.home) }),
  );
  process.stdout.write(`${file} is written. Next: sallyport apply --file ${options.file}\n`);
  for (const open of toFillIn) process.stdout.write(`To fill in: ${open}\n`);
}

async function answersOf(options: InitOptions): Promise<Answers> {
  // Where systemd does not run, an apply could not use it.
  const supervisor = existsSync('/run/systemd/system') ? 'systemd' : 'pidfile';
  const answers: Answers = { ...DEFAULT_ANSWERS, supervisor };
  const asked: Question[] = [];
  for (const question of QUESTIONS) {
    const given = options[question.key];
    if (given !== undefined) answers[question.key] = given;
    else asked.push(question);
  }
  if (options.yes) return answers;
  if (!process.stdin.isTTY) {
    throw new ExitError(
      'badInput',
      'Expected a terminal to ask at, found none. Give the answers as flags and --yes.',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (const question of asked) {
      if (question.when(answers)) answers[question.key] = await ask(terminal, question, answers);
    }
  } finally {
    terminal.close();
  }
  return answers;
}

async function ask(
  terminal: { question(text: string): Promise<string> },
  question: Question,
  answers: Answers,
): Promise<string> {
  for (;;) {
    const fallback = answers[question.key];
    const text = (await terminal.question(`${question.asks} [${fallback}]: `)).trim() || fallback;
    const trouble = question.refuse(text);
    if (trouble === null) return text;
    process.stderr.write(`${trouble}\n`);
  }
}

/**
 * @returns what it still needs before apply: passwords of a database that exists already, say.
 * @throws ExitError for answers that contradict each other; nothing is written then.
 */
function writeRight(file: string, text: string): string[] {
  // In its folder, because paths within are relative to it.
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    const problems = problemsOf(draft).map((problem) => ({ ...problem, source: file }));
    const isSecret = ({ path }: ConfigProblem): boolean => SETTINGS.get(path)?.sensitive === true;
    const wrong = problems.filter((problem) => !isSecret(problem));
    if (wrong.length > 0) {
      const lines = wrong.map(
        ({ path, expected, found }) => `  ${path}: expected ${expected}, found ${found}`,
      );
      throw new ExitError(
        'badInput',
        `The answers do not fit each other; nothing was written.\n${lines.join('\n')}`,
      );
    }
    renameSync(draft, file);
    return problems.map(problemLine);
  } finally {
    rmSync(draft, { force: true });
  }
}

function problemsOf(file: string): readonly ConfigProblem[] {
  try {
    readApplianceFile(file);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
