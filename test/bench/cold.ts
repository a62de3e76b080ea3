/**
 * What a cold start loads: `npm run bench:cold [ROOT...]`. Each root is bundled as it is deployed, and imported by this
 * Node in twenty processes of its own. It prints the medians, less what a process with an empty module takes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction, entries } from '../../infra/bundle/bundle.ts';
import { importCost, type ImportCost } from '../support/cold-import.ts';

const rounds = 20;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const middle = (costs: readonly ImportCost[]): ImportCost => ({
  cpuMs: median(costs.map(({ cpuMs }) => cpuMs)),
  wallMs: median(costs.map(({ wallMs }) => wallMs)),
});

const directory = mkdtempSync(join(tmpdir(), 'hibernetes-cold-'));
try {
  const asked = process.argv.slice(2);
  const roots = entries.filter((entry) => asked.length === 0 || asked.includes(entry));
  const bundles = await Promise.all(roots.map((entry) => bundleFunction(entry, directory)));
  const empty = join(directory, 'empty.mjs');
  writeFileSync(empty, 'export {};\n');
  // By turns, so that whatever else the machine does meets all of them.
  const taken = new Map<string, ImportCost[]>([empty, ...bundles.map(({ file }) => file)].map((file) => [file, []]));
  for (let round = 0; round < rounds; round += 1) for (const [file, costs] of taken) costs.push(importCost(file, directory));
  const nothing = middle(taken.get(empty) ?? []);
  process.stdout.write(
    '| root | read at import, KB | zipped, KB | import, CPU ms | import, wall ms |\n| --- | ---: | ---: | ---: | ---: |\n',
  );
  for (const { entry, file, bytes, zippedBytes } of bundles) {
    const { cpuMs, wallMs } = middle(taken.get(file) ?? []);
    const cells = [bytes / 1000, zippedBytes / 1000, cpuMs - nothing.cpuMs, wallMs - nothing.wallMs].map((cell) => Math.round(cell));
    process.stdout.write(`| ${[entry, ...cells].join(' | ')} |\n`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
