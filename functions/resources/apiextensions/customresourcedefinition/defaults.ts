/** Source: apiextensions-apiserver, pkg/apis/apiextensions/v1/defaults.go. */
import type { CustomResourceDefinition } from '../../../kube/generated/types.ts';

export function setDefaults({ spec }: CustomResourceDefinition): void {
  // A body may lack what validation asks for.
  if (spec?.names !== undefined) {
    const { names } = spec;
    names.singular ||= names.kind?.toLowerCase() ?? '';
    if (names.kind) names.listKind ||= `${names.kind}List`;
  }
  if (spec === undefined) return;
  spec.conversion ??= { strategy: 'None' };
  const { webhook } = spec.conversion;
  if (webhook?.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= 443;
}
