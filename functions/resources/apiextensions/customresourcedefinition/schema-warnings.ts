/** Formats that are checked by nothing, and sets that applies treat as one value. Source: apiextensions-apiserver, pkg/registry/customresourcedefinition/strategy.go. */
import type { CustomResourceDefinition } from '../../../kube/generated/types.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { knownFormat } from '../../custom/value-formats.ts';

/** The warnings of `next` that `current` does not have. */
export function warnings(next: CustomResourceDefinition, current?: CustomResourceDefinition): string[] {
  const before = new Set(current === undefined ? [] : warningsOf(current));
  return warningsOf(next).filter((warning) => !before.has(warning));
}

function warningsOf({ spec }: CustomResourceDefinition): string[] {
  const nodes = (spec?.versions ?? []).flatMap(({ schema }) =>
    schema?.openAPIV3Schema === undefined ? [] : allNodes(schema.openAPIV3Schema as SchemaNode),
  );
  const formats = nodes.flatMap(({ type = '', format = '' }) =>
    format !== '' && knownFormat({ type, format }) === '' ? [`unrecognized format ${JSON.stringify(format)}`] : [],
  );
  const sets = nodes.flatMap((node) => {
    const type = node['x-kubernetes-list-type'] === 'set' ? node.items?.type : undefined;
    if (type !== 'object' && type !== 'array') return [];
    return [
      `x-kubernetes-list-type: set for items of type ${JSON.stringify(type)} is not supported by server-side apply or CEL validation rules`,
    ];
  });
  return [...new Set([...formats, ...sets.toSorted()])];
}

const allNodes = (node: SchemaNode): SchemaNode[] => [
  node,
  ...[
    ...Object.values(node.properties ?? {}),
    ...(node.items === undefined ? [] : [node.items]),
    ...(typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []),
    ...(node.not === undefined ? [] : [node.not]),
    ...(node.allOf ?? []),
    ...(node.anyOf ?? []),
    ...(node.oneOf ?? []),
  ].flatMap(allNodes),
];
