/**
 * Runs the tests in the order in which they teach most when they fail: the rules of the house, then what needs only
 * this process, then what makes real clusters. `--quick` stops before anything needs root, containers or a network.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const quick = process.argv.includes('--quick');

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
}

/** A whole file of real-cluster tests may take this long; a unit test file, much less. */
const clusterTimeoutMs = 900_000;
const unitTimeoutMs = 60_000;

function nodeTests(name: string, patterns: readonly string[], options: { concurrency: number; timeoutMs: number }): Stage {
  const files = globSync([...patterns], { cwd: root, exclude: (path) => path.includes('node_modules') }).sort();
  const flags = ['--test', `--test-concurrency=${options.concurrency}`, `--test-timeout=${options.timeoutMs}`];
  return { name, command: ['node', ...flags, ...files] };
}

const quickStages: readonly Stage[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'unused files and exports', command: ['knip', '--no-config-hints'] },
  nodeTests(
    'unit, house, contract, scenarios',
    [
      'functions/**/*.test.ts',
      'agent/**/*.test.ts',
      'infra/**/*.test.ts',
      'openapi/**/*.test.ts',
      'test/{house,contract,golden,scenarios,regression,conformance}/**/*.test.ts',
      'test/simulation/{simulation,linearizable}.test.ts',
    ],
    { concurrency: 2, timeoutMs: unitTimeoutMs },
  ),
];

/** In one process: its tests share templates, which take long to make. */
const infraStage = (): Stage => {
  const { name, command } = nodeTests('infra: what a cloud would be told', ['test/infra/**/*.test.ts'], {
    concurrency: 1,
    timeoutMs: unitTimeoutMs * 2,
  });
  return { name, command: [...command.slice(0, 2), '--test-isolation=none', ...command.slice(2)] };
};

const simulationStages = (): readonly Stage[] => [
  { name: 'simulation: many seeds', command: ['node', 'test/simulation/simulate.ts', '--seed', '10000', '--seeds', '2000', '--jobs', '2'] },
  nodeTests(
    'simulation: without each rule something is lost',
    ['test/simulation/weakenings.test.ts', 'test/simulation/model/**/*.test.ts'],
    { concurrency: 2, timeoutMs: clusterTimeoutMs },
  ),
];

const clusterStages = (): readonly Stage[] => [
  ...simulationStages(),
  infraStage(),
  nodeTests('engines: the store on DynamoDB Local', ['test/engines/**/*.test.ts'], { concurrency: 1, timeoutMs: clusterTimeoutMs }),
  nodeTests('nodes: real containers and networks', ['test/node/**/*.test.ts'], { concurrency: 1, timeoutMs: clusterTimeoutMs }),
  nodeTests('the generated client against a cluster', ['test/openapi/**/*.test.ts'], { concurrency: 1, timeoutMs: clusterTimeoutMs }),
  nodeTests('stock kubectl against whole clusters', ['test/kubectl/**/*.test.ts'], { concurrency: 1, timeoutMs: clusterTimeoutMs }),
  nodeTests('the functions, as AWS runs them', ['test/cloud/**/*.test.ts'], { concurrency: 1, timeoutMs: clusterTimeoutMs }),
];

for (const stage of quick ? quickStages : [...quickStages, ...clusterStages()]) {
  process.stdout.write(`\n== ${stage.name}\n`);
  const [program = 'node', ...args] = stage.command;
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    process.stdout.write(`\n== ${stage.name}: failed\n`);
    process.exit(status ?? 1);
  }
}
