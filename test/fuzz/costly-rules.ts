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

/** Each in turn, the most costly first. */
export async function measureCostlyRules(server: FuzzedServer, api: ApiConnection): Promise<readonly CostlyRule[]> {
  const send = (method: string, at: string, body: JsonObject): ReturnType<ApiConnection['send']> =>
    api.send({ method, path: at, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const maps = '/api/v1/namespaces/default/configmaps';
  await send('POST', maps, configMap('0'));
  await send('POST', `${path}/validatingadmissionpolicybindings`, binding);
  const found: CostlyRule[] = [];
  for (const expression of expressions) {
    const { status, text } = await send('POST', `${path}/validatingadmissionpolicies`, policyOf(expression));
    if (status !== 201) throw new Error(`the policy with ${expression} is refused: ${text}`);
    // The first request compiles it.
    await send('PUT', `${maps}/${label}?dryRun=All`, configMap('1'));
    const before = await server.usage();
    await send('PUT', `${maps}/${label}?dryRun=All`, configMap('2'));
    const after = await server.usage();
    found.push({ expression, cpuMs: after.cpuMs - before.cpuMs });
    await send('DELETE', `${path}/validatingadmissionpolicies/${label}`, {});
  }
  await send('DELETE', `${path}/validatingadmissionpolicybindings/${label}`, {});
  await send('DELETE', `${maps}/${label}`, {});
  return found.toSorted((a, b) => b.cpuMs - a.cpuMs);
}
