import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMatrix } from '../../../../server/domains/biometrics/gallery/matrix.ts';

const label = (index: number): { templateId: string; personId: string } => ({
  templateId: `t${index}`,
  personId: `p${index}`,
});

test('however rows come, hide and are filled, each template has exactly its own row', () => {
  const action = fc.oneof(
    { weight: 5, arbitrary: fc.constant<'add'>('add') },
    { weight: 3, arbitrary: fc.nat(60).map((index) => ({ hide: index })) },
    { weight: 1, arbitrary: fc.constant<'compact'>('compact') },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const matrix = createMatrix(2, 8);
      const kept = new Set<number>();
      let next = 0;
      for (const each of actions) {
        if (each === 'add') {
          matrix.append(label(next), Float32Array.of(next, 1));
          kept.add(next);
          next += 1;
        } else if (each === 'compact') matrix.compact();
        else expect(matrix.hide(`t${each.hide}`)).toBe(kept.delete(each.hide));
      }
      matrix.compact();
      const parts = matrix.parts();
      expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(kept.size);
      const found = new Set<number>();
      for (const { memory, firstRow, rows } of parts) {
        const data = new Float32Array(memory, 0, rows * 2);
        for (let row = 0; row < rows; row += 1) {
          const value = data[row * 2] ?? -1;
          expect(matrix.labelOf(firstRow + row)).toEqual(label(value));
          found.add(value);
        }
      }
      expect(found).toEqual(kept);
      expect(matrix.size()).toBe(kept.size);
    }),
    { seed: 20261121, numRuns: 300 },
  );
});

test('a hidden row is zeroed at once and has no label, before it is filled', () => {
  const matrix = createMatrix(2, 8);
  matrix.append(label(1), Float32Array.of(3, 4));
  matrix.append(label(2), Float32Array.of(5, 6));
  matrix.hide('t1');
  const [part] = matrix.parts();
  expect([...new Float32Array(part?.memory ?? new SharedArrayBuffer(0), 0, 4)]).toEqual([
    0, 0, 5, 6,
  ]);
  expect(matrix.labelOf(0)).toBeNull();
  expect(matrix.hidden()).toBe(1);
});

test('what left with the last row is zeroed too', () => {
  const matrix = createMatrix(2, 8);
  for (const index of [1, 2, 3]) matrix.append(label(index), Float32Array.of(index, index));
  const [part] = matrix.parts();
  matrix.hide('t1');
  matrix.compact();
  expect([...new Float32Array(part?.memory ?? new SharedArrayBuffer(0), 0, 6)]).toEqual([
    3, 3, 2, 2, 0, 0,
  ]);
});

test('a vector of another size and a template that is here already are refused', () => {
  const matrix = createMatrix(2, 8);
  matrix.append(label(1), Float32Array.of(1, 0));
  expect(() => matrix.append(label(2), Float32Array.of(1))).toThrow('another size');
  expect(() => matrix.append(label(1), Float32Array.of(1, 0))).toThrow('already');
});
