/** How fast the embedded store commits: `node test/bench/store.ts [seconds]`. Prints creates a second, and latencies. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { realWorld } from '../../functions/world.ts';
import { create, pod } from '../contract/cluster.ts';

const seconds = Number(process.argv[2] ?? 3);

/** About 2 KB, as a small pod is. */
function benchPod(name: string) {
  const container = (index: number) => ({
    name: `container-${index}`,
    image: `registry.example/team/app:${index}`,
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    env: Array.from({ length: 6 }, (_, variable) => ({ name: `VARIABLE_${variable}`, value: `${name}-${variable}` })),
  });
  return {
    ...pod(name, { labels: { app: 'web' } }),
    spec: { containers: [container(0), container(1), container(2)], restartPolicy: 'Always' },
  };
}

async function measure(inFlight: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'store-bench-'));
  const store = await createStore({ table: embeddedTable(directory), world: realWorld('warn') });
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  const writer = async (number: number): Promise<void> => {
    for (let step = 0; performance.now() < endMs; step += 1) {
      const beforeMs = performance.now();
      await store.commit(create(benchPod(`pod-${number}-${step}`)));
      latenciesMs.push(performance.now() - beforeMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, number) => writer(number)));
  const perSecond = latenciesMs.length / ((performance.now() - startMs) / 1000);
  latenciesMs.sort((a, b) => a - b);
  const percentile = (share: number): string => (latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0).toFixed(2);
  await store.close();
  const reopenMs = performance.now();
  const reopened = await createStore({ table: embeddedTable(directory), world: realWorld('warn') });
  const loadMs = performance.now() - reopenMs;
  process.stdout.write(
    `${inFlight} in flight: ${perSecond.toFixed(0)} creates/s, p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms; ` +
      `${reopened.view().list('pods').length} objects read back in ${loadMs.toFixed(0)} ms\n`,
  );
  await reopened.close();
  rmSync(directory, { recursive: true });
}

for (const inFlight of [1, 64, 256]) await measure(inFlight);
