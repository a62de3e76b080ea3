/**
 * `npm run nightly [-- NAME...]`: what takes too long for every change, and a table of what came of it. A name is the
 * beginning of a stage's name; without any, all stages run.
 */
import { parseArgs } from 'node:util';
import { runStages } from './runner/run-stages.ts';
import { conclude } from './runner/summary.ts';
import { nightlyStages } from './stages.ts';

const { positionals: names } = parseArgs({ allowPositionals: true });
const wanted = nightlyStages.filter(({ name }) => names.length === 0 || names.some((start) => name.startsWith(start)));
if (wanted.length === 0) {
  process.stderr.write(`no stage begins with ${names.join(' or ')}; there are:\n${nightlyStages.map(({ name }) => `${name}\n`).join('')}`);
  process.exitCode = 2;
} else {
  process.exitCode = conclude(await runStages(wanted, { atOnce: 1 }));
}
