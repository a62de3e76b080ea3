/** Cells of `kubectl get ingressclasses`. Source: pkg/printers/internalversion/printers.go, printIngressClass. */
import type { IngressClass } from '../../../kube/generated/types.ts';
import { annotationsOf, type KubeObject, nameOf } from '../../../kube/object.ts';
import { none } from '../../columns.ts';

/** Ingresses without a class have the class that carries it. */
export const defaultAnnotation = 'ingressclass.kubernetes.io/is-default-class';

export const isDefault = (ingressClass: KubeObject): boolean => annotationsOf(ingressClass)[defaultAnnotation] === 'true';

export const nameText = (ingressClass: KubeObject): string => `${nameOf(ingressClass)}${isDefault(ingressClass) ? ' (default)' : ''}`;

export function parametersText({ spec }: IngressClass): string {
  if (spec?.parameters === undefined) return none;
  const { kind = '', apiGroup, name = '' } = spec.parameters;
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`;
}
