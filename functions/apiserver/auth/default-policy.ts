/**
 * What everyone may from the first moment on, whatever roles the cluster has: look at health and version, discover the
 * API, and ask who they are and what they may.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (system:discovery, system:public-info-viewer, system:basic-user).
 */
import type { PolicyRule } from '../../kube/generated/types.ts';
import type { User } from '../ports.ts';
import { authenticatedGroup, unauthenticatedGroup } from './groups.ts';

const discoveryRules: readonly PolicyRule[] = [
  {
    verbs: ['get', 'head'],
    nonResourceURLs: [
      '/healthz',
      '/healthz/*',
      '/livez',
      '/livez/*',
      '/readyz',
      '/readyz/*',
      '/version',
      '/version/',
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/openapi',
      '/openapi/*',
    ],
  },
];

const basicRules: readonly PolicyRule[] = [
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
];

const issuerRules: readonly PolicyRule[] = [
  {
    verbs: ['get'],
    nonResourceURLs: ['/.well-known/openid-configuration', '/.well-known/openid-configuration/', '/openid/v1/jwks', '/openid/v1/jwks/'],
  },
];

export function defaultRules(user: User): readonly PolicyRule[] {
  if (user.groups.includes(authenticatedGroup)) return [...discoveryRules, ...basicRules, ...issuerRules];
  return user.groups.includes(unauthenticatedGroup) ? discoveryRules : [];
}
