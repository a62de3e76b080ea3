/** Short forms for writing policy rules. */
import type { PolicyRule } from './generated/types.ts';

export const read = ['get', 'list', 'watch'] as const;
export const write = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const;
export const readWrite = [...read, ...write] as const;

/** `rule(['get'], '', 'pods services')`: the resources in one text, apart by blanks. */
export const rule = (verbs: readonly string[], group: string, resources: string): PolicyRule => ({
  verbs: [...verbs].toSorted(),
  apiGroups: [group],
  resources: resources.split(' ').toSorted(),
});

export const urls = (verbs: readonly string[], ...nonResourceURLs: string[]): PolicyRule => ({ verbs: [...verbs], nonResourceURLs });

/** Writing down what happened. */
export const eventRules: readonly PolicyRule[] = [
  rule(['create', 'patch', 'update'], '', 'events'),
  rule(['create', 'patch', 'update'], 'events.k8s.io', 'events'),
];
