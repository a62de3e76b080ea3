/**
 * `npm run test:machine [-- RELEASE...]`: nodes on virtual machines, one after another. Without names, a bare
 * machine, the oldest release and the newest; each takes some ten minutes of two cores, and its first time some more for the image.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { releases } from './releases.ts';

const fileMsMax = 90 * 60_000;
const chosen = process.argv.length > 2 ? process.argv.slice(2) : ['bare', 'debian-12', 'debian-unstable'];
const files = chosen.map((name) => join(import.meta.dirname, `${name}.test.ts`));
const unknown = chosen.filter((_, index) => !existsSync(files[index] ?? ''));
if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(', ')}: ${['bare', ...releases.map(({ name }) => name)].join(', ')}.\n`);
  process.exit(2);
}
const flags = ['--test', '--test-concurrency=1', `--test-timeout=${fileMsMax}`];
const { status } = spawnSync(process.execPath, [...flags, ...files], { stdio: 'inherit' });
process.exit(status ?? 1);
