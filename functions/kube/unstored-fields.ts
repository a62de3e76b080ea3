/**
 * What a decoded object has and is never stored with. Fields behind a feature gate that is off go once the managers of
 * fields were recorded; empty lists, which Go reads back as null from protobuf, when the object is valid and is written.
 * Source: pkg/api/pod/util.go, DropDisabledPodFields, and its neighbours.
 */
import { disabledFieldsOf, droppedWhenEmptied, goFieldsOf } from './go-fields.ts';
import { type Json, type JsonObject, isJsonObject } from './object.ts';
import { omitsZero } from './zero-values.ts';
import { definitionOf, referredName, type SchemaNode, valueNodeOf } from './schema-definitions.ts';

type Settle = (value: JsonObject) => void;

interface Part {
  readonly field: string;
  readonly settle: (holder: JsonObject, value: Json) => void;
  /** Go writes null for the field when it is absent. */
  readonly isNull: boolean;
}

/** What is done to one field, after what is below it. Undefined where there is nothing to do. */
type Rule = (
  schemaName: string,
  field: string,
  node: SchemaNode,
) => ((holder: JsonObject, value: Json, wasEmpty: boolean) => void) | undefined;

const disabledRule: Rule = (schemaName, field, node) => {
  if (disabledFieldsOf(schemaName).includes(field)) return (holder) => void Reflect.deleteProperty(holder, field);
  if (!droppedWhenEmptied.has(referredName(node) ?? '')) return undefined;
  // An empty struct that a client sent stays.
  return (holder, value, wasEmpty) => void (!wasEmpty && isEmpty(value) && Reflect.deleteProperty(holder, field));
};

const emptyListRule: Rule = (schemaName, field, node) => {
  if (referredName(node)?.includes(heldSchema) === true) {
    return (holder, value) => void (Array.isArray(value) && value.length === 0 && Reflect.deleteProperty(holder, field));
  }
  const isMap = valueNodeOf(node) !== undefined;
  if (node.items === undefined && !isMap) return undefined;
  if (goFieldsOf(schemaName).nulls?.includes(field) === true) {
    return (holder, value) => {
      if (Array.isArray(value) && value.length === 0) holder[field] = null;
    };
  }
  if (!omitsZero(schemaName, field)) return undefined;
  return (holder, value) => {
    if (Array.isArray(value) ? value.length === 0 : isMap && isEmpty(value)) Reflect.deleteProperty(holder, field);
  };
};

/** Types of a CustomResourceDefinition that hold a schema or something else. */
const heldSchema = 'JSONSchemaPropsOr';

/** The name of the schema that such a type may hold; of any other type its own. */
function schemaWithin(name: string): string {
  const at = name.indexOf(heldSchema);
  return at < 0 ? name : name.slice(0, at + heldSchema.length - 'Or'.length);
}

/** Changes in place. */
export const dropDisabledFields = settling(disabledRule, () => false);

/** Changes in place. */
export const nullEmptyLists = settling(emptyListRule, (schemaName, field) => emptiedLists.has(`${schemaName}.${field}`));

/** Required lists that validation lets be absent: an apply may take them away. */
const emptiedLists: ReadonlySet<string> = new Set([
  'io.k8s.api.core.v1.LimitRangeSpec.limits',
  'io.k8s.api.storage.v1.CSINodeSpec.drivers',
]);

function settling(rule: Rule, isNull: (schemaName: string, field: string) => boolean): (object: JsonObject, schemaName: string) => void {
  /** Undefined where nothing below the definition is ever unstored, and while that is being found out. */
  const known = new Map<string, Settle | undefined>();
  const settlerOf = (schemaName: string): Settle | undefined => {
    if (known.has(schemaName)) return known.get(schemaName);
    let parts: ReadonlyMap<string, Part> = new Map();
    let nulled: readonly Part[] = [];
    // A definition that refers to itself finds this one, which sees the parts that are found later.
    const settler: Settle = (value) => {
      // An object has few of the fields that its definition knows.
      for (const field of Object.keys(value)) {
        const part = value[field];
        if (part !== undefined && part !== null) parts.get(field)?.settle(value, part);
      }
      for (const { field } of nulled) if (value[field] === undefined) value[field] = null;
    };
    known.set(schemaName, settler);
    const found = partsOf(schemaName);
    parts = new Map(found.map((part) => [part.field, part]));
    nulled = found.filter((part) => part.isNull);
    if (found.length === 0) known.set(schemaName, undefined);
    return known.get(schemaName);
  };
  const partsOf = (schemaName: string): Part[] =>
    Object.entries(definitionOf(schemaName).properties ?? {}).flatMap(([field, node]): Part[] => {
      const own = rule(schemaName, field, node);
      const below = belowOf(node, settlerOf);
      const isNulled = isNull(schemaName, field);
      if (own === undefined && below === undefined && !isNulled) return [];
      const settle: Part['settle'] = (holder, value) => {
        const wasEmpty = own !== undefined && isEmpty(value);
        below?.(value);
        own?.(holder, value, wasEmpty);
      };
      return [{ field, settle, isNull: isNulled }];
    });
  return (object, schemaName) => settlerOf(schemaName)?.(object);
}

function isEmpty(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  for (const _field in value) return false;
  return true;
}

function belowOf(node: SchemaNode, settlerOf: (schemaName: string) => Settle | undefined): ((value: Json) => void) | undefined {
  const name = referredName(node);
  if (name !== undefined) return ofObject(settlerOf(schemaWithin(name)));
  const inner = node.items ?? valueNodeOf(node);
  const below = inner === undefined ? undefined : belowOf(inner, settlerOf);
  if (below === undefined) return undefined;
  return (value) => {
    if (Array.isArray(value)) value.forEach(below);
    else if (isJsonObject(value)) Object.values(value).forEach((part) => part !== undefined && below(part));
  };
}

const ofObject = (settler: Settle | undefined): ((value: Json) => void) | undefined =>
  settler === undefined ? undefined : (value) => (isJsonObject(value) ? settler(value) : undefined);
