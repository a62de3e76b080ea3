/** Versions as upstream's errors print them: without what all of them share. Source: apiextensions-apiserver, pkg/apis/apiextensions/types.go. */
import type { CustomResourceDefinitionVersion } from '../../../kube/generated/types.ts';
import type { JsonObject } from '../../../kube/object.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { internalSchema } from './internal-schema.ts';

type Part = 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields';

export const internalVersions = (versions: readonly CustomResourceDefinitionVersion[], isShared: (part: Part) => boolean): JsonObject[] =>
  versions.map((version) => internalVersion(version, isShared));

function internalVersion(version: CustomResourceDefinitionVersion, isShared: (part: Part) => boolean): JsonObject {
  const { name = '', served = false, storage = false, deprecated = false, deprecationWarning = null } = version;
  const schema = isShared('schema') ? undefined : version.schema;
  const columns = isShared('additionalPrinterColumns') ? undefined : version.additionalPrinterColumns;
  const selectable = isShared('selectableFields') ? undefined : version.selectableFields;
  const node = schema?.openAPIV3Schema as SchemaNode | undefined;
  return {
    Name: name,
    Served: served,
    Storage: storage,
    Deprecated: deprecated,
    DeprecationWarning: deprecationWarning,
    Schema: schema === undefined ? null : { OpenAPIV3Schema: node === undefined ? null : internalSchema(node) },
    Subresources: isShared('subresources') ? null : internalSubresources(version),
    AdditionalPrinterColumns: columns?.map(internalColumn) ?? null,
    SelectableFields: selectable?.map(({ jsonPath }) => ({ JSONPath: jsonPath })) ?? null,
  };
}

function internalSubresources({ subresources }: CustomResourceDefinitionVersion): JsonObject | null {
  if (subresources === undefined) return null;
  const { status, scale } = subresources;
  const { specReplicasPath = '', statusReplicasPath = '', labelSelectorPath = null } = scale ?? {};
  return {
    Status: status === undefined ? null : {},
    Scale:
      scale === undefined
        ? null
        : { SpecReplicasPath: specReplicasPath, StatusReplicasPath: statusReplicasPath, LabelSelectorPath: labelSelectorPath },
  };
}

type Column = NonNullable<CustomResourceDefinitionVersion['additionalPrinterColumns']>[number];

const internalColumn = ({ name, type, format = '', description = '', priority = 0, jsonPath }: Column): JsonObject => ({
  Name: name,
  Type: type,
  Format: format,
  Description: description,
  Priority: priority,
  JSONPath: jsonPath,
});
