/** What every sort of comparison shares: its options, the two servers, running its cases, the report. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import type { Case } from './cases/case.ts';
import { type ComparedKind, namespaceOf } from './cases/compared-kind.ts';
import { arguedShareMax, createArguments } from './judge/argued.ts';
import { examplesOf, figuresOf, tableOf } from './judge/report.ts';
import { type CaseOutcome, type Contest, runCase } from './judge/run-case.ts';
import { type ApiConnection, connectApi } from './servers/api-connection.ts';
import { type Sides, withBothServers } from './servers/both.ts';
import type { RunningServer } from './servers/upstream.ts';

const casesAtOnce = 12;

const optionTypes = {
  json: { type: 'boolean', default: false },
  kinds: { type: 'string' },
  only: { type: 'string' },
  seed: { type: 'string', default: '1' },
  cases: { type: 'string' },
  show: { type: 'string', default: '0' },
  sort: { type: 'string' },
  out: { type: 'string' },
  cache: { type: 'string', default: join(import.meta.dirname, '../../.cache') },
  'kube-apiserver': { type: 'string' },
  etcd: { type: 'string' },
} as const;

export interface Asked {
  readonly seed: number;
  /** How many of each kind, where the command line names a number. */
  readonly cases: number | undefined;
  /** Whether `--kinds` names it, or names none. */
  isWanted(kind: string): boolean;
}

export interface Prepared {
  readonly cases: readonly Case[];
  readonly remarks?: readonly string[];
  /** The servers as the cases reach them, where something stands between. */
  readonly contest?: Contest;
  close?(): void;
}

/** Makes the cases, and what they need on both servers. */
export type Prepare = (contest: Contest, asked: Asked) => Promise<Prepared>;

export async function runContest(args: readonly string[], prepare: Prepare, sides: Sides = {}): Promise<number> {
  const { values: options } = parseArgs({ args: [...args], options: optionTypes });
  const print = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const places = { cache: options.cache, kubeApiserver: options['kube-apiserver'], etcd: options.etcd };
  const wantedKinds = options.kinds?.split(',');
  const asked: Asked = {
    seed: Number(options.seed),
    cases: options.cases === undefined ? undefined : Number(options.cases),
    isWanted: (kind) => wantedKinds === undefined || wantedKinds.includes(kind),
  };
  const compare = async (upstream: RunningServer, ours: RunningServer): Promise<number> => {
    const contest = { upstream: connectApi(upstream.address), ours: connectApi(ours.address), serviceCidr: defaultNetworks.serviceCidr };
    const { cases, remarks = [], contest: within = contest, close } = await prepare(contest, asked);
    const outcomes = await runAll(
      cases.filter(({ name }) => options.only === undefined || options.only.split(',').includes(name)),
      within,
    );
    close?.();
    for (const api of [contest.upstream, contest.ours]) api.close();
    const figures = figuresOf(outcomes);
    const argued = outcomes.filter(createArguments()).length;
    if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
    const shown = examplesOf(outcomes, { count: Number(options.show), sort: options.sort });
    if (shown !== '') print(shown);
    print(tableOf(outcomes, figures));
    print(`server errors of ours: ${figures.serverErrors}; argued differences: ${argued}`);
    for (const remark of remarks) print(remark);
    const unequal = outcomes.filter((outcome) => outcome.unequal.length > 0);
    if (options.out !== undefined) writeFileSync(options.out, JSON.stringify(unequal, null, 1));
    return argued > figures.total * arguedShareMax ? 1 : 0;
  };
  return withBothServers(places, print, compare, sides);
}

/** What objects of the cases need on both sides: their namespaces, and there the ServiceAccount that a controller would make. */
export async function prepareNamespaces({ upstream, ours }: Contest, kinds: readonly ComparedKind[]): Promise<void> {
  const names = new Set([...kinds.filter(({ namespaced }) => namespaced).map(namespaceOf), 'default']);
  await Promise.all([upstream, ours].map((api) => namespacesOn(api, names)));
}

async function namespacesOn(api: ApiConnection, names: ReadonlySet<string>): Promise<void> {
  for (const namespace of names) {
    await create(api, '/api/v1/namespaces', { metadata: { name: namespace } });
    await create(api, `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
  }
}

export async function create(api: ApiConnection, path: string, body: object): Promise<void> {
  await api.send({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

async function runAll(cases: readonly Case[], contest: Contest): Promise<readonly CaseOutcome[]> {
  const outcomes: CaseOutcome[] = [];
  const waiting = [...cases.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) outcomes[next[0]] = await runCase(next[1], contest);
  };
  await Promise.all(Array.from({ length: casesAtOnce }, worker));
  return outcomes;
}
