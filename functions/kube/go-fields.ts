/** What the schema does not hold of the fields of a Go struct. `openapi/facts/main.go` reads it from the types. */
import { generatedTable } from './generated-table.ts';
import { definitionOf } from './schema-definitions.ts';

export interface GoFields {
  /** Scalars behind a pointer: their zero is a value, not an absence. */
  readonly pointers?: readonly string[];
  /** Fields that Go writes as the zero of their type when nothing set them. */
  readonly kept?: readonly string[];
  /** Fields that Go writes as null when nothing set them. */
  readonly nulls?: readonly string[];
  /** Names of types that the schema shows as a plain scalar, list or map: `v1.RestartPolicy`. */
  readonly types?: Readonly<Record<string, string>>;
  /** Fields of structs that Go embeds, by the name of that struct. */
  readonly embedded?: Readonly<Record<string, readonly string[]>>;
}

const table = generatedTable<GoFields>('go-fields');
const nothing: GoFields = {};

export const goFieldsOf = (schemaName: string): GoFields => table().get(schemaName) ?? nothing;

/** Fields that Go writes as null when nothing is in them. Those that a client has to fill in are left to validation. */
export function nullFieldsOf(schemaName: string): readonly string[] {
  const { required = [] } = definitionOf(schemaName);
  return (goFieldsOf(schemaName).nulls ?? []).filter((field) => !required.includes(field));
}

const disabledFields = generatedTable<readonly string[]>('disabled-fields');

/** Fields that are read as any other, and dropped: the feature gate that would serve them is off. */
export const disabledFieldsOf = (schemaName: string): readonly string[] => disabledFields().get(schemaName) ?? [];

/** Structs that go when nothing is left of them. Source: kubernetes, pkg/api/pod/util.go, dropContainerStopSignals. */
export const droppedWhenEmptied: ReadonlySet<string> = new Set(['io.k8s.api.core.v1.Lifecycle']);
