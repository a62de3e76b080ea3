/** How quotas count, in one object, for what runs outside of the apiserver. */
import type { ResourceQuota } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { isCounted } from './scopes.ts';
import { countedResource, type Usage, usageOf } from './usage.ts';

const none: Usage = new Map();

export const quotaRules = {
  countedResource,
  usageOf: (quota: ResourceQuota, resource: string, object: KubeObject): Usage =>
    isCounted(quota, resource, object) ? usageOf(resource, object) : none,
};
