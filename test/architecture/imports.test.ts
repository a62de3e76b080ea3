/** Who may import whom. The table is the architecture: change it only with a decision record. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dirname, join, normalize } from 'node:path';
import { isTest, sourceFiles, type SourceFile } from './sources.ts';

/** Room → rooms it may import besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'functions/kube': [],
  'functions/aws': [],
  'functions/node-protocol': ['functions/kube'],
  'functions/cel': ['functions/kube'],
  'functions/store': ['functions/kube', 'functions/aws'],
  'functions/archive': ['functions/kube', 'functions/store'],
  'functions/client': ['functions/kube'],
  'functions/resources': ['functions/kube', 'functions/node-protocol', 'functions/cel'],
  'functions/tunnel': ['functions/kube', 'functions/node-protocol'],
  'functions/apiserver': [
    'functions/kube',
    'functions/node-protocol',
    'functions/cel',
    'functions/store',
    'functions/archive',
    'functions/client',
    'functions/resources',
    'functions/tunnel',
  ],
  'functions/workers': ['functions/kube', 'functions/store', 'functions/client', 'functions/aws'],
  'functions/controllers': ['functions/kube', 'functions/client', 'functions/workers'],
  'functions/scheduler': ['functions/kube', 'functions/cel', 'functions/client', 'functions/workers'],
  // A client of the API as the command line is, in a browser.
  'functions/dashboard': ['functions/kube'],
  agent: ['functions/kube', 'functions/node-protocol', 'functions/client', 'functions/tunnel'],
  'infra/local': [
    'functions',
    'functions/archive',
    'functions/cloud',
    'functions/lambda',
    'functions/kube',
    'functions/node-protocol',
    'functions/store',
    'functions/client',
    'functions/resources',
    'functions/apiserver',
    'functions/workers',
    'functions/controllers',
    'functions/scheduler',
    'agent',
    'infra/bundle',
  ],
  'infra/bundle': ['functions', 'functions/lambda', 'functions/apiserver', 'agent'],
  'infra/configuration': ['functions/kube', 'functions/client', 'functions/apiserver', 'functions/scheduler'],
  'infra/images': ['agent'],
  'infra/package': ['infra/bundle'],
  'infra/backup': ['functions/kube', 'functions/resources', 'functions/store'],
  'infra/rehearsal': [
    'functions',
    'functions/kube',
    'functions/store',
    'functions/client',
    'functions/apiserver',
    'functions/scheduler',
    'functions/workers',
  ],
  'infra/aws': [
    'functions',
    'functions/cloud',
    'functions/lambda',
    'functions/kube',
    'functions/node-protocol',
    'functions/store',
    'infra/bundle',
    'infra/configuration',
    'agent',
  ],
  'infra/cost': [
    'functions',
    'functions/cloud',
    'functions/lambda',
    'functions/kube',
    'functions/node-protocol',
    'functions/store',
    'functions/client',
    'functions/apiserver',
    'functions/workers',
    'agent',
  ],
  'infra/cli': [
    'functions',
    'functions/archive',
    'functions/cloud',
    'functions/lambda',
    'functions/aws',
    'functions/kube',
    'functions/node-protocol',
    'functions/store',
    'functions/client',
    'functions/apiserver',
    'infra/local',
    'infra/configuration',
    'infra/backup',
    'infra/rehearsal',
    'infra/cost',
    'infra/aws',
    'infra/images',
    'agent',
    'package.json',
  ],
  // Clusters do not know what hosts them: a Lambda function, a process on this machine, or a test.
  'functions/cloud': [
    'functions',
    'functions/kube',
    'functions/node-protocol',
    'functions/aws',
    'functions/store',
    'functions/client',
    'functions/resources',
    'functions/apiserver',
    'functions/workers',
    'functions/controllers',
    'functions/scheduler',
  ],
  'functions/lambda': [
    'functions',
    'functions/cloud',
    'functions/kube',
    'functions/node-protocol',
    'functions/aws',
    'functions/store',
    'functions/client',
    'functions/apiserver',
    'functions/workers',
  ],
  functions: [
    'functions/archive',
    'functions/cloud',
    'functions/lambda',
    'functions/kube',
    'functions/node-protocol',
    'functions/store',
    'functions/client',
    'functions/resources',
    'functions/apiserver',
    'functions/workers',
    'functions/controllers',
    'functions/scheduler',
  ],
  openapi: ['functions/client'],
};

/** All rooms may know the shape of the outside world. Who may touch the real one is the tidy test's concern. */
const everywhere = /^functions\/world\.ts$/;

/** Types only: they leave no trace at run time. */
const typesAllowed: Readonly<Record<string, readonly string[]>> = {
  'functions/controllers': ['functions/store'],
  'functions/scheduler': ['functions/store'],
};

const packages: readonly { readonly pattern: RegExp; readonly where: RegExp; readonly why: string }[] = [
  {
    pattern: /^@aws-sdk\//,
    where: /^(functions\/aws\/credentials|infra\/cli\/cloud-)/,
    why: 'the AWS SDK’s clients are the command line’s (cloud-*): functions ask by aws/json-service.ts',
  },
  {
    pattern: /^hono(\/|$)/,
    where: /^functions\/apiserver\/app\.ts$/,
    why: 'hono stays in app.ts',
  },
  {
    pattern: /^aws-cdk-lib(\/|$)/,
    where: /^infra\/aws\//,
    why: 'the CDK takes seconds to load, and describes; it runs in its own process',
  },
  {
    pattern: /^(preact|@tanstack|@codemirror|@lezer|@xterm|uplot)(\/|$)/,
    where: /^functions\/dashboard\//,
    why: 'what the dashboard is made of stays in its room',
  },
  { pattern: /^lmdb$/, where: /^functions\/store\/embedded\//, why: 'LMDB is the embedded table’s own' },
  {
    pattern: /^@grpc\//,
    where: /^agent\/(runtime\/cri\/|plugins\/|probes\/grpc-health\.)/,
    why: 'gRPC is the CRI runtime’s own, and one kind of probe’s',
  },
];

const roomOf = (path: string): string =>
  Object.keys(allowed)
    .filter((room) => path.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0] ?? path;

interface Import {
  readonly from: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function importsOf({ path, text }: SourceFile): Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/gm)) {
    found.push({ from: path, target: match[2] ?? match[3] ?? '', typeOnly: match[1] !== undefined });
  }
  return found;
}

function complaint({ from, target, typeOnly }: Import): string | undefined {
  if (!target.startsWith('.')) {
    const rule = packages.find(({ pattern }) => pattern.test(target));
    return rule === undefined || rule.where.test(from) ? undefined : `${from} imports ${target}: ${rule.why}`;
  }
  const resolved = normalize(join(dirname(from), target));
  if (everywhere.test(resolved)) return undefined;
  const [room, other] = [roomOf(from), roomOf(resolved)];
  if (room === other) return undefined;
  if (other.startsWith('test')) return `${from} imports ${resolved}: no room imports test`;
  const may = [...(allowed[room] ?? []), ...(typeOnly ? (typesAllowed[room] ?? []) : [])];
  return may.includes(other)
    ? undefined
    : `${from} imports ${resolved}: ${room} may import ${may.join(', ') || 'nothing of ours'}; pass the thing in, or move the decision`;
}

test('every room imports only what the table allows', () => {
  const complaints = sourceFiles()
    .filter(({ path }) => !isTest(path))
    .flatMap((file) => importsOf(file))
    .map(complaint)
    .filter((text) => text !== undefined);
  assert.deepEqual(complaints, []);
});

/** Circles of imports that remain at run time. */
function circles(files: readonly SourceFile[]): readonly string[] {
  const targets = new Map(
    files.map((file) => {
      const values = importsOf(file).filter(({ typeOnly, target }) => !typeOnly && target.startsWith('.'));
      return [file.path, values.map(({ from, target }) => normalize(join(dirname(from), target)))] as const;
    }),
  );
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (finished.has(path) || way.includes(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...way, path]);
    finished.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return found;
}

test('no file imports itself through others', () => {
  assert.deepEqual(circles(sourceFiles().filter(({ path }) => !isTest(path))), []);
});

test('there are no barrels', () => {
  assert.deepEqual(
    sourceFiles()
      .map(({ path }) => path)
      .filter((path) => path.endsWith('/index.ts')),
    [],
  );
});
