/** `npm run compare`: cases of every kind that both serve, sent to upstream's kube-apiserver and to ours. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import type { Case } from './cases/case.ts';
import { type ComparedKind, namespaceOf } from './cases/compared-kind.ts';
import { caseOf } from './cases/generate.ts';
import { findKinds } from './cases/kinds.ts';
import { arguedShareMax, createArguments } from './judge/argued.ts';
import { examplesOf, figuresOf, tableOf } from './judge/report.ts';
import { type CaseOutcome, type Contest, runCase } from './judge/run-case.ts';
import { type ApiConnection, connectApi } from './servers/api-connection.ts';
import { withBothServers } from './servers/both.ts';

const casesAtOnce = 12;

const optionTypes = {
  json: { type: 'boolean', default: false },
  kinds: { type: 'string' },
  only: { type: 'string' },
  seed: { type: 'string', default: '1' },
  cases: { type: 'string', default: '300' },
  show: { type: 'string', default: '0' },
  sort: { type: 'string' },
  out: { type: 'string' },
  cache: { type: 'string', default: join(import.meta.dirname, '../../.cache') },
  'kube-apiserver': { type: 'string' },
  etcd: { type: 'string' },
} as const;

export async function compareAnswers(args: readonly string[]): Promise<number> {
  const { values: options } = parseArgs({ args: [...args], options: optionTypes });
  const print = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const places = { cache: options.cache, kubeApiserver: options['kube-apiserver'], etcd: options.etcd };
  return withBothServers(places, print, async (upstream, ours) => {
    const contest = { upstream: connectApi(upstream.address), ours: connectApi(ours.address), serviceCidr: defaultNetworks.serviceCidr };
    const { both, missing } = await findKinds(contest.upstream, contest.ours);
    const kinds = options.kinds === undefined ? both : both.filter(({ name }) => options.kinds?.split(',').includes(name));
    await Promise.all([contest.upstream, contest.ours].map((api) => prepare(api, kinds)));
    const cases = kinds
      .flatMap((kind) => Array.from({ length: Number(options.cases) }, (_, number) => caseOf(kind, Number(options.seed), number)))
      .filter(({ name }) => options.only === undefined || options.only.split(',').includes(name));
    const outcomes = await runAll(cases, contest);
    for (const api of [contest.upstream, contest.ours]) api.close();
    const figures = figuresOf(outcomes);
    const isArgued = createArguments();
    const argued = outcomes.filter(isArgued).length;
    if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
    const shown = examplesOf(outcomes, { count: Number(options.show), sort: options.sort });
    if (shown !== '') print(shown);
    print(tableOf(outcomes, figures));
    print(`server errors of ours: ${figures.serverErrors}; argued differences: ${argued}`);
    if (missing.length > 0) print(`only upstream serves ${missing.length}: ${missing.join(', ')}`);
    if (options.out !== undefined)
      writeFileSync(
        options.out,
        JSON.stringify(
          outcomes.filter(({ unequal }) => unequal.length > 0),
          null,
          1,
        ),
      );
    return argued > figures.total * arguedShareMax ? 1 : 0;
  });
}

/** What objects of the cases need on both sides: their namespaces, and there the ServiceAccount that a controller would make. */
async function prepare(api: ApiConnection, kinds: readonly ComparedKind[]): Promise<void> {
  const create = async (path: string, body: object): Promise<void> => {
    await api.send({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  };
  for (const namespace of new Set([...kinds.filter(({ namespaced }) => namespaced).map(namespaceOf), 'default'])) {
    await create('/api/v1/namespaces', { metadata: { name: namespace } });
    await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
  }
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
