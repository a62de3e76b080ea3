/** What chance alone brings about too seldom: each scene sets the stage for one rule, the rest of the simulation goes on around it. */
import type { Client } from './client.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Weather } from './faulty-way.ts';
import { expectUnavailable, type Host } from './host.ts';
import { anyKey, type Step } from './operations.ts';
import type { Scene } from './scene.ts';

export interface Stage {
  readonly scene: Scene;
  readonly hosts: readonly Host[];
  readonly weather: Weather;
  readonly client: Client;
  readonly random: SeededRandom;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The watermark stands still after a deletion has reached its item, for as long as tombstones live; then a process starts. */
export async function standstill(stage: Stage): Promise<void> {
  const { scene, weather, hosts, random } = stage;
  await deleteOne(stage);
  weather.stall.advances = true;
  await housekeep(stage, 3);
  weather.stall.puts = true;
  await scene.sleep(random.scale(5 * hourMs, 30 * hourMs));
  for (const host of hosts) if (random.chance(0.7)) host.process?.die();
  await scene.sleep(10 * minuteMs);
  weather.stall.puts = false;
  await scene.sleep(random.scale(1000, hourMs));
  weather.stall.advances = false;
}

/** A process that starts is frozen after it has read the watermark, while others delete, write checkpoints, and tidy up. */
export async function lateStart(stage: Stage): Promise<void> {
  const { scene, weather, hosts, random } = stage;
  const before = weather.frozenStarts;
  weather.frozenStarts = 1;
  random.pick(hosts).process?.die();
  await scene.sleep(11 * minuteMs);
  weather.frozenStarts = before;
  await deleteOne(stage);
  await housekeep(stage, 3);
  await scene.sleep(random.scale(3 * hourMs, 10 * hourMs));
  await housekeep(stage, 1);
}

async function deleteOne({ scene, client, random }: Stage): Promise<void> {
  const key = anyKey(random);
  for (const verb of ['put', 'delete'] satisfies Step['verb'][]) {
    const [home] = scene.homes;
    if (home !== undefined) await client.ask(home, [{ key, verb }]);
    if (verb === 'put' && random.chance(0.5)) await housekeep({ scene, random }, 3);
  }
}

async function housekeep({ scene, random }: Pick<Stage, 'scene' | 'random'>, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const [home] = scene.homes;
    home?.process.at(scene.timeline.nowMs, () => void home.store.housekeep().catch(expectUnavailable));
    await scene.sleep(random.between(5, 12) * minuteMs);
  }
}
