/** Short forms for writing policy rules. */
import type { PolicyRule } from './generated/types.ts';

export const read = ['get', 'list', 'watch'] as const;
export const write = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const;
export const readWrite = [...read, ...write] as const;

/** The group that Deployments, DaemonSets and ReplicaSets are in, and the one in which they began. */
export const appsGroups = ['apps', 'extensions'] as const;

/** `rule(['get'], '', 'pods services')`: the resources in one text, apart by blanks. */
export const rule = (verbs: readonly string[], groups: string | readonly string[], resources: string): PolicyRule => ({
  verbs: [...verbs].toSorted(),
  apiGroups: [groups].flat(),
  resources: resources.split(' ').toSorted(),
});

export const urls = (verbs: readonly string[], ...nonResourceURLs: string[]): PolicyRule => ({ verbs: [...verbs], nonResourceURLs });

export const eventGroups = ['', 'events.k8s.io'] as const;

/** Writing down what happened. */
export const eventRules: readonly PolicyRule[] = [rule(['create', 'patch', 'update'], eventGroups, 'events')];
