/** What the user may do in a namespace, as the API reviews it. */
import { askJson } from './request.ts';
import type { Rights } from './rules.ts';

const rightsPath = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';

export async function readRights(namespace: string, signal: AbortSignal): Promise<Rights> {
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: namespace || 'default' } };
  return (await askJson<{ readonly status: Rights }>(rightsPath, { method: 'POST', body, signal })).status;
}
