/**
 * `npm run nightly -- fuzz`: schemas, expressions and applies made by chance, for ten minutes, against our API.
 * Exits with 1 when a request fails within the server or is never answered. So it does when an expression takes longer than a
 * second, and when memory grows.
 */
import { parseArgs } from 'node:util';
import { connectApi } from '../compare/servers/api-connection.ts';
import { metadataSchema } from '../compare/custom/install.ts';
import { measureCostlyRules } from './costly-rules.ts';
import { type Failure, watchFailures } from './failures.ts';
import { playRound } from './round.ts';
import { startFuzzedServer } from './server.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
});
const seed = Number(options.seed);
const deadline = Date.now() + Number(options.seconds) * 1000;

const ruleMsMax = 1000;
/** The log of changes, which readers may go back to, is kept for some minutes: until then memory grows. */
const growthMax = 1.3;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** What the last quarter of the rounds left in memory, by what the second quarter left. Undefined: there are too few rounds. */
function growthOf(heapMiB: readonly number[]): number | undefined {
  const quarter = Math.floor(heapMiB.length / 4);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return quarter === 0 ? undefined : mean(heapMiB.slice(-quarter)) / mean(heapMiB.slice(quarter, 2 * quarter));
}

/** Prints what fails meanwhile, even if the server crashes. */
async function showingFailures<T>(failures: readonly Failure[], when: string, work: () => Promise<T>): Promise<T> {
  const before = failures.length;
  try {
    return await work();
  } finally {
    for (const { request, why } of failures.slice(before)) print(`${when}: ${why}\n${request}`);
  }
}

async function main(): Promise<number> {
  print(`seed ${seed}`);
  const server = await startFuzzedServer();
  try {
    const watched = watchFailures(connectApi(server.address));
    const { api, failures } = watched;
    const metadata = await metadataSchema(api);
    const heapMiB: number[] = [];
    for (let number = 0; Date.now() < deadline; number += 1) {
      await showingFailures(failures, `round ${number}`, async () => {
        await playRound({ api, seed, number, metadata });
        heapMiB.push((await server.usage()).heapMiB);
      });
    }
    const costly = await showingFailures(failures, 'costly rules', () => measureCostlyRules(server, api));
    for (const { cpuMs, expression } of costly.slice(0, 3)) print(`${cpuMs.toFixed(0)} ms: ${expression}`);
    api.close();
    const growth = growthOf(heapMiB);
    const slowest = costly[0]?.cpuMs ?? 0;
    print(`memory of each round, MiB: ${heapMiB.map((value) => value.toFixed(0)).join(' ')}`);
    print(
      `seed ${seed}: ${heapMiB.length} rounds, ${watched.answered} answers, ${failures.length} failures, the slowest expression ${slowest.toFixed(0)} ms, memory ${growth === undefined ? 'not judged: too few rounds' : `×${growth.toFixed(2)}`}`,
    );
    return failures.length > 0 || slowest > ruleMsMax || (growth ?? 1) > growthMax ? 1 : 0;
  } finally {
    await server.stop();
  }
}

process.exitCode = await main();
