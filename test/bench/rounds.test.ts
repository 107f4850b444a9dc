// Ours and the peer alternate, the first of each is not kept, and ratios are those of neighbours.

import { describe, expect, test } from '@jest/globals';
import { benchPage } from '../../bench/page/page.ts';
import { machineOf } from '../../bench/report.ts';
import { alone, atMost, compare, ratioAtLeast } from '../../bench/result.ts';
import { alternate, ratiosOf, spreadOf } from '../../bench/rounds.ts';
import { SIZES } from '../../bench/measure.ts';

const compared = {
  measure: 'a measure',
  unit: 'per second',
  peerName: 'a <bare> peer',
  aim: ratioAtLeast(0.6),
};

describe('rounds', () => {
  test('alternate, and the first of each warms up', async () => {
    const order: string[] = [];
    let turn = 0;
    const side = (name: string) => async (): Promise<number> => {
      order.push(name);
      return (turn += 1);
    };
    const rounds = await alternate(2, side('ours'), side('peer'));
    expect(order.join(' ')).toBe('ours peer ours peer ours peer');
    expect(rounds).toEqual({ ours: [3, 5], peer: [4, 6] });
  });

  test('the ratio is the median of neighbours, not of medians', () => {
    const rounds = { ours: [1, 10, 100], peer: [2, 10, 400] };
    expect(ratiosOf(rounds)).toEqual([0.5, 1, 0.25]);
    expect(spreadOf(ratiosOf(rounds))).toEqual({ median: 0.5, min: 0.25, max: 1 });
    const result = compare({ size: SIZES.quick }, { ...compared, rounds });
    expect(result).toMatchObject({ ours: 10, peer: 10, ratio: 0.5, met: false });
  });

  test('a run too small to judge judges nothing', () => {
    const rounds = { ours: [1], peer: [100] };
    expect(compare({ size: SIZES.smoke }, { ...compared, rounds }).met).toBeNull();
    expect(compare({ size: SIZES.full }, { ...compared, rounds }).met).toBe(false);
  });
});

test('the page has a chart for each measure and refers to nothing outside', () => {
  const size = SIZES.quick;
  const result = compare({ size }, { ...compared, rounds: { ours: [9], peer: [10] } });
  const single = alone(
    { size },
    { measure: 'alone', unit: 'ms', aim: atMost(1, 'ms'), values: [2, 3, 4] },
  );
  const page = benchPage(machineOf('quick'), [result, single]);
  expect(page.match(/<svg /g)).toHaveLength(2);
  expect(page).toContain('a &lt;bare&gt; peer');
  expect(page).toContain('missed');
  expect(page).not.toMatch(/https?:|src=|href=|@import|url\(/);
});
