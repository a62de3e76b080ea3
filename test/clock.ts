/**
 * `npm run test:clock [-- --days N]`: the tests of Node and Java alone, on a machine whose clock is N days ahead (365 by
 * default; negative: behind). libfaketime, from Debian's package, stands between the programs and the kernel's clock. The
 * native emulator of DynamoDB is linked statically and keeps the real time, as a service elsewhere may.
 */
import { existsSync, globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { unpackedPackage } from '../infra/images/debian-package.ts';
import { runStages } from './runner/run-stages.ts';
import { conclude } from './runner/summary.ts';
import { clockStages } from './stages.ts';

const cache = join(import.meta.dirname, '../.cache/images');
const { values } = parseArgs({ options: { days: { type: 'string', default: '365' } } });
const days = Number(values.days);
if (!Number.isInteger(days)) throw new Error(`--days takes a whole number, not ${values.days}`);

async function library(): Promise<string> {
  const pattern = 'usr/lib/*/faketime/libfaketime.so.1';
  const [installed] = globSync(`/${pattern}`);
  if (installed !== undefined) return installed;
  const directory = await unpackedPackage('libfaketime', cache);
  const [unpacked] = globSync(pattern, { cwd: directory });
  if (unpacked === undefined || !existsSync(join(directory, unpacked))) throw new Error(`${directory} holds no libfaketime.so.1`);
  return join(directory, unpacked);
}

const variables = {
  LD_PRELOAD: await library(),
  FAKETIME: `${days < 0 ? '' : '+'}${days}d`,
  // Durations are real ones, and files have the times that the kernel gives them.
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  NO_FAKE_STAT: '1',
  // With its mend for old versions of glibc, Java's threads wait in a loop that takes all cores.
  FAKETIME_FORCE_MONOTONIC_FIX: '0',
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../.cache/compiled'),
};
process.exitCode = conclude(await runStages(clockStages, { atOnce: availableParallelism(), variables }));
