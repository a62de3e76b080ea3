/** Finalizers of custom objects need no domain, but are warned about. Source: apiextensions-apiserver, pkg/registry/customresource/validator.go. */
import { qualifiedNameErrors } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/object.ts';

const standard: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** Warns about finalizers that `current` does not have. */
export function finalizerWarnings({ metadata }: KubeObject, current: KubeObject | undefined): string[] {
  const before = current?.metadata.finalizers ?? [];
  const added = [...new Set(metadata.finalizers ?? [])].filter((name) => !before.includes(name)).sort();
  return added.flatMap((name) => {
    const at = `metadata.finalizers: ${JSON.stringify(name)}:`;
    const wrong = qualifiedNameErrors(name).map((why) => `${at} ${why}`);
    if (name.includes('/') || standard.has(name)) return wrong;
    const path = name.includes('.') ? ' including a path (/)' : '';
    return [...wrong, `${at} prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`];
  });
}
