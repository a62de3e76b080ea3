/**
 * `npm run programs`: programs that people run, unmodified, each on two real nodes of its own; and the README's matrix, which
 * it writes. Exits with 1 when one of them fails.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { programs } from './all.ts';
import { programFiles } from './program-files.ts';
import { mergedResults, type Result } from './matrix.ts';
import { diagnosis } from './diagnosis.ts';
import type { Program } from './program.ts';
import { startStand } from './stand.ts';
import { tryProgram } from './try-program.ts';
import { readResults, writeMatrix } from './written-matrix.ts';

interface Options {
  readonly only?: readonly string[];
  readonly cache: string;
  readonly json?: boolean;
}

interface Outcome extends Result {
  readonly failure?: string;
}

const cacheDefault = join(import.meta.dirname, '../../.cache/programs');

const { only, cache, json } = new Command('npm run programs --')
  .description('install, use, upgrade and remove programs that people run')
  .option('--only <names...>', 'only these')
  .option('--cache <dir>', 'where programs and images are kept', cacheDefault)
  .option('--json', 'print [{"name","versions","failure"}] and nothing else on stdout')
  .parse()
  .opts<Options>();

const note = (text: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function outcomeOf(program: Program, directory: string): Promise<Outcome> {
  const { name, versions } = program;
  const noteOf = (text: string): void => note(`${name}: ${text}`);
  try {
    const stand = await startStand(program, programFiles({ cache: directory, note: noteOf }), directory);
    try {
      await tryProgram(program, stand.of, noteOf);
    } catch (error) {
      const report = join(directory, 'report', `${name}.txt`);
      mkdirSync(dirname(report), { recursive: true });
      writeFileSync(report, await diagnosis(stand.kubectl));
      noteOf(`Pods, events and logs are in ${report}`);
      throw error;
    } finally {
      await stand.close();
    }
    noteOf('passed');
    return { name, versions };
  } catch (error) {
    noteOf(`FAILED: ${messageOf(error)}`);
    return { name, versions, failure: messageOf(error) };
  }
}

async function main(): Promise<number> {
  const able = await canRunContainers();
  if (!able.ok) throw new Error(`two real nodes cannot run here: ${able.why}; ${able.cure}`);
  const unknown = (only ?? []).filter((name) => !programs.some((program) => program.name === name));
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there are ${programs.map(({ name }) => name).join(', ')}`);
  const directory = resolve(cache);
  mkdirSync(directory, { recursive: true });
  const outcomes: Outcome[] = [];
  for (const program of programs.filter(({ name }) => only === undefined || only.includes(name)))
    outcomes.push(await outcomeOf(program, directory));
  const passed = outcomes.filter(({ failure }) => failure === undefined);
  writeMatrix(mergedResults(programs, readResults(), { tried: outcomes.map(({ name }) => name), passed }));
  process.stdout.write(
    json === true ? `${JSON.stringify(outcomes)}\n` : `${passed.length} of ${outcomes.length} programs did what they are for\n`,
  );
  return passed.length === outcomes.length ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  note(messageOf(error));
  process.exitCode = 2;
}
