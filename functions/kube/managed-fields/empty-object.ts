/**
 * What a kind's object holds before anything sets its fields: what Go writes of an empty struct. A creation is compared
 * with it. So no manager owns a struct for the sole reason that Go writes it.
 */
import { goFieldsOf } from '../go-fields.ts';
import { type JsonObject, isJsonObject } from '../object.ts';
import { type Schema, writtenZero } from '../schema.ts';
import { definitionOf, referredName } from '../schema-definitions.ts';

/** Custom kinds have no structs: nothing of them is written by itself. */
export const emptyObject = ({ name, node }: Pick<Schema, 'name' | 'node'>): JsonObject =>
  definitionOf(name) === node ? emptyStruct(name) : {};

const known = new Map<string, JsonObject>();

/** Never changed. */
function emptyStruct(name: string): JsonObject {
  const struct = known.get(name) ?? madeStruct(name);
  known.set(name, struct);
  return struct;
}

function madeStruct(name: string): JsonObject {
  const { kept = [], nulls = [] } = goFieldsOf(name);
  const struct: JsonObject = {};
  for (const [field, node] of Object.entries(definitionOf(name).properties ?? {})) {
    const inner = referredName(node);
    if (nulls.includes(field)) struct[field] = null;
    else if (kept.includes(field)) struct[field] = writtenZero(node);
    else if (inner !== undefined && isJsonObject(node.default)) struct[field] = emptyStruct(inner);
  }
  return struct;
}
