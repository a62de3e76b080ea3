/** The type that an object came with: a custom object may come as one of another. */
import { type FieldError, invalid } from '../../kube/field-error.ts';
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type ResourceType } from '../../kube/resource-type.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import { isCustom } from './object-metadata.ts';
import type { ServedKind } from './resource-index.ts';

/** Whom a refusal names: a custom object may come as one of another type. */
export function kindOf({ kind, apiVersion = '' }: KubeObject, definition: AnyDefinition): Pick<ResourceType, 'group' | 'kind'> {
  if (!isCustom(definition) || kind === undefined) return definition.type;
  return { kind, group: apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '' };
}

/** A custom object that came as one of another type. Source: apiextensions-apiserver, customresource/validator.go, ValidateTypeMeta. */
export function typeErrors({ kind, apiVersion }: KubeObject, { definition, served: { type } }: ServedKind): FieldError[] {
  if (!isCustom(definition)) return [];
  const wanted = apiVersionOf(definition.isConvertedByWebhook === true ? definition.type : type);
  return [
    ...(kind === type.kind ? [] : [invalid('kind', kind, `must be ${type.kind}`)]),
    ...(apiVersion === wanted ? [] : [invalid('apiVersion', apiVersion, `must be ${wanted}`)]),
  ];
}
