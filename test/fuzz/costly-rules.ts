/**
 * Expressions that cost as much as they can, each in a policy that meets a large ConfigMap: the limit of their cost must
 * end them. What they take is measured in the server's own time of the processor.
 */
import type { JsonObject } from '../../functions/kube/object.ts';
import type { ApiConnection } from '../compare/servers/api-connection.ts';
import type { FuzzedServer } from './server.ts';

export interface CostlyRule {
  readonly expression: string;
  readonly cpuMs: number;
}

/** `big` is a long text, `list` many short ones, `object.data` many fields. */
const expressions: readonly string[] = [
  'variables.list.all(x, variables.list.all(y, x != y + "z"))',
  'variables.list.all(x, size(variables.big) > 1)',
  'variables.list.all(x, object.data == oldObject.data)',
  'variables.list.all(x, variables.big.matches("(a+)+$"))',
  'variables.list.all(x, variables.big.contains("b"))',
  'variables.list.all(x, (variables.list + variables.list).size() > 1)',
  'variables.list.map(x, variables.list).size() > 1',
  'variables.list.all(x, variables.big + variables.big != "")',
  'variables.list.all(x, variables.list.sort().size() > 0)',
  'variables.list.distinct().size() > 0',
  'variables.list.all(x, x in variables.list)',
  'variables.list.all(x, variables.big.split("").size() > 0)',
  'variables.list.all(x, variables.big.replace("a", "bbbbbbbb").size() > 0)',
  'lists.range(1000000).all(x, lists.range(1000000).size() > 0)',
  'variables.list.all(x, variables.list.join(",").size() > 0)',
  'variables.list.all(x, variables.big.lastIndexOf("b") < 0)',
  'variables.list.all(x, variables.list.indexOf("zz") < 0)',
  'variables.list.all(x, "%s".format([variables.list]).size() > 0)',
  'object.data.transformMap(k, v, object.data).size() > 0',
  'variables.list.all(x, sets.contains(variables.list, variables.list))',
  'variables.list.all(x, string(bytes(variables.big)) != "")',
  'variables.list.all(x, variables.big.find("a.*b") == "")',
  'variables.list.all(x, [variables.list].flatten().size() > 0)',
  'variables.list.all(x, variables.list.reverse().size() > 0)',
  'variables.list.all(x, variables.big.upperAscii() != "")',
  'variables.list.all(x, variables.list.slice(0, 100).size() > 0)',
  'variables.list.all(x, url("http://a/" + variables.big).getQuery().size() == 0)',
  'variables.list.all(x, variables.list.max() != "")',
  'variables.list.all(x, variables.big.findAll("a").size() > 0)',
  'variables.list.all(x, object.data.all(k, v, k != v))',
  'variables.list.all(x, quantity(variables.big).isInteger())',
];

const fieldsOfObject = 5000;
const longText = 400_000;
const path = '/apis/admissionregistration.k8s.io/v1';
const label = 'costly';
const allowedOrDenied = [200, 422];

function policyOf(expression: string): JsonObject {
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['UPDATE'] }];
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: label },
    spec: {
      matchConstraints: { resourceRules, objectSelector: { matchLabels: { [label]: 'yes' } } },
      variables: [
        { name: 'big', expression: 'object.data.big' },
        { name: 'list', expression: 'object.data.map(k, k)' },
      ],
      validations: [{ expression }],
    },
  };
}

const binding: JsonObject = { metadata: { name: label }, spec: { policyName: label, validationActions: ['Deny'] } };

function configMap(revision: string): JsonObject {
  const fields = Array.from({ length: fieldsOfObject }, (_, index) => [`x${index}`, `value ${index}`] as const);
  const data = { ...Object.fromEntries(fields), big: 'a'.repeat(longText), revision };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: label, labels: { [label]: 'yes' } }, data };
}

/** Each in turn, the most costly first. Throws for an answer that leaves nothing to measure. */
export async function measureCostlyRules(server: FuzzedServer, api: ApiConnection): Promise<readonly CostlyRule[]> {
  const send = async (method: string, at: string, body: JsonObject, wanted: readonly number[]): Promise<void> => {
    const { status, text } = await api.send({
      method,
      path: at,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!wanted.includes(status)) throw new Error(`${method} ${at}: ${status} ${text}`);
  };
  const maps = '/api/v1/namespaces/default/configmaps';
  const update = (revision: string, wanted: readonly number[]): Promise<void> =>
    send('PUT', `${maps}/${label}?dryRun=All`, configMap(revision), wanted);
  const underPolicy = async (expression: string, measure: () => Promise<void>): Promise<void> => {
    await send('POST', `${path}/validatingadmissionpolicies`, policyOf(expression), [201]);
    await measure();
    await send('DELETE', `${path}/validatingadmissionpolicies/${label}`, {}, [200]);
  };
  await send('POST', maps, configMap('0'), [201]);
  await send('POST', `${path}/validatingadmissionpolicybindings`, binding, [201]);
  // The policies do meet the requests.
  await underPolicy('false', () => update('1', [422]));
  const found: CostlyRule[] = [];
  for (const expression of expressions) {
    await underPolicy(expression, async () => {
      // The first request compiles it.
      await update('1', allowedOrDenied);
      const before = await server.usage();
      await update('2', allowedOrDenied);
      const after = await server.usage();
      found.push({ expression, cpuMs: after.cpuMs - before.cpuMs });
    });
  }
  await send('DELETE', `${path}/validatingadmissionpolicybindings/${label}`, {}, [200]);
  await send('DELETE', `${maps}/${label}`, {}, [200]);
  return found.toSorted((a, b) => b.cpuMs - a.cpuMs);
}
