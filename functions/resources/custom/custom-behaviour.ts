/** What reads and writes of custom objects need: columns, selectable fields, validation, warnings. */
import type { CustomResourceDefinitionVersion } from '../../kube/generated/types.ts';
import { parseJsonPath, valuesAt } from '../../kube/json-path.ts';
import type { JsonObject, KubeObject } from '../../kube/object.ts';
import { loadPatterns } from '../../kube/patterns.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { AnyDefinition, OwnFields, ServedVersion } from '../definition.ts';
import { customColumns } from './columns.ts';
import type { CustomVersion } from './custom-definition.ts';
import { type CustomValidation, customValidation } from './custom-validation.ts';
import { finalizerWarnings } from './finalizer-warnings.ts';
import { loadExpressions } from './expressions.ts';

type Writable = { -readonly [Field in keyof AnyDefinition]: AnyDefinition[Field] };

/** Fills in a definition. Each version is validated by its own schema. */
export async function customBehaviour(made: Writable, stored: CustomVersion, versions: readonly CustomVersion[]): Promise<void> {
  const byVersion = new Map(versions.map((one) => [one.version.name, validated(one)]));
  const own = byVersion.get(stored.version.name) ?? validated(stored);
  const isNamed = made.isConvertedByWebhook !== true;
  /** What a client wrote in another version is checked in that version. */
  const at = (version: ResourceType | undefined): Checked =>
    (version !== undefined && isNamed ? byVersion.get(version.version) : undefined) ?? own;
  made.columns = customColumns(stored.version.additionalPrinterColumns);
  if ((stored.version.selectableFields ?? []).length > 0) made.fields = ownFieldsOf(stored.version).of;
  made.validate = (next, current, version) => at(version).main(next, current);
  made.validateStatusUpdate = (next, current, version) => at(version).status(next, current);
  made.warnings = (next, current) => [...finalizerWarnings(next, current), ...own.warnings(next, current)];
  await loadPatterns();
  if ([...byVersion.values()].some(({ hasRules }) => hasRules)) await loadExpressions();
}

export const versionBehaviour = (version: CustomResourceDefinitionVersion): Partial<ServedVersion> => ({
  columns: customColumns(version.additionalPrinterColumns),
  ownFields: ownFieldsOf(version),
});

type Checked = Pick<CustomValidation, 'main' | 'status' | 'warnings' | 'hasRules'>;

function validated({ version, conversion }: CustomVersion): Checked {
  const validation = customValidation(version);
  const served = (object: KubeObject): KubeObject => conversion.fromStored(object);
  const known = (object: KubeObject | undefined): KubeObject | undefined => (object === undefined ? undefined : served(object));
  const isStored = version.storage;
  return {
    hasRules: validation.hasRules,
    main: (next, current) => validation.main(isStored ? next : served(next), known(current)),
    status: (next, current) => validation.status(isStored ? next : served(next), served(current)),
    warnings: (next, current) => validation.warnings(next, known(current)),
  };
}

function ownFieldsOf({ selectableFields = [] }: CustomResourceDefinitionVersion): OwnFields {
  const fields = selectableFields.map(({ jsonPath }) => ({ name: jsonPath.replace(/^\./, ''), path: parseJsonPath(jsonPath) ?? [] }));
  return {
    names: fields.map(({ name }) => name),
    of: (object) => Object.fromEntries(fields.map(({ name, path }) => [name, textAt(object, path)])),
  };
}

function textAt(object: KubeObject, path: NonNullable<ReturnType<typeof parseJsonPath>>): string {
  const [value] = valuesAt(object as KubeObject & JsonObject, path);
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
