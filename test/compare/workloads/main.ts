/** `npm run compare workloads`: scenarios run on both control planes at once; what is left and what was reported is compared. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createHttpClient } from '../../../functions/client/http-client.ts';
import { createHttpsFetch } from '../../../functions/client/https-fetch.ts';
import type { Node } from '../../../functions/kube/generated/types.ts';
import { nodes } from '../../../functions/kube/resource-type.ts';
import { differencesOf } from './differences.ts';
import { renameOf } from './normalise.ts';
import { type Plane, withBothPlanes } from './planes.ts';
import { simulatedNodes, simulateNodes } from './simulated-nodes.ts';
import { createRecorder, typesOf } from './recorder.ts';
import { runScenario, type Side } from './run-scenario.ts';
import { namespaceOfScenario, readScenarios, type Scenario } from './scenario.ts';

const optionTypes = {
  json: { type: 'boolean', default: false },
  only: { type: 'string' },
  /** `upstream`: kube-controller-manager and kube-scheduler run on our API, too. */
  controllers: { type: 'string', default: 'ours' },
  'at-once': { type: 'string', default: '8' },
  out: { type: 'string' },
  cache: { type: 'string', default: join(import.meta.dirname, '../../../.cache') },
} as const;

interface Argument {
  /** A scenario's name, or `*`. */
  readonly scenario: string;
  /** Found in the difference's line. */
  readonly pattern: string;
  readonly reason: string;
}

interface Verdict {
  readonly scenario: string;
  readonly argued: readonly string[];
  readonly differences: readonly string[];
}

function createArguments(): (scenario: string, line: string) => boolean {
  const all = JSON.parse(readFileSync(join(import.meta.dirname, 'argued.json'), 'utf8')) as readonly Argument[];
  return (scenario, line) =>
    all.some((argument) => (argument.scenario === '*' || argument.scenario === scenario) && new RegExp(argument.pattern).test(line));
}

async function openSide({ name, access }: Plane): Promise<Side & { stop(): void }> {
  const fetch = createHttpsFetch(access);
  const client = createHttpClient({ fetch, baseUrl: access.server, userAgent: 'compare' });
  const types = await typesOf(async (path) => (await fetch(new Request(access.server + path))).json());
  const recorder = await createRecorder(client, types);
  const simulated = await simulateNodes(client, recorder);
  const isReady = ({ spec }: Node): boolean => (spec?.taints ?? []).every(({ key }) => key === 'apart');
  while (!recorder.list(nodes, '').every(isReady) || recorder.list(nodes, '').length < Object.keys(simulatedNodes).length)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    name,
    client,
    types,
    recorder,
    nodes: simulated,
    stop() {
      simulated.stop();
      recorder.stop();
      fetch.close();
    },
  };
}

async function judge(scenario: Scenario, sides: readonly [Side, Side]): Promise<Verdict> {
  const isArgued = createArguments();
  const [theirs, ours] = await Promise.all(
    sides.map(async (side) => {
      try {
        return await runScenario(scenario, side);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return { objects: [], events: [], missed: [`${side.name} stopped: ${error.message}`] };
      }
    }),
  );
  if (theirs === undefined || ours === undefined) throw new Error('a side is missing');
  const namespace = namespaceOfScenario(scenario);
  const lines = differencesOf(
    { outcome: theirs, rename: renameOf(sides[0].recorder.seen(), namespace) },
    { outcome: ours, rename: renameOf(sides[1].recorder.seen(), namespace) },
  );
  return {
    scenario: scenario.name,
    argued: lines.filter((line) => isArgued(scenario.name, line)),
    differences: lines.filter((line) => !isArgued(scenario.name, line)),
  };
}

async function judgeAll(
  scenarios: readonly Scenario[],
  atOnce: number,
  one: (scenario: Scenario) => Promise<Verdict>,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const queue = scenarios.filter(({ alone }) => alone !== true);
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) verdicts.push(await one(next));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  for (const scenario of scenarios.filter(({ alone }) => alone === true)) verdicts.push(await one(scenario));
  return verdicts;
}

export async function compareWorkloads(args: readonly string[]): Promise<number> {
  const { values: options } = parseArgs({ args: [...args], options: optionTypes });
  const { controllers } = options;
  if (controllers !== 'ours' && controllers !== 'upstream') throw new Error(`--controllers is ours or upstream, not ${controllers}`);
  const print = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const wanted = options.only?.split(',');
  const scenarios = readScenarios().filter(({ name }) => wanted === undefined || wanted.some((part) => name.includes(part)));
  const verdicts = await withBothPlanes({ cache: options.cache, controllers }, print, async (planes) => {
    const [upstream, ours] = [await openSide(planes[0]), await openSide(planes[1])];
    try {
      return await judgeAll(scenarios, Number(options['at-once']), async (scenario) => {
        const verdict = await judge(scenario, [upstream, ours]);
        const { differences, argued } = verdict;
        print(`${differences.length === 0 ? 'same' : 'DIFFERS'}  ${scenario.name}${argued.length > 0 ? ` (${argued.length} argued)` : ''}`);
        for (const line of differences) print(`    ${line}`);
        return verdict;
      });
    } finally {
      upstream.stop();
      ours.stop();
    }
  });
  const equal = verdicts.filter(({ differences }) => differences.length === 0).length;
  const argued = verdicts.filter((verdict) => verdict.argued.length > 0).length;
  if (options.json) process.stdout.write(`${JSON.stringify({ scenarios: verdicts.length, equal, argued })}\n`);
  print(`${equal} of ${verdicts.length} scenarios end alike, ${argued} of them or others with argued differences`);
  if (options.out !== undefined) writeFileSync(options.out, JSON.stringify(verdicts, null, 1));
  return equal === verdicts.length ? 0 : 1;
}
