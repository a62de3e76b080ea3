/**
 * What every cluster starts with. The process that starts the API creates what is absent;
 * namespaces come first, since others live in them.
 */
import type { ControllerRole } from '../../kube/controller-role.ts';
import type { Namespace } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { systemPriorityClasses } from '../scheduling/priorityclass/system-classes.ts';
import { bootstrapBindings } from './bindings.ts';
import { componentRoles } from './component-roles.ts';
import { grantsOf, leaderLockingRoles } from './controller-roles.ts';
import { extensionAuthenticationBinding, extensionAuthenticationRole } from './extension-authentication.ts';
import { flowSchemas, priorityLevels } from './flow-control.ts';
import {
  type ApiserverPlace,
  kubernetesEndpointSlice,
  kubernetesEndpoints,
  kubernetesService,
  kubernetesServiceCIDR,
} from './kubernetes-service.ts';
import { userRoles } from './user-roles.ts';

const namespaceNames = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const namespace = (name: string): Namespace => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });

/** In an order in which they can be created. Each has apiVersion and kind. */
export const bootstrapObjects = (place: ApiserverPlace, controllers: readonly ControllerRole[]): readonly KubeObject[] => [
  ...namespaceNames.map(namespace),
  ...systemPriorityClasses,
  ...userRoles,
  ...componentRoles,
  ...bootstrapBindings,
  ...controllers.flatMap(grantsOf),
  ...leaderLockingRoles,
  extensionAuthenticationRole,
  extensionAuthenticationBinding,
  ...priorityLevels,
  ...flowSchemas,
  kubernetesServiceCIDR(place),
  kubernetesService(place),
  kubernetesEndpoints(place),
  kubernetesEndpointSlice(place),
];
