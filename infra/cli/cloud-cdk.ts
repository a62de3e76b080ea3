/** The CDK's own command line, which deploys: its arguments, and its output turned into steps and sentences. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import type { Choices } from '../aws/deployment.ts';
import { isMissing, writePrivately } from '../local/data-directory.ts';
import { CliError } from './cli-error.ts';
import { curable, type CureTarget } from './cloud-cures.ts';
import type { Progress } from './progress.ts';

export interface CdkTarget extends CureTarget {
  readonly stack: string;
  readonly choices: Choices;
  /** The stack cannot be deleted, and stays so. Default: it can, and the CDK would lift its protection. */
  readonly isProtected?: boolean;
}

const root = join(import.meta.dirname, '../..');

/** What it asks has been asked already. No telemetry is sent. */
const quietly = ['--yes', '--no-color', '--no-notices', '--no-version-reporting', '--ci'];

const contextOf = ({ stack, choices, isProtected = false }: CdkTarget): readonly string[] =>
  Object.entries({ ...(isProtected ? { protection: 'on' } : {}), stack, ...choices }).flatMap(([name, value]) => [
    '--context',
    `${name}=${value}`,
  ]);

export const deployCommand = (target: CdkTarget): readonly string[] => [
  'deploy',
  target.stack,
  '--region',
  target.region,
  ...quietly,
  '--require-approval',
  'never',
  '--progress',
  'events',
  ...contextOf(target),
];

export const destroyCommand = (target: CdkTarget): readonly string[] => [
  'destroy',
  target.stack,
  '--region',
  target.region,
  ...quietly,
  '--force',
  ...contextOf(target),
];

/** A step lasts until a line of the program names the next one; the last lasts until it ends. */
export interface CdkStep {
  readonly title: string;
  readonly endsAt?: RegExp;
}

export const deploySteps: readonly CdkStep[] = [
  { title: 'Bundling the functions and describing the stack', endsAt: /Synthesis time/ },
  { title: 'Bringing the code to AWS', endsAt: /creating CloudFormation changeset|\(no changes\)/ },
  { title: 'Making what is new (minutes, the first time)' },
];

export const destroySteps: readonly CdkStep[] = [
  { title: 'Describing the stack', endsAt: /destroying\.\.\./ },
  { title: 'Deleting the functions, the queues and the machines' },
];

/** The line that names what is wrong, if there is one. */
function reasonIn(lines: readonly string[]): string | undefined {
  return (
    lines.find((line) => /DeploymentError|❌/.test(line)) ??
    lines.find((line) => /_FAILED/.test(line)) ??
    lines.findLast((line) => /error/i.test(line)) ??
    lines.findLast((line) => line.trim() !== '')
  );
}

const sentence = (line: string): string =>
  line
    .replace(/^[\s❌‣]+/u, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

export function cdkError(lines: readonly string[], target: CdkTarget, logFile: string): CliError {
  const known = curable(lines, target);
  if (known !== undefined) return new CliError(`cdk failed: ${sentence(known.line)}`, known.cure);
  return new CliError(`cdk failed: ${sentence(reasonIn(lines) ?? 'it printed nothing')}`, `${logFile} holds all that it printed.`);
}

export interface CdkRun {
  readonly command: readonly string[];
  readonly target: CdkTarget;
  readonly steps: readonly CdkStep[];
  readonly logFile: string;
  readonly progress: Progress;
}

const linesMax = 20_000;

/** The cdk on the PATH: `hibernetes` puts the one that this package pins before all others. */
export async function runCdk({ command, target, steps, logFile, progress }: CdkRun): Promise<void> {
  const ended = steps.map(() => Promise.withResolvers<void>());
  const child = spawn('cdk', command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let current = 0;
  const hear = (raw: string): void => {
    const line = stripVTControlCharacters(raw);
    if (lines.length < linesMax) lines.push(line);
    const found = steps.findIndex(({ endsAt }, index) => index >= current && endsAt?.test(line) === true);
    for (; current <= found; current += 1) ended[current]?.resolve();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', hear);
  const fail = (error: Error): void => ended[current]?.reject(error);
  child.on('error', (error) =>
    fail(
      isMissing(error)
        ? new CliError(
            'There is no cdk on the PATH.',
            'npm install aws-cdk aws-cdk-lib cdk-nag constructs brings it, beside hibernetes or in its clone.',
          )
        : error,
    ),
  );
  child.on('close', (code) => {
    writePrivately(logFile, `cdk ${command.join(' ')}\n${lines.join('\n')}\n`);
    if (code === 0) for (const { resolve } of ended) resolve();
    else fail(cdkError(lines, target, logFile));
  });
  for (const [index, { title }] of steps.entries()) await progress.step(title, async () => ended[index]?.promise);
}
