import { expect, test } from '@jest/globals';
import { planSteps } from '../../../installer/engine/plan.ts';
import { createRig, HOME, type Rig } from '../support/rig.ts';

async function toDo(rig: Rig): Promise<string[]> {
  const steps = await planSteps((await rig.runtime()).steps);
  return steps.filter(({ done }) => !done).map(({ name }) => name);
}

test('the same tag with another image is seen by plan, applied, and then nothing is to do', async () => {
  const rig = createRig('container');
  await rig.apply();
  expect(await toDo(rig)).toEqual([]);
  const before = rig.played.state.containers.get('sallyport');
  rig.played.behaviour.rebuilt = true;
  expect(await toDo(rig)).toContain('serve');
  expect((await rig.runtime()).change?.takes).toBe('restart');
  expect(await rig.apply()).toBe('done');
  const now = rig.played.state.containers.get('sallyport');
  expect(now?.applied).not.toBe(before?.applied);
  expect(now?.image).toBe('rebuilt-sallyport:0.1.0');
  expect(await toDo(rig)).toEqual([]);
});

test('what goes back is the image that served, not what its name means now', async () => {
  const rig = createRig('container');
  await rig.apply();
  rig.played.behaviour.rebuilt = true;
  rig.played.behaviour.check = 'bad';
  rig.want('0.2.0');
  await expect(rig.apply()).rejects.toThrow(/Everything is as it was/);
  expect(rig.played.state.containers.get('sallyport')?.image).toBe('sallyport:0.1.0');
  const kept = await rig.host.files.read(`${HOME}/current/image-id`);
  expect(kept).toBe('sallyport:0.1.0\n');
});
