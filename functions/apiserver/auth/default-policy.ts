/**
 * What everyone may from the first moment on, whatever roles the cluster has: look at health and version, and discover
 * the API. The rest of what everyone may is in the roles that every cluster starts with (`resources/bootstrap`).
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (system:public-info-viewer).
 */
import type { PolicyRule } from '../../kube/generated/types.ts';

const health = ['/healthz', '/livez', '/readyz'].flatMap((path) => [path, `${path}/*`]);
const version = ['/version', '/version/'];
const discovery = ['/api', '/api/*', '/apis', '/apis/*'];

export const publicRule: PolicyRule = { verbs: ['get', 'head'], nonResourceURLs: [...health, ...version, ...discovery] };
