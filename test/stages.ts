/**
 * What `npm run test:quick`, `npm test` and `npm run nightly` run, as data: a line for each stage. Rules first, then what
 * needs only this process, then what makes real clusters. What is long belongs to the night.
 */
import { availableParallelism } from 'node:os';
import { lastOf, sumOf, type ProgramStage, type Stage, type TestStage } from './runner/stage.ts';

const minuteMs = 60_000;
const unitTimeoutMs = 5 * minuteMs;
/** A test that never yields cannot be timed out from within. */
const unitMinutesMax = 10;
const clusterTimeoutMs = 15 * minuteMs;

const cores = availableParallelism();

const unit = (name: string, ...files: string[]): TestStage => ({
  name,
  files,
  timeoutMs: unitTimeoutMs,
  atOnce: 'together',
  minutesMax: unitMinutesMax,
});
/** One file at a time: each has the machine's containers and networks for itself. */
const clusters = (name: string, ...files: string[]): TestStage => ({ name, files, timeoutMs: clusterTimeoutMs, atOnce: 1 });

const simulation = (seed: number, seeds: number): ProgramStage => ({
  name: 'simulation: many seeds',
  command: ['node', 'test/simulation/simulate.ts', '--seed', `${seed}`, '--seeds', `${seeds}`, '--jobs', `${cores}`],
  shows: sumOf(/^(\d+) seeds/gm, 'seeds'),
});

const controlPlanes = (seed: number, seeds: number): ProgramStage => ({
  name: 'simulation: many control planes',
  command: ['node', 'test/simulation/simulate.ts', '--control-plane', '--seed', `${seed}`, '--seeds', `${seeds}`, '--jobs', `${cores}`],
  shows: sumOf(/^(\d+) seeds/gm, 'seeds'),
});

/** The longest first: they run side by side, as many as the machine has cores. */
const unitTests: readonly TestStage[] = [
  unit('contracts of the store', 'test/contract/{dynamodb-bundle,store,memory}*.test.ts'),
  unit('unit: controllers, scheduler, workers', 'functions/{controllers,scheduler,workers}/**/*.test.ts'),
  unit('unit: cost', 'infra/cost/**/*.test.ts'),
  unit('unit: the API', 'functions/{apiserver,client,cloud,lambda,aws}/**/*.test.ts'),
  unit(
    'simulation and scenarios',
    'test/simulation/{simulation,linearizable,damage}.test.ts',
    'test/simulation/control-plane/control-plane.test.ts',
    'test/{scenarios,regression,archive}/**/*.test.ts',
  ),
  unit('contracts on disk', 'test/contract/{embedded,clusters,formats,upgrade}*.test.ts', 'test/golden/**/*.test.ts'),
  unit('unit: the agent', 'agent/**/*.test.ts'),
  unit('unit: the dashboard', 'functions/dashboard/**/*.test.ts', 'test/dashboard/**/*.test.ts'),
  unit(
    'unit: kinds, store, vocabulary',
    'functions/{archive,cel,kube,node-protocol,resources,store,tunnel}/**/*.test.ts',
    'functions/*.test.ts',
    'openapi/**/*.test.ts',
  ),
  unit('unit: command line, local cluster', 'infra/{aws,backup,bundle,cli,images,local,rehearsal}/**/*.test.ts', 'infra/*.test.ts'),
  unit('unit: judges, runner, architecture', 'test/{architecture,runner,conformance,compare,envtest,programs,support}/**/*.test.ts'),
];

/** A minute of the processor, which those who work on something else need not wait for. */
const emulated: readonly TestStage[] = [
  unit(
    'contracts and costs of the store on DynamoDB, emulated',
    'test/contract/dynamodb.test.ts',
    'test/contract/dynamodb-{costs,faults}.test.ts',
  ),
  unit('contracts of tunnels', 'test/contract/tunnel*.test.ts'),
  unit('the command line, in processes of its own', 'test/cli/**/*.test.ts'),
];

export const quickStages: readonly Stage[] = [
  { name: 'types, lint', command: ['oxlint', '--type-aware', '--type-check'] },
  ...unitTests,
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'unused files and exports', command: ['knip', '--no-config-hints'] },
];

const everyController = 'functions/controllers/**/*.test.ts';

/** Clusters of simulated nodes and queues in virtual time: a minute for the processor, none for the world. */
const simulatedClusters: TestStage = unit('simulated clusters: cold workers, costs', 'test/simulated-clusters/**/*.test.ts');
/** In one process: its tests share templates, which take long to make. */
const templates: TestStage = unit('infra: templates for a cloud', 'test/infra/**/*.test.ts');
const engines: TestStage = clusters('engines: the store on DynamoDB Local', 'test/engines/**/*.test.ts');

export const furtherStages: readonly Stage[] = [
  // Also of generated files, which the linter leaves out.
  { name: 'types, by the compiler itself', command: ['tsc', '-p', '.'] },
  { name: 'types of what runs in browsers', command: ['tsc', '-p', 'functions/dashboard'] },
  {
    name: 'controllers: each call fails once',
    command: ['env', 'EVERY_CALL=1', 'node', '--test', '--test-reporter=spec', '--test-name-pattern=call fails', everyController],
    shows: lastOf(/^. pass \d+$/gm),
  },
  ...emulated,
  simulation(10_000, 500),
  controlPlanes(10_000, 100),
  {
    name: 'simulation: kept seeds, and without each rule something is lost',
    files: [
      'test/simulation/kept-seeds.test.ts',
      'test/simulation/weakenings.test.ts',
      'test/simulation/control-plane/weakenings.test.ts',
      'test/simulation/model/**/*.test.ts',
    ],
    timeoutMs: clusterTimeoutMs,
    atOnce: cores,
  },
  simulatedClusters,
  templates,
  engines,
  clusters('nodes: real containers and networks', 'test/node/**/*.test.ts'),
  clusters('security: what attackers try', 'test/security/**/*.test.ts'),
  clusters('the generated client against a cluster', 'test/openapi/**/*.test.ts'),
  clusters('stock kubectl against whole clusters', 'test/kubectl/**/*.test.ts'),
  clusters('the npm package', 'test/package/**/*.test.ts'),
  clusters('the functions, as AWS runs them', 'test/cloud/**/*.test.ts'),
];

/**
 * What Node and Java alone run, and so what can run with another clock (clock.ts). Clusters cannot: kubectl and
 * containerd read the kernel's clock.
 */
export const clockStages: readonly Stage[] = [...unitTests, ...emulated, simulatedClusters, templates, engines];

/** Each ends by itself; `shows` picks the line that the table of results has. */
export const nightlyStages: readonly Stage[] = [
  { name: 'clock: a year ahead', command: ['node', 'test/clock.ts'], shows: lastOf(/^\d+ passed, \d+ failed$/gm) },
  { name: 'clock: three years back', command: ['node', 'test/clock.ts', '--days', '-1095'], shows: lastOf(/^\d+ passed, \d+ failed$/gm) },
  { ...simulation(100_000, 20_000), minutesMax: 120 },
  { ...controlPlanes(100_000, 5_000), minutesMax: 120 },
  { name: 'conformance', command: ['node', 'test/conformance/main.ts'], shows: lastOf(/\d+ of \d+/g), minutesMax: 240 },
  { name: 'compare', command: ['node', 'test/compare/main.ts'], shows: lastOf(/\d+ of \d+.*/g), minutesMax: 240 },
  { name: 'envtest', command: ['node', 'test/envtest/main.ts'], shows: lastOf(/\d+ of \d+ tests.*/g), minutesMax: 120 },
  { name: 'fuzz', command: ['node', 'test/fuzz/main.ts'], shows: lastOf(/^seed \d+: .*$/gm), minutesMax: 30 },
  { name: 'programs', command: ['node', 'test/programs/main.ts'], shows: lastOf(/\d+ of \d+/g), minutesMax: 240 },
  {
    name: 'kubelet and kube-proxy of upstream',
    command: ['node', '--test', '--test-reporter=spec', 'test/kubelet/kubelet.ts'],
    shows: lastOf(/^. pass \d+$/gm),
    minutesMax: 60,
  },
  {
    name: 'nodes: faults',
    command: ['node', '--test', '--test-reporter=spec', '--test-concurrency=1', 'test/faults/faults.ts', 'test/faults/kill-points.ts'],
    minutesMax: 60,
  },
  {
    name: 'archive: what was is what it shows',
    command: ['env', 'HISTORIES=2000', 'node', '--test', '--test-reporter=spec', 'test/archive/archive.test.ts'],
    minutesMax: 120,
  },
  {
    name: 'security: every expression takes linear time',
    command: ['env', 'PROVE=all', 'node', '--test', '--test-reporter=spec', 'test/security/expressions.test.ts'],
  },
  {
    name: 'security: containers against their volumes',
    command: ['env', 'ROUNDS=10000', 'node', '--test', '--test-reporter=spec', 'test/security/volumes.test.ts'],
    shows: lastOf(/^. pass \d+$/gm),
    minutesMax: 60,
  },
  {
    name: 'security: without each rule attacks succeed',
    command: ['node', 'test/security/weakenings/main.ts'],
    shows: lastOf(/\d+ of \d+ weakenings.*/g),
    minutesMax: 60,
  },
  {
    name: 'clients of other languages',
    command: ['env', 'GENERATE=all', 'node', '--test', '--test-reporter=spec', 'test/openapi/other-languages.test.ts'],
    shows: lastOf(/^. pass \d+$/gm),
    minutesMax: 30,
  },
  {
    name: 'engines: a backup of fifty thousand objects',
    command: ['env', 'OBJECTS=50000', 'node', '--test', '--test-reporter=spec', 'test/engines/backup.test.ts'],
    shows: lastOf(/^. pass \d+$/gm),
    minutesMax: 30,
  },
  {
    name: 'aws, emulated',
    command: ['node', '--test', '--test-concurrency=1', '--test-reporter=spec', 'test/aws/aws.ts', 'test/aws/prove.ts'],
    shows: lastOf(/^. pass \d+$/gm),
    minutesMax: 40,
  },
  {
    name: 'dashboard in a browser',
    command: ['npm', 'run', '--silent', 'test:dashboard'],
    shows: lastOf(/^. pass \d+$/gm),
    minutesMax: 60,
  },
  { name: 'machine', command: ['npm', 'run', '--silent', 'test:machine'], shows: lastOf(/^. pass \d+$/gm), minutesMax: 240 },
];
