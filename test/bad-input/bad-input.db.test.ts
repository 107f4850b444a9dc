import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { type SchemaView, viewSchema } from '../support/schema.ts';
import { ROOT } from '../support/spawn-appliance.ts';
import type { BadAnswer, BadCase } from './bad-case.ts';
import { CONFIG_CASES } from './cases-config.ts';
import { FRAME_CASES } from './cases-frame.ts';
import { HTTP_CASES } from './cases-http.ts';
import { IMPORT_CASES } from './cases-import.ts';
import { WEBHOOK_CASES } from './cases-webhook.ts';
import { changed, checksums } from './checksums.ts';
import { connect } from './device-client.ts';
import { renderPage } from './page.ts';
import { setStage, type SetStage } from './set-stage.ts';

const CASES: readonly BadCase[] = [
  ...CONFIG_CASES,
  ...HTTP_CASES,
  ...IMPORT_CASES,
  ...WEBHOOK_CASES,
  ...FRAME_CASES,
];
const PAGE = join(ROOT, 'docs/bad-input.md');

let set: SetStage;
let view: SchemaView;
const answers = new Map<string, BadAnswer>();

beforeAll(async () => {
  const database = await openTestDatabase();
  set = await setStage(database);
  database.onClose(set.stop);
  view = await viewSchema(database);
  closeDatabase = () => database.close();
}, 90_000);
let closeDatabase: () => Promise<void> = async () => undefined;
afterAll(() => closeDatabase());

describe('bad input is refused at the edge, with what was expected and what was found', () => {
  test.each(CASES.map((each) => [each.id, each.title, each] as const))(
    '%s: %s',
    async (_id, _title, each) => {
      const { stage } = set;
      if (each.welcome === true) await openLine();
      const before = await checksums(view);
      const answer = await each.send(stage);
      answers.set(each.id, answer);
      await linesAreTold();
      await lookupsAreDone();
      expect(answer).toEqual({ code: each.expect.code, message: expect.any(String) });
      for (const words of each.expect.says) expect(answer.message).toContain(words);
      const kept = Object.keys(each.leaves ?? {});
      const after = changed(before, await checksums(view));
      expect(after.filter((table) => !kept.includes(table))).toEqual([]);
    },
  );

  async function openLine(): Promise<void> {
    const { stage } = set;
    stage.line.close();
    await stage.line.closed;
    await linesAreTold();
    stage.line = await connect(stage.gateway, stage.device);
    stage.linesOpened += 1;
  }

  /** That a line has ended is written after the end; no case may be blamed for the one before. */
  async function linesAreTold(): Promise<void> {
    const { device, line, linesOpened } = set.stage;
    const ended = linesOpened - (line.isOpen() ? 1 : 0);
    await until('the end of every line to be written', async () => {
      const [row] = await view.run(
        `select count(*) as n from event where type = 'device.disconnected' and subject_id = '${device.id}'`,
      );
      return Number(row?.['n']) >= ended;
    });
  }

  /** What a refused webhook names is looked up in the background; the next case waits for that. */
  async function lookupsAreDone(): Promise<void> {
    await until('every look-up to be done', async () => {
      const [row] = await view.run(
        `select count(*) as n from outbox_msg where type <> 'inbox.poll'`,
      );
      return Number(row?.['n']) === 0;
    });
  }

  test('a secret that was part of bad input is in no answer', () => {
    const said = [...answers.values()].map((answer) => answer.message).join('\n');
    for (const secret of ['sk_live_hidden', '4242', 'whsec_', set.stage.apiKey]) {
      expect(said).not.toContain(secret);
    }
  });

  test('there are at least 40 cases, of every edge, and each has an id of its own', () => {
    expect(new Set(CASES.map((each) => each.id)).size).toBe(CASES.length);
    expect(CASES.length).toBeGreaterThanOrEqual(40);
    expect(new Set(CASES.map((each) => each.edge)).size).toBe(5);
  });

  test('docs/bad-input.md says what really came (node scripts/write-bad-input-page.ts writes it)', () => {
    const rendered = renderPage(CASES, answers);
    if (process.env['WRITE_BAD_INPUT_PAGE'] === '1') writeFileSync(PAGE, rendered);
    expect(readFileSync(PAGE, 'utf8')).toBe(rendered);
  });
});
