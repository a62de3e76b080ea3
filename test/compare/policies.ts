/** `npm run compare policies`: admission policies with bindings and params on both servers, and the same writes against them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../functions/kube/object.ts';
import type { Case, Step } from './cases/case.ts';
import { choices } from './cases/random.ts';
import { create, runContest } from './contest.ts';
import { type MadePolicy, madePolicy, paramsName, policyLabel, policyVersion } from './policies/generated.ts';
import type { Contest } from './judge/run-case.ts';
import type { ApiConnection } from './servers/api-connection.ts';

const policiesCount = 200;
const namespace = 'compare-policies';
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
const waitMs = 200;
const waitsMax = 150;
/** The last policy acts: the others were there before it, but each is compiled on its own. */
const settleMs = 3000;

const objects: readonly JsonObject[] = [{ mode: 'good', size: '3' }, { mode: 'bad', size: '9' }, { mode: 'skipped' }, { other: 'x' }];

export const comparePolicies = (args: readonly string[]): Promise<number> =>
  runContest(args, async (contest, { seed, cases = policiesCount, isWanted }) => {
    const made = Array.from({ length: cases }, (_, number) => madePolicy(choices(seed, `policy ${number}`), number));
    await Promise.all([contest.upstream, contest.ours].map((api) => install(api, made)));
    await untilActing(contest);
    return { cases: made.filter(({ resource }) => isWanted(resource)).flatMap(casesOf) };
  });

async function install(api: ApiConnection, made: readonly MadePolicy[]): Promise<void> {
  await create(api, '/api/v1/namespaces', { metadata: { name: namespace } });
  for (const at of [namespace, 'default']) {
    const params = { metadata: { name: paramsName, labels: { params: 'yes' } }, data: { limit: at === 'default' ? 'none' : '3' } };
    await create(api, `/api/v1/namespaces/${at}/configmaps`, params);
  }
  for (const { resource, policy, binding } of [...made, sentinel]) {
    await create(api, `/apis/${policyVersion}/${resource}`, policy);
    await create(api, `/apis/${policyVersion}/${resource.replace(/ies$/, 'y')}bindings`, binding);
  }
}

const sentinel: MadePolicy = {
  name: 'sentinel',
  resource: 'validatingadmissionpolicies',
  policy: {
    apiVersion: policyVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'sentinel' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }],
        objectSelector: { matchLabels: { [policyLabel]: 'sentinel' } },
      },
      validations: [{ expression: 'false' }],
    },
  },
  binding: {
    apiVersion: policyVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'sentinel' },
    spec: { policyName: 'sentinel', validationActions: ['Deny'] },
  },
};

async function untilActing({ upstream, ours }: Contest): Promise<void> {
  const body = JSON.stringify({ metadata: { name: 'sentinel', labels: { [policyLabel]: 'sentinel' } } });
  for (const api of [upstream, ours]) {
    for (let waits = 0; ; waits += 1) {
      const headers = { 'content-type': 'application/json' };
      const { status } = await api.send({ method: 'POST', path: `${configMaps}?dryRun=All`, headers, body });
      if (status === 422) break;
      if (waits === waitsMax) throw new Error('the last policy does not act');
      await sleep(waitMs);
    }
  }
  await sleep(settleMs);
}

function casesOf({ name, resource, policy }: MadePolicy): Case[] {
  const read: Step = { method: 'GET', path: `/apis/${policyVersion}/${resource}/${name}` };
  const about = `policy ${JSON.stringify(policy['spec'])}`;
  return objects.map((data, number): Case => {
    const object = `${name}-${number}`;
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: object, labels: { [policyLabel]: name } }, data };
    const path = `${configMaps}/${object}`;
    const patch = (query: string): Step => ({
      method: 'PATCH',
      path: `${path}${query}`,
      body: { data: { mode: 'other', size: '4' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    const writes: Step[] = [{ method: 'POST', path: configMaps, body }, patch('?dryRun=All'), patch(''), { method: 'DELETE', path }];
    return { name: `${name}#${number}`, kind: resource, about, steps: number === 0 ? [read, ...writes] : writes };
  });
}
