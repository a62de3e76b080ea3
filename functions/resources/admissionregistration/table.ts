/** Cells of admission policies and their bindings. Source: pkg/printers/internalversion/printers.go. */
import type { ParamKind, ParamRef } from '../../kube/generated/types.ts';
import { goSelectorText } from '../../kube/go-selector-text.ts';

const unset = '<unset>';

export const paramKindText = (kind: ParamKind | undefined): string =>
  kind === undefined ? unset : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`;

export function paramRefText(reference: ParamRef | undefined): string {
  if (reference === undefined) return unset;
  const { name, namespace, selector } = reference;
  if (name) return `${namespace || '*'}/${name}`;
  return selector === undefined ? unset : goSelectorText(selector);
}
