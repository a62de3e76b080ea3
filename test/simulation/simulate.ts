/** `npm run simulate -- --seed N [--seeds K] [--steps M]`: K seeds from N on; ends with 1 at the first broken promise. */
import { parseArgs } from 'node:util';
import { defaultSteps, simulate } from './simulation.ts';

const { values } = parseArgs({ options: { seed: { type: 'string' }, seeds: { type: 'string' }, steps: { type: 'string' } } });

function whole(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`"${text}" is not a positive whole number\n`);
  process.exit(2);
}

const first = whole(values.seed, 1);
const seeds = whole(values.seeds, 1);
const steps = whole(values.steps, defaultSteps);
const begun = performance.now();
let revisions = 0;
let virtualHours = 0;
for (let seed = first; seed < first + seeds; seed += 1) {
  const report = await simulate({ seed, steps });
  revisions += report.revisions;
  virtualHours += report.virtualHours;
  if (report.violation === undefined) continue;
  const { invariant, what, history } = report.violation;
  process.stdout.write(`${history.join('\n')}\n\nseed ${seed}, ${steps} steps: ${invariant}: ${what}\n`);
  process.exit(1);
}
const seconds = (performance.now() - begun) / 1000;
const each = ((1000 * seconds) / seeds).toFixed(0);
process.stdout.write(
  `${seeds} seeds, ${revisions} revisions, ${virtualHours.toFixed(0)} virtual hours: all promises kept (${seconds.toFixed(1)} s, ${each} ms a seed)\n`,
);
process.exit(0);
