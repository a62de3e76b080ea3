/** `npm run compare webhooks`: the same webhooks called by both servers: what they are asked, and what becomes of their answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, JsonObject } from '../../functions/kube/object.ts';
import type { Case } from './cases/case.ts';
import { create, runContest } from './contest.ts';
import type { Contest } from './judge/run-case.ts';
import type { ApiConnection, ReceivedAnswer } from './servers/api-connection.ts';
import { type HookServer, startHookServer } from './webhooks/hook-server.ts';
import { type Hook, type Scenario, scenarios } from './webhooks/scenarios.ts';
import { customKind, namespace, reviewsPath, scenarioLabel, stepsAbout } from './webhooks/steps.ts';

const version = 'admissionregistration.k8s.io/v1';
const waitMs = 200;
const waitsMax = 150;
/** The last configuration acts: the others were there before it. */
const settleMs = 2_000;
const sentinel: Scenario = { name: 'sentinel', hooks: [{ does: 'denies' }] };

export const compareWebhooks = (args: readonly string[]): Promise<number> =>
  runContest(args, async (contest, { isWanted }) => {
    const [theirs, own] = [await startHookServer(), await startHookServer()];
    const wanted = scenarios.filter(({ name }) => isWanted(name));
    await Promise.all([install(contest.upstream, wanted, theirs), install(contest.ours, wanted, own)]);
    const within: Contest = { ...contest, upstream: withReviews(contest.upstream, theirs), ours: withReviews(contest.ours, own) };
    const close = (): void => [theirs, own].forEach((server) => server.close());
    return { cases: wanted.map(caseOf), contest: within, close };
  });

const caseOf = ({ name, subject = 'configmap', hooks }: Scenario): Case => ({
  name,
  kind: subject,
  about: JSON.stringify(hooks),
  steps: stepsAbout(name, subject),
});

async function install(api: ApiConnection, wanted: readonly Scenario[], server: HookServer): Promise<void> {
  await create(api, '/api/v1/namespaces', { metadata: { name: namespace, labels: { hooked: 'yes' } } });
  await create(api, `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
  await create(api, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', customKind);
  for (const scenario of [...wanted, sentinel]) {
    for (const isMutating of [true, false]) {
      const hooks = scenario.hooks.filter((hook) => (hook.isMutating === true) === isMutating);
      if (hooks.length > 0) await create(api, `/apis/${version}/${pluralOf(isMutating)}`, configuration(scenario.name, hooks, server));
    }
  }
  await untilActing(api);
}

const pluralOf = (isMutating: boolean): string => `${isMutating ? 'mutating' : 'validating'}webhookconfigurations`;

function configuration(name: string, hooks: readonly Hook[], { address, caBundle }: HookServer): JsonObject {
  return {
    metadata: { name },
    webhooks: hooks.map(({ does, fields = {} }, index): Json => ({
      name: `hook${index}.${name}.example.com`,
      clientConfig: { url: `https://${address}/${name}/hook${index}/${does}`, caBundle },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] }],
      namespaceSelector: { matchLabels: { hooked: 'yes' } },
      objectSelector: { matchLabels: { [scenarioLabel]: name } },
      sideEffects: 'None',
      timeoutSeconds: 1,
      admissionReviewVersions: ['v1'],
      ...fields,
    })),
  };
}

async function untilActing(api: ApiConnection): Promise<void> {
  const body = JSON.stringify({ metadata: { name: 'sentinel', labels: { [scenarioLabel]: sentinel.name } } });
  const request = {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`,
    headers: { 'content-type': 'application/json' },
    body,
  };
  for (let waits = 0; (await api.send(request)).status < 400; waits += 1) {
    if (waits === waitsMax) throw new Error('the last webhook does not act');
    await sleep(waitMs);
  }
  await sleep(settleMs);
}

/** Answers for the hooks' server, too, whose address is the same for both sides. */
function withReviews(api: ApiConnection, server: HookServer): ApiConnection {
  const named = (text: string): string => text.replaceAll(server.address, 'hooks').replaceAll(server.caBundle, 'authority');
  return {
    ...api,
    async send(request): Promise<ReceivedAnswer> {
      if (request.path.startsWith(reviewsPath)) {
        const reviews = JSON.stringify(server.takeReviews(request.path.slice(reviewsPath.length)));
        return { status: 200, headers: { 'content-type': 'application/json' }, warnings: [], text: named(reviews) };
      }
      const answer = await api.send(request);
      return { ...answer, text: named(answer.text), warnings: answer.warnings.map(named) };
    },
  };
}
