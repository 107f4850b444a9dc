// How a run tells its steps: a line each on standard error, or JSON on standard output.

import type { StepEvent } from '../engine/apply.ts';

const WORDS: Record<StepEvent['state'], string> = {
  'done before': '·',
  running: '→',
  done: '✓',
  failed: '✗',
  undone: '↩',
};

export function tellProgress(json: boolean): (event: StepEvent) => void {
  return (event) => {
    if (json) {
      process.stdout.write(`${JSON.stringify(event)}\n`);
      return;
    }
    if (event.state === 'running') return;
    const time = event.state === 'done' ? `  ${event.ms} ms` : '';
    const detail = event.state === 'failed' ? `: ${event.detail}` : '';
    process.stderr.write(`${WORDS[event.state]} ${event.says}${detail}${time}\n`);
  };
}
