/** Runs stages, shows what they print, and sums them up in a table. All of them run, also after one has failed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { noCounts, reportOf, runningTests, type Counts } from './report.ts';
import type { ProgramStage, Stage, TestStage } from './stage.ts';

export interface StageResult extends Counts {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** The count of tests or findings, as text. */
  readonly shown: string;
}

export interface RunOptions {
  /** Stages at a time. What several print is shown stage by stage. */
  readonly atOnce: number;
  /** For the stages, besides this process's own variables. */
  readonly variables?: Readonly<Record<string, string>>;
}

const root = resolve(import.meta.dirname, '../..');
const reporter = join(import.meta.dirname, 'count-reporter.ts');
const filesTogether = join(import.meta.dirname, 'files-together.ts');
const preloaded = pathToFileURL(join(import.meta.dirname, 'untracked-promises.ts')).href;
const minutesMaxDefault = 60;
/** A stage that is asked to end may clean up for so long. */
const endMs = 30_000;

/** A stage that reports nothing for so long prints what it waits for. */
const silentMs = 60_000;

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Ends the program when its time is over. Returns how to call that off. */
function limited(child: ChildProcess, minutes: number): () => void {
  let killing: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    process.stdout.write(`\n== it did not end within ${minutes} minutes\n`);
    child.kill('SIGTERM');
    killing = setTimeout(() => child.kill('SIGKILL'), endMs);
  }, minutes * 60_000);
  return () => {
    clearTimeout(timer);
    clearTimeout(killing);
  };
}

function runProgram(command: readonly string[], stage: Stage, { atOnce, variables = {} }: RunOptions): Promise<Ended> {
  const [program = 'node', ...args] = command;
  const child = spawn(program, args, { cwd: root, stdio: ['inherit', 'pipe', 'pipe'], env: { ...process.env, ...variables } });
  const done = limited(child, stage.minutesMax ?? minutesMaxDefault);
  const head = `\n== ${stage.name}\n`;
  let output = '';
  if (atOnce === 1) process.stdout.write(head);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (atOnce === 1) process.stdout.write(text);
    });
  }
  return new Promise((settle) => {
    const end = (code: number): void => {
      done();
      if (atOnce > 1) process.stdout.write(head + output);
      settle({ code, output });
    };
    child.once('error', (error) => {
      output += `${program} cannot be started: ${error.message}\n`;
      end(1);
    });
    child.once('close', (code) => end(code ?? 1));
  });
}

/** Prints the tests that run, once each time that the stage has reported nothing for a while. Returns how to call that off. */
function watchedForSilence({ name }: Stage, destination: string): () => void {
  let known = '';
  const timer = setInterval(() => {
    const text = readFileSync(destination, 'utf8');
    const running = runningTests(text).join('\n  ') || 'no test: something keeps its process alive';
    if (text === known) process.stdout.write(`\n== ${name}: nothing has been reported for a while; running:\n  ${running}\n`);
    known = text;
  }, silentMs);
  return () => clearInterval(timer);
}

/** The contracts whose tests the file runs over an implementation. */
const contractsOf = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']*\.contract\.ts)'/g)].map(([, path = '']) => resolve(dirname(file), path));

async function runTests(stage: TestStage, options: RunOptions): Promise<Omit<StageResult, 'name' | 'seconds'>> {
  const files = globSync([...stage.files], { cwd: root, exclude: (path) => path.includes('node_modules') }).sort();
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-report-'));
  const destination = join(directory, 'report');
  writeFileSync(destination, '');
  const flags = [
    `--import=${preloaded}`,
    `--test-timeout=${stage.timeoutMs}`,
    ...(stage.atOnce === 'together'
      ? [filesTogether, destination]
      : [
          '--test',
          `--test-concurrency=${stage.atOnce}`,
          '--test-reporter=spec',
          '--test-reporter-destination=stdout',
          `--test-reporter=${reporter}`,
          `--test-reporter-destination=${destination}`,
        ]),
  ];
  const endWatch = watchedForSilence(stage, destination);
  try {
    const { code } = await runProgram(['node', ...flags, ...files], stage, options);
    const wanted = files.map((file) => join(root, file));
    const { missing, ...counts } = reportOf(readFileSync(destination, 'utf8'), wanted, contractsOf);
    for (const file of missing) process.stdout.write(`\n== ${stage.name}: no report of ${file}\n`);
    const failed = counts.failed + missing.length;
    const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
    const shown = `${counts.passed} passed, ${failed} failed${skipped}`;
    // A process that fails without a failed test counts as one.
    const ok = code === 0 && failed === 0 && files.length > 0;
    return { ...counts, failed: ok ? 0 : Math.max(1, failed), ok, shown };
  } finally {
    endWatch();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function runOther(stage: ProgramStage, options: RunOptions): Promise<Omit<StageResult, 'name' | 'seconds'>> {
  const { code, output } = await runProgram(stage.command, stage, options);
  const ok = code === 0;
  return { ...noCounts, passed: ok ? 1 : 0, failed: ok ? 0 : 1, ok, shown: stage.shows?.(output) ?? '' };
}

async function runStage(stage: Stage, options: RunOptions): Promise<StageResult> {
  const begun = performance.now();
  const result = await ('files' in stage ? runTests(stage, options) : runOther(stage, options));
  const seconds = (performance.now() - begun) / 1000;
  if (!result.ok) process.stdout.write(`\n== ${stage.name}: failed\n`);
  return { name: stage.name, seconds, ...result };
}

/** Runs the stages; their results come in the order of the stages. */
export async function runStages(stages: readonly Stage[], options: RunOptions): Promise<readonly StageResult[]> {
  const results = new Map<Stage, StageResult>();
  const queue = [...stages];
  const worker = async (): Promise<void> => {
    for (let stage = queue.shift(); stage !== undefined; stage = queue.shift()) results.set(stage, await runStage(stage, options));
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce, stages.length) }, worker));
  return stages.flatMap((stage) => results.get(stage) ?? []);
}
