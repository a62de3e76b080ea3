/**
 * `npm run simulate -- --seed N [--seeds K] [--steps M] [--jobs J]`: K seeds from N on; ends with 1 at a broken promise.
 * With `--control-plane [--scenes NAMES]` it is a whole control plane instead of the store alone.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { scenes, type SceneName } from './control-plane/scenes.ts';
import { simulateControlPlane } from './control-plane/control-plane.ts';
import type { Violation } from './judge.ts';
import { defaultSteps, simulate } from './simulation.ts';

const text = { type: 'string' } as const;
const whole = { type: 'boolean', default: false } as const;
const { values } = parseArgs({ options: { seed: text, seeds: text, steps: text, jobs: text, scenes: text, 'control-plane': whole } });

function numberOf(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`"${text}" is not a positive whole number\n`);
  process.exit(2);
}

const first = numberOf(values.seed, 1);
const seeds = numberOf(values.seeds, 1);
const steps = numberOf(values.steps, defaultSteps);
const jobs = numberOf(values.jobs, 1);

const wanted = values.scenes?.split(',').filter((name): name is SceneName => name in scenes);

interface Played {
  readonly violation: Violation | undefined;
  readonly revisions: number;
  readonly virtualHours: number;
}

async function play(seed: number): Promise<Played> {
  if (!values['control-plane']) return simulate({ seed, steps });
  const { virtualMinutes, ...report } = await simulateControlPlane({ seed, ...(wanted === undefined ? {} : { scenes: wanted }) });
  return { ...report, virtualHours: virtualMinutes / 60 };
}

/** One after the other, up to the first broken promise. */
async function runHere(): Promise<number> {
  const begun = performance.now();
  let revisions = 0;
  let virtualHours = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const report = await play(seed);
    revisions += report.revisions;
    virtualHours += report.virtualHours;
    if (report.violation === undefined) continue;
    const { invariant, what, history } = report.violation;
    process.stdout.write(`${history.join('\n')}\n\nseed ${seed}, ${steps} steps: ${invariant}: ${what}\n`);
    return 1;
  }
  const seconds = (performance.now() - begun) / 1000;
  const each = ((1000 * seconds) / seeds).toFixed(0);
  const amount = `${seeds} seeds, ${revisions} revisions, ${virtualHours.toFixed(0)} virtual hours`;
  process.stdout.write(`${amount}: all promises kept (${seconds.toFixed(1)} s, ${each} ms a seed)\n`);
  return 0;
}

/** In several processes, each with its share of the seeds. */
async function runInJobs(): Promise<number> {
  const share = Math.ceil(seeds / jobs);
  const runs = Array.from({ length: jobs }, (_, job) => {
    const count = Math.min(share, seeds - job * share);
    const own = ['--seed', String(first + job * share), '--seeds', String(count), '--steps', String(steps)];
    const options = [
      ...own,
      ...(values['control-plane'] ? ['--control-plane'] : []),
      ...(values.scenes === undefined ? [] : ['--scenes', values.scenes]),
    ];
    if (count <= 0) return Promise.resolve(0);
    const child = spawn(process.execPath, [import.meta.filename, ...options], { stdio: 'inherit' });
    return new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
  });
  return Math.max(...(await Promise.all(runs)));
}

process.exit(jobs === 1 ? await runHere() : await runInJobs());
